// Options as data: what a value must be, and what it is when it is left out. Checked here for callers in code; a manifest's
// schema can be made of the same rows.

import { aRecord, described, expectArgument, unknownOption } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";

/** An option that is a number. */
export interface NumberOption {
  /** Without a default it must be given, unless `optional`. */
  readonly default?: number;
  readonly optional?: true;
  /** The smallest number it may be; or it must be larger than `above`. */
  readonly from?: number;
  readonly above?: number;
  /** It must be smaller. */
  readonly below?: number;
  readonly whole?: true;
}

/** An option that is true or false. */
export interface SwitchOption {
  readonly default: boolean;
}

export type OptionTable = Readonly<Record<string, NumberOption | SwitchOption>>;

type ValueOf<Option> = Option extends { readonly default: boolean } ? boolean : number;
type IsRequired<Option> = Option extends { readonly default: unknown } | { readonly optional: true }
  ? false
  : true;

/** The options of a table as callers give them. */
export type Given<Table extends OptionTable> = {
  readonly [Name in keyof Table as IsRequired<Table[Name]> extends true ? Name : never]: ValueOf<Table[Name]>;
} & {
  readonly [Name in keyof Table as IsRequired<Table[Name]> extends true ? never : Name]?:
    ValueOf<Table[Name]> | undefined;
};

/** The options of a table with their defaults filled in. */
export type Chosen<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly optional: true }
    ? number | undefined
    : ValueOf<Table[Name]>;
};

const isSwitch = (option: NumberOption | SwitchOption): option is SwitchOption =>
  typeof option.default === "boolean";

/** What an option must be, in words: "a whole number from 1 up". */
export function requirementOf(option: NumberOption | SwitchOption): string {
  if (isSwitch(option)) return "true or false";
  const { from, above, below, whole = false } = option;
  const low = from !== undefined ? ` from ${from}` : above !== undefined ? ` above ${above}` : "";
  const joint = from !== undefined ? " to" : above !== undefined ? " and" : "";
  const high = below !== undefined ? `${joint} below ${below}` : from !== undefined ? " up" : "";
  return `a ${whole ? "whole " : ""}number${low}${high}`;
}

/** Whether a value is what an option must be. */
export function fitsOption(option: NumberOption | SwitchOption, value: unknown): boolean {
  if (isSwitch(option)) return typeof value === "boolean";
  const { from = -Infinity, above = -Infinity, below = Infinity, whole = false } = option;
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  return value >= from && value > above && value < below && (!whole || Number.isInteger(value));
}

/**
 * The options of a table: those that are given, the others by their defaults.
 *
 * @param owner whose options they are, for messages
 * @throws UsageError naming an option that is unknown, missing or not what it must be
 */
export function chosenOptions<Table extends OptionTable>(
  owner: string,
  table: Table,
  given: Given<Table>,
): Chosen<Table> {
  expectArgument(owner, "its options", given, aRecord);
  const names = Object.keys(table);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || names.includes(name)) continue;
    throw unknownOption(owner, name, names);
  }
  const values = given as Readonly<Record<string, unknown>>;
  const chosen = Object.entries(table).map(([name, option]) => {
    const value = values[name] === undefined ? option.default : values[name];
    if (fitsOption(option, value) || (value === undefined && "optional" in option))
      return [name, value] as const;
    const must = `must be ${requirementOf(option)}`;
    if (value === undefined) throw new UsageError(`${owner}: ${name} is missing; it ${must}`);
    throw new UsageError(`${owner}: ${name} ${must}, got ${described(value)}`);
  });
  return Object.fromEntries(chosen) as Chosen<Table>;
}

// Attributes as text: works are told apart by them in tuning files.

import { UsageError } from "../errors/errors.ts";

/**
 * The attributes of an operator as JSON, with NaN and the infinities as strings.
 * @throws UsageError for an attribute that JSON leaves out or empties: two works would be one
 */
export function attributesText(operator: string, attributes: unknown): string {
  try {
    return JSON.stringify(attributes, (name, value: unknown) => plain(operator, name, value));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(
      `operator ${operator}: the attributes hold themselves, so that works cannot be told apart by them`,
      { cause },
    );
  }
}

function plain(operator: string, name: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  const isList = Array.isArray(value) || ArrayBuffer.isView(value);
  const prototype: unknown =
    typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : null;
  const isRecord = prototype === null || prototype === Object.prototype;
  if (!["function", "symbol", "bigint"].includes(typeof value) && (isList || isRecord)) return value;
  const kind = typeof value === "object" ? "an object of a class" : `a ${typeof value}`;
  throw new UsageError(
    `operator ${operator}: attribute "${name}" is ${kind}; works are tuned by their attributes, which may be numbers, ` +
      "strings, booleans, null, and lists and records of these",
  );
}

// Walks calls with every argument in turn replaced by what plain JavaScript might pass, and judges what comes of it.

import { TesseraError } from "../../src/errors/errors.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { Tensor } from "../../src/tensor/tensor.ts";

/** A call that works, and how to make it again: arguments are made anew each time. */
export interface WalkedCall {
  /** What errors must name: one of several names between bars. */
  readonly name: string;
  readonly make: () => readonly unknown[];
  readonly call: (args: readonly unknown[]) => unknown;
  /** Result kinds that are right beside that of the call which works: `null` where nothing can be said, for example. */
  readonly kinds?: readonly string[];
  /** Places of arguments that are records of data, which may have more fields than are read. */
  readonly records?: readonly number[];
  /** Places of arguments that another function makes, such as an assembly: replaced as a whole, since nobody writes their fields. */
  readonly whole?: readonly number[];
}

export type Arguments = () => readonly unknown[];
/** Arguments that work, or why there is nothing to call. */
export type Row = Arguments | "not called by users" | "no function";
/** A row for every export of a module: one without does not compile. */
export type Rows<Module> = { readonly [Name in keyof Module]: Row };
/** What is right beside what a table of rows says. */
export type Further = Readonly<
  Record<string, Partial<Pick<WalkedCall, "name" | "kinds" | "records" | "whole">>>
>;

/** A walk for each row with arguments; classes are constructed. */
export function walksOf<Module extends object>(
  module: Module,
  rows: Rows<Module>,
  further: Further = {},
): [string, WalkedCall][] {
  return Object.entries<Row>(rows).flatMap(([name, make]) => {
    if (typeof make === "string") return [];
    const value = module[name as keyof Module] as unknown;
    const isClass = String(value).startsWith("class");
    const call = isClass
      ? (args: readonly unknown[]): unknown => {
          const made = new (value as new (...args: readonly unknown[]) => Partial<Disposable>)(...args);
          made[Symbol.dispose]?.();
          return made;
        }
      : (args: readonly unknown[]): unknown => (value as (...args: readonly unknown[]) => unknown)(...args);
    return [[name, { name, make, call, ...further[name] }]];
  });
}

/** Whatever may stand where an argument belongs. */
export interface Strangers {
  /** A tensor of another engine. */
  readonly stranger: Tensor;
  readonly disposed: Tensor;
}

interface BadValue {
  readonly name: string;
  readonly value: unknown;
}

function badValues({ stranger, disposed }: Strangers): BadValue[] {
  return [
    { name: "undefined", value: undefined },
    { name: "null", value: null },
    { name: "text", value: "text" },
    { name: "{}", value: {} },
    { name: "[]", value: [] },
    { name: "NaN", value: NaN },
    { name: "-1.5", value: -1.5 },
    { name: "true", value: true },
    { name: "a symbol", value: Symbol("s") },
    { name: "a promise", value: Promise.resolve(1) },
    { name: "a function", value: (): undefined => undefined },
    { name: "a tensor of another engine", value: stranger },
    { name: "a disposed tensor", value: disposed },
  ];
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The arguments with one of them, or a field or an element of one of them, replaced; each with its place. */
function* variants(
  { make, whole = [] }: WalkedCall,
  bad: readonly BadValue[],
): Generator<[string, unknown[]]> {
  const count = make().length;
  yield ["no arguments", []];
  for (let i = 0; i < count; i++) {
    for (const { name, value } of bad)
      yield [`argument ${i} = ${name}`, make().map((each, j) => (i === j ? value : each))];
    if (!whole.includes(i)) yield* within(make, i, bad);
  }
}

function* within(
  make: () => readonly unknown[],
  i: number,
  bad: readonly BadValue[],
): Generator<[string, unknown[]]> {
  const [whole] = make().slice(i);
  const put = (value: unknown): unknown[] => make().map((each, j) => (i === j ? value : each));
  const inside = (): unknown => make()[i];
  if (isPlain(whole)) {
    for (const field of Object.keys(whole)) {
      for (const { name, value } of bad) {
        yield [`argument ${i}.${field} = ${name}`, put({ ...(inside() as object), [field]: value })];
      }
    }
  }
  if (Array.isArray(whole) && whole.length > 0) {
    for (const { name, value } of bad) {
      yield [`argument ${i}[0] = ${name}`, put([value, ...(inside() as unknown[]).slice(1)])];
    }
  }
}

/** What a result is, roughly; a tensor is read, so that a bad one cannot hide. */
async function kindOf(result: unknown): Promise<string> {
  const value: unknown = await result;
  if (value instanceof Tensor) {
    if (value.disposed) return "a disposed tensor";
    const proper = value.shape.every((extent) => Number.isInteger(extent) && extent > 0);
    const { length } = await value.read();
    return proper && length === value.size ? "tensor" : `a tensor of shape [${value.shape.join(", ")}]`;
  }
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}

/** What is wrong with the outcome of a call; undefined where it is as it should be. */
async function complaint(
  engine: Engine,
  walked: WalkedCall,
  kinds: readonly string[],
  args: unknown[],
): Promise<string | undefined> {
  try {
    const kind = await kindOf(engine.scope(() => [walked.call(args)])[0]);
    return kinds.includes(kind) ? undefined : `gave ${kind}`;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof TesseraError))
      return `${error instanceof Error ? error.name : "thrown"}: ${message.split("\n")[0] ?? ""}`;
    if (message.includes("\n")) return `several lines: ${message}`;
    const spoken = walked.name.split("|").some((name) => message.toLowerCase().includes(name.toLowerCase()));
    return spoken ? undefined : `unnamed: ${message}`;
  }
}

/** Every complaint about a call with wrong arguments, and about the call as it works. */
export async function complaintsAbout(
  engine: Engine,
  strangers: Strangers,
  walked: WalkedCall,
): Promise<string[]> {
  const found: string[] = [];
  let kind: string;
  try {
    kind = await kindOf(engine.scope(() => [walked.call(walked.make())])[0]);
  } catch (error) {
    return [`${walked.name}: the call that should work fails: ${String(error)}`];
  }
  const kinds = [kind, ...(walked.kinds ?? [])];
  for (const [place, args] of variants(walked, badValues(strangers))) {
    const problem = await complaint(engine, walked, kinds, args);
    if (problem !== undefined) found.push(`${walked.name}: ${place}: ${problem}`);
  }
  // An option that there is not is refused wherever options are taken.
  const args = walked.make();
  for (const [i, options] of args.entries()) {
    if (!isPlain(options) || [...(walked.records ?? []), ...(walked.whole ?? [])].includes(i)) continue;
    const odd = args.map((each, j) => (i === j ? { ...options, nonsense: 1 } : each));
    try {
      await kindOf(engine.scope(() => [walked.call(odd)])[0]);
      found.push(`${walked.name}: argument ${i} with an option "nonsense": taken`);
    } catch (error) {
      const message = String(error);
      if (!(error instanceof TesseraError) || !message.includes('"nonsense"')) {
        found.push(`${walked.name}: argument ${i} with an option "nonsense": ${message}`);
      }
    }
  }
  return found;
}

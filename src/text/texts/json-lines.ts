// Texts as JSON lines, one object a line, as retrieval datasets have them. Nothing is believed: a fault names its file and line.
import {
  aFunction,
  anything,
  aString,
  bytes as aByteArray,
  expectArgument,
  expectOptions,
  required,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { messageOf } from "../../files/causes.ts";
import { LineSplitter, type Line } from "./line-splitter.ts";
import { saysNothing, type Text } from "./text.ts";

/** Under which keys an object of a line has the parts of a text. */
export interface TextKeys {
  readonly id: string;
  /** Objects without it have no title, unless another than "title" was asked for. */
  readonly title: string;
  readonly contents: string;
}

const usualKeys: TextKeys = { id: "id", title: "title", contents: "contents" };

/** The most that a file of texts may have. */
export interface TextLimits {
  /** Bytes of one line. */
  readonly line: number;
  readonly texts: number;
}

/** A long book has 3 MiB; 2^22 texts of 128 numbers are the 2 GiB that one array can hold. */
export const mostTexts: TextLimits = { line: 2 ** 24, texts: 2 ** 22 };

export interface ReadTexts {
  readonly texts: readonly Text[];
  /** Texts without a letter or digit, which no search finds. */
  readonly empty: number;
}

/** What `textKeys` takes. */
const threeKeys = "takes three keys, of the id, the title and the contents, such as _id,title,text";

/** Reads `id,title,contents`, or with colons, as people type keys. @throws UsageError, which ends with what is `taken` */
export function textKeys(option: string, typed: string, taken = threeKeys): TextKeys {
  const names = typed.split(/[,:]/u).map((name) => name.trim());
  const [id, title, contents] = names;
  if (names.length !== 3 || names.includes("") || new Set(names).size < 3) {
    throw new UsageError(`${option} ${JSON.stringify(typed)}: ${taken}`);
  }
  return { id, title, contents };
}

export interface TextOptions {
  /** Under which keys the parts stand. Default: id, title, contents. */
  readonly keys?: TextKeys | undefined;
  readonly limits?: TextLimits | undefined;
  /** Takes what is wrong with one line, which is then left out. Default: the first such line ends the reading. */
  readonly bad?: ((fault: DataError) => void) | undefined;
}

const textOptions: OptionChecks<TextOptions> = { keys: anything, limits: anything, bad: aFunction };

/** @throws UsageError for what are no options of `parseTexts` */
export function expectTextOptions(what: string, options: TextOptions): void {
  expectOptions(what, options, textOptions);
  const { keys, limits } = options;
  const key = required(aString);
  if (keys !== undefined) expectOptions(`${what}: keys`, keys, { id: key, title: key, contents: key });
  const count = required(wholeFrom(1));
  if (limits !== undefined) expectOptions(`${what}: limits`, limits, { line: count, texts: count });
}

/**
 * The texts of a file.
 *
 * @param file its name, for messages
 * @param bytes UTF-8, one JSON object a line; empty lines are passed over
 * @throws DataError naming the line: no JSON object, a part missing or not of its type, an id twice, a line or a number of texts
 *   over the limits; or for no text at all
 */
export function parseTexts(file: string, bytes: Uint8Array, options: TextOptions = {}): ReadTexts {
  expectArgument("parseTexts", "the file's name", file, aString);
  expectArgument("parseTexts", "the bytes", bytes, aByteArray);
  expectTextOptions("parseTexts", options);
  const parser = new TextParser(file, options);
  parser.push(bytes);
  return parser.end();
}

/** Takes a file piece by piece, and keeps its texts and the line that is under way. Errors as `parseTexts`. */
export class TextParser {
  readonly #file: string;
  readonly #options: Required<{ [Name in keyof TextOptions]: NonNullable<TextOptions[Name]> }>;
  readonly #lines: LineSplitter;
  readonly #texts: Text[] = [];
  readonly #lineOf = new Map<string, number>();
  #empty = 0;
  /** What was wrong with the first line that was left out. */
  #fault: DataError | undefined;

  constructor(file: string, { keys = usualKeys, limits = mostTexts, bad = refuse }: TextOptions) {
    this.#file = file;
    this.#options = { keys, limits, bad };
    this.#lines = new LineSplitter(file, limits.line);
  }

  push(piece: Uint8Array): void {
    for (const line of this.#lines.push(piece)) this.#add(line);
  }

  end(): ReadTexts {
    for (const line of this.#lines.end()) this.#add(line);
    if (this.#texts.length === 0) {
      const why =
        this.#fault === undefined
          ? "it takes one JSON object a line"
          : `the first that was left out: ${this.#fault.message}`;
      throw new DataError(this.#file, `has no text; ${why}`);
    }
    return { texts: this.#texts, empty: this.#empty };
  }

  #add(each: Line): void {
    const file = this.#file;
    const { keys, limits, bad } = this.#options;
    if (!each.bytes.some((byte) => byte > 0x20)) return;
    try {
      const { line } = each;
      const read = textOfLine(file, each, keys);
      const before = this.#lineOf.get(read.id);
      if (before !== undefined) {
        throw new DataError(
          file,
          `line ${line}: the id ${JSON.stringify(read.id)} is that of line ${before}, too`,
        );
      }
      this.#lineOf.set(read.id, line);
      this.#texts.push(read);
      if (saysNothing(read)) this.#empty++;
    } catch (fault) {
      if (!(fault instanceof DataError)) throw fault;
      bad(fault);
      this.#fault ??= fault;
    }
    if (this.#texts.length > limits.texts) {
      throw new DataError(file, `has more than ${limits.texts} texts; split it into several indexes`);
    }
  }
}

function refuse(fault: DataError): never {
  throw fault;
}

/** @throws DataError naming the line */
function textOfLine(file: string, { line, bytes }: Line, keys: TextKeys): Text {
  const fault = (reason: string, cause?: unknown): DataError =>
    new DataError(file, `line ${line}: ${reason}`, { cause });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fault("is not UTF-8 text; save the file as UTF-8", cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const array = text.trimStart().startsWith("[") ? "; an array must be written as one object a line" : "";
    throw fault(`is not JSON (${messageOf(cause).slice(0, 160)})${array}`, cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const array = Array.isArray(value) ? "; an array must be written as one object a line" : "";
    throw fault(`is no JSON object with an id, a title and contents${array}`);
  }
  const record = value as Readonly<Record<string, unknown>>;
  const missing = (key: string): DataError => {
    const there = Object.keys(record);
    const near = suggestion(key, there);
    const all = there.length === 0 ? "it has no keys" : `it has ${there.slice(0, 12).join(", ")}`;
    return fault(
      `has no ${JSON.stringify(key)}${near}; ${all}. Other keys are named with --keys id,title,contents, or for pairs --pairs query:text`,
    );
  };
  const string = (key: string): string => {
    const part = Object.hasOwn(record, key) ? record[key] : undefined;
    if (part === undefined || part === null) throw missing(key);
    if (typeof part !== "string")
      throw fault(
        `${JSON.stringify(key)} is ${typeof part === "object" ? "no text" : JSON.stringify(part)}; it must be a string`,
      );
    return part;
  };
  const given = Object.hasOwn(record, keys.id) ? record[keys.id] : undefined;
  const id = typeof given === "number" && Number.isSafeInteger(given) ? String(given) : string(keys.id);
  if (id === "") throw fault(`${JSON.stringify(keys.id)} is empty; every text needs an id`);
  const isWithoutTitle = keys.title === usualKeys.title && (record[keys.title] ?? undefined) === undefined;
  return { id, title: isWithoutTitle ? "" : string(keys.title), contents: string(keys.contents) };
}

// The typed errors of the data room: each names the file and the record or field at fault.
import { TesseraError } from "./errors.ts";

/** A data file is missing, damaged, or does not hold what it says. */
export class DataError extends TesseraError {
  override readonly name: string = "DataError";
  readonly file: string;
  /** Which record of the file, counted from 0, where one is at fault. */
  readonly record: number | undefined;
  /** The message without the file. */
  readonly reason: string;

  constructor(file: string, reason: string, options: { record?: number; cause?: unknown } = {}) {
    const said = oneLine(options.record === undefined ? reason : `record ${options.record}: ${reason}`);
    super(`${oneLine(file)}: ${said}`, { cause: options.cause });
    this.file = file;
    this.reason = said;
    this.record = options.record;
  }

  /** The same fault, with what can be done about it. */
  advising(advice: string): DataError {
    const { file, record, reason } = this;
    if (record === undefined) return new DataError(file, `${reason}; ${advice}`, { cause: this });
    const bare = reason.slice(`record ${record}: `.length);
    return new DataError(file, `${bare}; ${advice}`, { record, cause: this });
  }
}

/** A manifest, or an assembly put together by hand, says something that cannot be meant. */
export class ManifestError extends TesseraError {
  override readonly name: string = "ManifestError";
  readonly file: string;
  /** Path of the field, such as `sources[0].knows[2]`; empty where the whole file is at fault. */
  readonly field: string;
  /** Line in the file, counted from 1, where known. */
  readonly line: number | undefined;
  /** The message without file, line and field. */
  readonly reason: string;

  constructor(file: string, field: string, reason: string, options: { line?: number; cause?: unknown } = {}) {
    const where = options.line === undefined ? file : `${file}:${options.line}`;
    super(oneLine(`${where}: ${field === "" ? "" : `${field} `}${reason}`), { cause: options.cause });
    this.file = file;
    this.field = field;
    this.reason = oneLine(reason);
    this.line = options.line;
  }
}

/** Messages quote what files hold: a line break or a terminal's control sequence among it is shown, not obeyed. */
function oneLine(message: string): string {
  return message.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// Reads texts from a file, gzip'd or plain.
import { aString, expectArgument } from "../../errors/arguments.ts";
import { readBytes } from "../../files/bytes.ts";
import { expectTextOptions, parseTexts, type ReadTexts, type TextOptions } from "./json-lines.ts";

/**
 * The texts of a file of JSON lines.
 * @throws DataError as `parseTexts`, and when the file is missing or larger than 2 GiB
 */
export async function readTexts(file: string, options: TextOptions = {}): Promise<ReadTexts> {
  expectArgument("readTexts", "the file", file, aString);
  expectTextOptions("readTexts", options);
  return parseTexts(file, await readBytes(file), options);
}

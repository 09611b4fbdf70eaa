// Reads texts from a file, gzip'd or plain.
import { aString, expectArgument } from "../../errors/arguments.ts";
import { readPieces } from "../../files/bytes.ts";
import { expectTextOptions, TextParser, type ReadTexts, type TextOptions } from "./json-lines.ts";

/**
 * The texts of a file of JSON lines, of which no more is held than its texts and one line.
 * @throws DataError as `parseTexts`, and when the file is missing or larger than 2 GiB
 */
export async function readTexts(file: string, options: TextOptions = {}): Promise<ReadTexts> {
  expectArgument("readTexts", "the file", file, aString);
  expectTextOptions("readTexts", options);
  const parser = new TextParser(file, options);
  for await (const piece of readPieces(file)) parser.push(piece);
  return parser.end();
}

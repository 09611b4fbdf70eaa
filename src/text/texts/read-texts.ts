// Reads texts from a file, gzip'd or plain.
import { readBytes } from "../../files/bytes.ts";
import { parseTexts, type ReadTexts, type TextOptions } from "./json-lines.ts";

/**
 * The texts of a file of JSON lines.
 * @throws DataError as `parseTexts`, and when the file is missing or larger than 2 GiB
 */
export async function readTexts(file: string, options?: TextOptions): Promise<ReadTexts> {
  return parseTexts(file, await readBytes(file), options);
}

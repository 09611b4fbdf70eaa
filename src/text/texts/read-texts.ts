// Reads texts from a file, gzip'd or plain.
import { readBytes } from "../../files/bytes.ts";
import { parseTexts, type ReadTexts, type TextKeys, type TextLimits } from "./json-lines.ts";

/**
 * The texts of a file of JSON lines.
 * @throws DataError as `parseTexts`, and when the file is missing or larger than 2 GiB
 */
export async function readTexts(file: string, keys?: TextKeys, limits?: TextLimits): Promise<ReadTexts> {
  return parseTexts(file, await readBytes(file), keys, limits);
}

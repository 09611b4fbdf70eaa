// Reads an IDX array from a file, gzip'd or plain.
import { readBytes } from "./bytes.ts";
import { parseIdx } from "./idx-array.ts";
import type { NumberArray } from "./number-array.ts";

/** @throws DataError as readBytes and parseIdx */
export async function readIdx(file: string): Promise<NumberArray> {
  return parseIdx(file, await readBytes(file));
}

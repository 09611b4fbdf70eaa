// Reads a tokenizer.json from a file.
import { readText } from "../../files/bytes.ts";
import type { Tokeniser } from "../encoder/token-lists.ts";
import { parseTokeniser } from "./tokeniser.ts";

/** The largest published ones, of 250,000 pieces, have 17 MB. */
const mostBytes = 2 ** 27;

/** @throws ModelError as `parseTokeniser`; DataError when the file is missing or cannot be read */
export async function readTokeniser(file: string): Promise<Tokeniser> {
  return parseTokeniser(file, await readText(file, { most: mostBytes }));
}

// Which encoder a folder holds: an index is of one, and of no other.
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "#sha256";
import { DataError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";

/** What decides over vectors, in the order of the digest. */
const files = [
  "encoder.json",
  "config.json",
  "tokenizer.json",
  "model.safetensors",
  "pytorch_model.bin",
] as const;

/**
 * SHA-256 of an encoder's configuration, tokeniser and weights.
 * @throws DataError when the folder or a file of it cannot be read
 */
export async function encoderDigest(folder: string): Promise<string> {
  const hash = sha256();
  try {
    const there = await readdir(folder);
    for (const name of files) {
      if (!there.includes(name)) continue;
      hash.update(name);
      for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk as Uint8Array);
    }
  } catch (cause) {
    throw new DataError(folder, `cannot be read (${messageOf(cause)})`, { cause });
  }
  return hash.hex();
}

// Data that comes to the device in chunks, so that it never is on the host as a whole.

import { described } from "../errors/arguments.ts";
import { ShapeError, UsageError } from "../errors/errors.ts";

/** The same chunks. @throws ShapeError when they are not `bytes` long together, or one ends inside a word of 4 bytes */
export function* chunkedUpload(chunks: Iterable<Uint8Array>, bytes: number): Generator<Uint8Array> {
  let at = 0;
  for (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) {
      throw new UsageError(`engine.tensorOfChunks: a chunk must be a Uint8Array, got ${described(chunk)}`);
    }
    if (at % 4 !== 0)
      throw new ShapeError(`engine.tensorOfChunks: a chunk ends at byte ${at}, inside a word`);
    at += chunk.length;
    if (at > bytes) break;
    yield chunk;
  }
  if (at === bytes) return;
  const found = at > bytes ? "more" : `only ${at}`;
  throw new ShapeError(`engine.tensorOfChunks: the shape needs ${bytes} bytes, the chunks have ${found}`);
}

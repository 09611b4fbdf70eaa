// Data that comes to the device in pieces, so that it never is on the host as a whole.

import { ShapeError } from "../errors/errors.ts";

/** The same pieces. @throws ShapeError when they are not `bytes` long together, or one ends inside a word of 4 bytes */
export function* chunkedUpload(chunks: Iterable<Uint8Array>, bytes: number): Generator<Uint8Array> {
  let at = 0;
  for (const piece of chunks) {
    if (at % 4 !== 0)
      throw new ShapeError(`engine.tensorOfPieces: a piece ends at byte ${at}, inside a word`);
    at += piece.length;
    if (at > bytes) break;
    yield piece;
  }
  if (at === bytes) return;
  const found = at > bytes ? "more" : `only ${at}`;
  throw new ShapeError(`engine.tensorOfPieces: the shape needs ${bytes} bytes, the pieces have ${found}`);
}

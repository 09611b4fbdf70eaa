// A digest of a set of images: pixels, labels and names. Two sets with the same digest are equal.

import { expectArgument } from "../../errors/arguments.ts";
import { sha256 } from "#sha256";
import { anAssembly, type Assembly, type Pixels } from "./assembly.ts";
import { ArrayPixels, PixelsOnDemand } from "../cache/pixel-rows.ts";

/** Bytes that are read at a time. */
const pieceBytes = 2 ** 24;

/**
 * SHA-256 of classes and their tree, sizes, labels, label maps, names, patients and pixels.
 * @throws DataError when a file of the cache was changed meanwhile
 */
export async function assemblyDigest(assembly: Assembly): Promise<string> {
  expectArgument("assemblyDigest", "the assembly", assembly, anAssembly);
  const { classes, parents, exclusive, exhaustive, sources, validation, test } = assembly;
  const hash = sha256().update(JSON.stringify(classes));
  if (exclusive !== undefined) hash.update(JSON.stringify({ exclusive }));
  if (exhaustive === true) hash.update(JSON.stringify({ exhaustive }));
  if (parents !== undefined) hash.update(JSON.stringify(parents));
  for (const set of [...sources, ...(validation === undefined ? [] : [validation]), test]) {
    const { source, count, height, width, channels, origins, patients, ids } = set;
    hash.update(JSON.stringify([source, count, height, width, channels, origins?.names, patients, ids]));
    if (origins !== undefined) hash.update(origins.of);
    hash.update(set.states);
    const { pixels, maps, voxelVolumes } = set;
    for await (const piece of pieces(pixels, count, height * width * channels)) hash.update(piece);
    if (voxelVolumes !== undefined) hash.update(voxelVolumes);
    if (maps === undefined) continue;
    for await (const piece of pieces(maps, count, height * width)) hash.update(piece);
  }
  return hash.hex();
}

/** The bytes of images, or of label maps, one part after the other. */
export async function* pieces(
  pixels: Pixels,
  count: number,
  bytesEach: number,
): AsyncGenerator<Uint8Array, void> {
  if (pixels instanceof Uint8Array) {
    yield pixels;
    return;
  }
  const some = Math.max(1, Math.floor(pieceBytes / bytesEach));
  try {
    for (let first = 0; first < count; first += some) {
      const rows = Uint32Array.from({ length: Math.min(some, count - first) }, (_, i) => first + i);
      yield pixels instanceof ArrayPixels ? pixels.copy(rows) : await pixels.read(rows);
    }
  } finally {
    if (pixels instanceof PixelsOnDemand) await pixels.close();
  }
}

// What a page does with files, for the tests that hold it against Node: bundled into one script, whose exports the tests call.

import { decodeImage } from "#decode";
import { loadImages, planImages } from "@tessera-gpu/tessera/data";

const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

export interface Decoded {
  readonly size: readonly number[];
  readonly pixels: readonly number[];
}

/** An image's size and pixels, or why there are none. */
export async function decoded(base64: string): Promise<Decoded | string> {
  try {
    const { height, width, channels, pixels } = await decodeImage(bytesOf(base64), "an image");
    return { size: [height, width, channels], pixels: Array.from(pixels) };
  } catch (error) {
    return String(error);
  }
}

/** Images of files in a size, with their label states, or why there are none. */
export async function loaded(
  files: readonly { readonly path: string; readonly base64: string }[],
  image: { readonly height: number; readonly width: number; readonly channels: number },
): Promise<(Decoded & { readonly states: readonly number[] }) | string> {
  try {
    const given = files.map(({ path, base64 }) => ({ path, bytes: new Blob([bytesOf(base64).slice()]) }));
    const { sets } = await loadImages(await planImages(given, { image }));
    const { count, pixels, states } = sets.train ?? { count: 0, pixels: [], states: [] };
    return { size: [count], pixels: Array.from(pixels), states: Array.from(states) };
  } catch (error) {
    return String(error);
  }
}

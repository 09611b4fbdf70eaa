// The sizes of a source's images before they are brought to one size.
import { aNumber, expectArgument } from "../../errors/arguments.ts";
import { readImage } from "../images/index.ts";
import { permutation } from "../assembly/order.ts";
import { randomStream } from "../random-stream.ts";
import { aListOfSamples, type SampleList } from "../catalogue/sample-lists.ts";
import type { ImageFile } from "../catalogue/listing.ts";

export interface SizeCount {
  readonly height: number;
  readonly width: number;
  readonly images: number;
}

/** The most files whose headers are read: more would tell a person nothing new. */
const mostFiles = 500;

/**
 * The sizes of the images of some lists, the most frequent first. Of image files it looks at the headers of 500 at most,
 * drawn at random; those that no header can be read of are left out here, since decoding names them.
 */
export async function imageSizes(lists: readonly SampleList[], seed: number): Promise<SizeCount[]> {
  expectArgument("imageSizes", "the lists", lists, aListOfSamples);
  expectArgument("imageSizes", "the seed", seed, aNumber);
  const places = lists.flatMap(({ samples }) => samples.map(({ image }) => image));
  const counts = new Map<string, { height: number; width: number; images: number }>();
  const count = ({ height, width }: { height: number; width: number }): void => {
    const known = counts.get(`${height} ${width}`) ?? { height, width, images: 0 };
    known.images++;
    counts.set(`${height} ${width}`, known);
  };
  const files: ImageFile[] = [];
  for (const place of places) {
    if (place.kind === "array") count(place.array);
    else files.push(place);
  }
  for (const at of permutation(files.length, randomStream(seed, "sizes")).subarray(0, mostFiles)) {
    const size = await fileSize(files[at]);
    if (size !== undefined) count(size);
  }
  return [...counts.values()].sort((a, b) => b.images - a.images);
}

/** Height and width as the header of an image file says, upright. */
async function fileSize({
  file,
  reading,
}: ImageFile): Promise<{ height: number; width: number } | undefined> {
  try {
    const { height, width } = await readImage(file, reading);
    return { height, width };
  } catch {
    return undefined;
  }
}

// Pictures that are far from all that a model was trained on, told before anything is made of them.

import { farImages } from "../data/inspection/example-figures.ts";
import type { ModelRecord } from "../runs/model-record.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import type { Sample } from "../data/catalogue/sample-lists.ts";

/** Images of each source and part that are looked at: the first batch. */
const lookedAt = 64;

interface SomeImages {
  readonly source: string;
  /** One for each image of the set. */
  readonly samples: readonly Sample[];
  readonly set: ImageSet;
}

/** One warning, also when all else is quiet: what comes out for such a picture is mostly nothing to go by. */
export async function warnOfFarImages(
  parts: readonly SomeImages[],
  { examples = [] }: ModelRecord,
  memory: number | undefined,
): Promise<void> {
  const found: { readonly name: string; readonly words: string }[] = [];
  let looked = 0;
  for (const { source, samples, set } of parts) {
    looked += Math.min(set.count, lookedAt);
    for (const { row, words } of await farImages(set, examples, lookedAt, memory)) {
      const { id, image } = samples[row];
      found.push({ name: image.kind === "file" ? image.file : `${id} of ${source}`, words });
    }
  }
  if (found.length === 0) return;
  const [{ name, words }] = found;
  const how = looked === 1 ? "is far" : `is far (${found.length} of the first ${looked} images are)`;
  process.stderr.write(
    `warning: ${name} ${how} from what the model was trained on: ${words}; look at the picture, and at how its numbers are read ` +
      "(bits, window)\n",
  );
}

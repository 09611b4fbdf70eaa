// Damaged copy number i of a sample: the same bytes whoever asks, the process that reads it or the one that keeps it.
import { randomStream } from "../../dist/data/random-stream.js";
import { mutationNames, mutations } from "./mutations.mjs";
import { samples } from "./samples.mjs";

/** @returns copy(i): { files: bytes by name, damaged: the name of the one that is damaged }; copy(-1) is whole */
export async function copier(name, seed) {
  const sample = samples[name];
  const [files, others] = [await sample.write(0), await sample.write(1)];
  const targets = sample.damaged ?? Object.keys(files);
  return (i) => {
    if (i < 0) return { files, damaged: targets[0], how: "whole" };
    const random = randomStream(seed, name, i);
    const damaged = targets[random.below(targets.length)];
    const how = mutationNames[i % mutationNames.length];
    const isInside = sample.inside !== undefined && Math.floor(i / mutationNames.length) % 2 === 0;
    // The other version of a manifest is another manifest.
    const other =
      sample.manifest === undefined && targets.length > 1 ? targets[random.below(targets.length)] : damaged;
    const outside = {
      bytes: files[damaged],
      other: others[other],
      places: sample.places,
      close: (bytes) => bytes,
    };
    const opened = isInside ? sample.inside(outside.bytes, outside.other, random) : outside;
    const bytes = opened.close(mutations[how](random, opened.bytes, opened.other, opened.places));
    return { files: { ...files, [damaged]: bytes }, damaged, how: isInside ? `${how} inside` : how };
  };
}

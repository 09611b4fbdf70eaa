// Small catalogues made by hand, a letter a label: + positive, - negative, . absent, ~ a probability of one half.
import type { SampleList } from "../../../src/data/catalogue/sample-lists.ts";
import type { OpenedList } from "../../../src/data/inspection/index.ts";
import type { Part } from "../../../src/data/catalogue/listing.ts";

const states: Readonly<Record<string, number>> = { "+": 1, "-": 0, ".": 255, "~": 150 };

export interface HandMade {
  readonly id: string;
  /** A letter a class. */
  readonly labels: string;
  readonly patient?: string;
  /** What its pixels are known by; its id without. null: cannot be decoded. */
  readonly hash?: string | null;
}

export function listOf(
  source: string,
  part: Part,
  samples: readonly HandMade[],
  uncertain: readonly number[] = [],
): SampleList {
  return {
    source,
    part,
    samples: samples.map(({ id, patient }) => ({
      id,
      image: { kind: "file", file: `/data/${id}` },
      ...(patient === undefined ? {} : { patient }),
    })),
    states: Uint8Array.from(samples.flatMap(({ labels }) => Array.from(labels, (letter) => states[letter]))),
    uncertain: Uint32Array.from({ length: samples[0]?.labels.length ?? 0 }, (_, k) => uncertain[k] ?? 0),
  };
}

/** @param dataset where its names of patients hold; its own name without */
export function opened(
  source: string,
  part: Part,
  samples: readonly HandMade[],
  dataset = source,
): OpenedList {
  return {
    list: listOf(source, part, samples),
    dataset,
    hashes: samples.map(({ id, hash }) => (hash === null ? undefined : (hash ?? id))),
  };
}

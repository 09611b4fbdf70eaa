// Lists small .npz files that a test writes: six arrays of MedMNIST's names, with some of them changed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { medmnist } from "../../../src/data/formats/medmnist.ts";
import type { ListContext, Listing } from "../../../src/data/catalogue/listing.ts";
import { contextIn, lister } from "./listing-checks.ts";
import { npy, npz } from "./npz-files.ts";
import type { NpyOptions } from "./npz-files.ts";

/** Images of this shape, every byte another. */
export const images = (shape: readonly number[], options: NpyOptions = {}): Uint8Array => {
  const size = shape.reduce((product, length) => product * length, 1);
  return npy(
    shape,
    Array.from({ length: size }, (_, i) => (i * 37) % 251),
    options,
  );
};
export const column = (labels: readonly number[], descr = "|u1"): Uint8Array =>
  npy([labels.length, 1], labels, { descr });

/** Six arrays: 3, 2 and 1 images of 4 x 5, of classes 0, 2, 1 | 2, 0 | 1. */
export const grey: Record<string, Uint8Array> = {
  train_images: images([3, 4, 5]),
  train_labels: column([0, 2, 1]),
  val_images: images([2, 4, 5]),
  val_labels: column([2, 0]),
  test_images: images([1, 4, 5]),
  test_labels: column([1]),
};

interface NpzListing {
  readonly write: (name: string, bytes: Uint8Array) => string;
  readonly list: (file: string, more?: Record<string, unknown>, context?: ListContext) => Promise<Listing>;
  /** Lists the six arrays with some changed; undefined takes one away. */
  readonly listWith: (
    changes: Readonly<Record<string, Uint8Array | undefined>>,
    more?: Record<string, unknown>,
    context?: ListContext,
  ) => Promise<Listing>;
}

/** Writes and lists files of a folder. */
export function npzListing(folder: string): NpzListing {
  const listEntry = lister(medmnist);
  const write: NpzListing["write"] = (name, bytes) => {
    writeFileSync(join(folder, name), bytes);
    return name;
  };
  const list: NpzListing["list"] = (file, more = {}, context = contextIn(folder)) =>
    listEntry({ format: "medmnist", file, ...more }, context);
  const listWith: NpzListing["listWith"] = (changes, more, context) => {
    const arrays = Object.entries({ ...grey, ...changes }).flatMap(([key, bytes]) =>
      bytes === undefined ? [] : [[key, bytes] as const],
    );
    return list(write("changed.npz", npz(Object.fromEntries(arrays))), more, context);
  };
  return { write, list, listWith };
}

// The samples that a catalogue lists: images with their label states, by entry and part.
import { listOf, madeWith } from "../../errors/arguments.ts";
import type { GivenBox } from "./box-lists.ts";
import type { ImagePlace, Part } from "./listing.ts";
import type { OwnSize } from "./masked-entry.ts";

export interface Sample {
  /** Unique in its source. */
  readonly id: string;
  readonly image: ImagePlace;
  readonly patient?: string;
}

/** The label maps of a list's samples, and what they are made of. */
export interface ListMaps {
  /** [samples, height, width] of the catalogue's image size: label maps (labels/label-map.ts). */
  readonly maps: Uint8Array;
  /** [samples] Cubic millimetres that a pixel of each map stands for; 0 where nobody knows. Left out where nobody knows any. */
  readonly voxelVolumes?: Float64Array;
  readonly pixels: PixelCounts;
  /** The label map of an image at its own size, by its place in the list; its mask is read again. */
  readonly whole: (row: number, own: OwnSize) => Promise<Uint8Array>;
}

/** Pixels of masks at their own size, in the part of them that is seen. */
export interface PixelCounts {
  /** [K] given as each class; 0 for classes that the source does not outline. */
  readonly classes: readonly number[];
  /** Without any label. */
  readonly ignored: number;
  /** All. */
  readonly total: number;
}

/** The samples of one entry of the manifest in one part of its split. */
export interface SampleList {
  /** Name of the entry. */
  readonly source: string;
  readonly part: Part;
  readonly samples: readonly Sample[];
  /** [samples, K] label states: labels/states.ts. */
  readonly states: Uint8Array;
  /** [K] The number of states that the source called uncertain, whatever the policy made of them. */
  readonly uncertain: Uint32Array;
  /** Where the classes are in each sample, for segmentation. */
  readonly masks?: ListMaps;
  /** [samples] The boxes on each sample, where the entry names a table of them. */
  readonly boxes?: readonly (readonly GivenBox[])[];
  /** Another entry of the same part and dataset, before this one, whose patients of equal names are the same persons. */
  readonly patientsOf?: string;
}

export const aSampleList = madeWith("a list of a catalogue", ["source", "samples", "states", "uncertain"]);
export const aListOfSamples = listOf("lists of a catalogue", aSampleList);

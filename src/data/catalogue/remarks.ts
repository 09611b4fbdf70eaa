// What was guessed, joined or left out while a source was listed or read, and what of it nobody understood: counted, and told by
// `inspect`, `train`, `plan` and `study` alike. A remark is no error: what cannot be meant at all is refused where it is found.

/** Kinds of remarks and how grave they are, the gravest first. */
export const remarkKinds = {
  /** Several rows of one image say different things, and the source's policy for them decided. */
  "repeated-rows": "conflict",
  /** A class that the source is said to know, of which none of its words speaks, beside words that no class takes. */
  "class-without-words": "not understood",
  /** A class that a source is said to outline, of which none of its masks has a pixel. */
  "class-without-outline": "not understood",
  /** Each pixel is said to be of a class, a source to outline all of them, and its masks have pixels of none. */
  "background-in-masks": "conflict",
  /** A class is labelled as there and one above it as not, or a class as there and all below it as not. */
  "contradicts-tree": "conflict",
  /** Words in a column of words, or names of folders, that no class takes. */
  "words-without-class": "not understood",
  /** Images whose pixels are all equal. */
  "blank-images": "pixels",
  /** A source's images use a sliver of the range from black to white. */
  "narrow-range": "pixels",
  /** A filter looked for a number and found none in some cells. */
  "cells-without-number": "not understood",
  /** Rows of tables that are joined have no partner in the other. */
  "rows-without-partner": "left out",
  /** A folder of masks holds some that no image asks for. */
  "masks-without-image": "left out",
  /** A list names images that the source does not have, or lacks some that it has. */
  "unmatched-list": "left out",
  /** Patients of one source are spelled in several ways, or are nearly one: every quoted word but the source names a patient. */
  "patient-names": "guess",
  /** Something was taken for what it is not said to be, or one of several was taken. */
  guess: "guess",
} as const;
export type RemarkKind = keyof typeof remarkKinds;

/** One case of a remark: a word, a label or an image, with how often it was met and one place of it. */
export interface RemarkCase {
  /** The word, label, column, file or image in the source's own words. */
  readonly name: string;
  /** Rows or images that have it. */
  readonly count: number;
  /** One of them, in words: "line 12: a.png". */
  readonly example?: string;
}

export interface Remark {
  readonly kind: RemarkKind;
  /** Name of the entry in the manifest. */
  readonly source: string;
  /** One whole sentence that names the source, counts and gives an example: what a person reads. */
  readonly sentence: string;
  /** All of them. */
  readonly cases: readonly RemarkCase[];
}

// Names of findings and sites, apart from the drawing code so that a manifest can be checked without loading it.

/** What a phantom radiograph may show, in column order of the truth table. */
export const findingNames = [
  "nodule",
  "mass",
  "consolidation",
  "effusion",
  "pneumothorax",
  "cardiomegaly",
] as const;
export type Finding = (typeof findingNames)[number];

/** A: a fixed digital unit, crisp. B: an older portable unit, flat contrast and grainy. */
export const siteNames = ["A", "B"] as const;
export type Site = (typeof siteNames)[number];

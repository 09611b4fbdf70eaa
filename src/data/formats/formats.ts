// The one table of dataset formats. To read another, write its record (format.ts) and add a row.
import type { z } from "zod";
import { chestxray14 } from "./chestxray14.ts";
import { chexpert } from "./chexpert.ts";
import { cifar } from "./cifar.ts";
import { covidx } from "./covidx.ts";
import { folder } from "./folder.ts";
import type { Format } from "./format.ts";
import { idx } from "./idx.ts";
import { medmnist } from "./medmnist.ts";
import { mimicCxr } from "./mimic-cxr.ts";
import { nifti } from "./nifti.ts";
import { padchest } from "./padchest.ts";
import { phantoms } from "./phantoms.ts";
import { table } from "./table.ts";

/** By the word that a manifest has under `format`. */
export const formats = {
  idx,
  cifar,
  medmnist,
  nifti,
  phantoms,
  chestxray14,
  chexpert,
  "mimic-cxr": mimicCxr,
  padchest,
  covidx,
  table,
  folder,
};

export type Formats = typeof formats;
export type FormatName = keyof Formats;
export const formatNames = Object.keys(formats) as FormatName[];

/** An entry as its format sees it: `format`, and the fields of that format. */
export type FormatEntry = {
  [Name in FormatName]: { readonly format: Name } & z.output<z.ZodObject<Formats[Name]["fields"]>>;
}[FormatName];

/** The record of an entry's format, whose functions take that entry. */
export function formatOf({ format }: Pick<FormatEntry, "format">): Format<z.ZodRawShape, FormatEntry> {
  // Each row takes entries of its own format; that it is given no other is beyond the compiler.
  return formats[format] as unknown as Format<z.ZodRawShape, FormatEntry>;
}

// The one table of dataset formats. To read another, write its record (fields and list, ../listing.ts) and add a row.
import type { z } from "zod";
import { chestxray14 } from "./chestxray14.ts";
import { chexpert } from "./chexpert.ts";
import { cifar } from "./cifar.ts";
import { covidx } from "./covidx.ts";
import { folder } from "./folder.ts";
import { idx } from "./idx.ts";
import { medmnist } from "./medmnist.ts";
import { phantoms } from "./phantoms.ts";
import { table } from "./table.ts";
import type { ListContext, Listing } from "../catalogue/listing.ts";

/** By the word that a manifest has under `format`. */
export const formats = { idx, cifar, medmnist, phantoms, chestxray14, chexpert, covidx, table, folder };

export type Formats = typeof formats;
export type FormatName = keyof Formats;
export const formatNames = Object.keys(formats) as FormatName[];

/** The fields that the formats themselves have, with their `format`. */
type FormatFields = { [Name in FormatName]: z.output<z.ZodObject<Formats[Name]["fields"]>> }[FormatName];

/** @throws DataError naming file and record */
export function list(entry: FormatFields, context: ListContext): Promise<Listing> {
  // The row for an entry's format takes that entry; the compiler cannot follow this through a table.
  const row = formats[entry.format].list as (entry: FormatFields, context: ListContext) => Promise<Listing>;
  return row(entry, context);
}

// What the numbers in files of label maps mean, for people, for programs, and for a manifest.

import { stringify } from "yaml";
import { pixelOrigins } from "../assemble/whole-maps.ts";
import { csvText } from "../files/csv-text.ts";
import { filed } from "../labels/label-map.ts";
import { originPalette } from "../pictures/label-png.ts";
import { classColour, hexColour } from "../pictures/class-colours.ts";

/** A table of the numbers of files, with the colours of their palette. */
export const classesTable = (classes: readonly string[]): string =>
  csvText([
    ["number", "class", "colour"],
    [filed.background, "background", "#000000"],
    ...classes.map((name, k) => [k + 1, name, hexColour(classColour(k))]),
    [filed.ignored, "ignored", "#a0a0a0"],
  ]);

/** What the numbers in a map of where pixels are from mean. */
export const originMeanings: ReadonlyMap<number, string> = new Map([
  [pixelOrigins.nothing, "nothing: not given, and not seen by the network"],
  [pixelOrigins.given, "given by the source"],
  [pixelOrigins.predicted, "predicted, since the source does not outline the class"],
  [pixelOrigins.predictedIgnored, "predicted, where the source says to ignore the pixel"],
]);

/** A table of them, with the greys of their palette. */
export const originsTable = (): string =>
  csvText([
    ["number", "meaning", "colour"],
    ...Array.from(originMeanings, ([number, meaning]) => [
      ...[number, meaning, hexColour(originPalette[number])],
    ]),
  ]);

/**
 * The lines of a source that read such files back.
 * @param folder of the masks of each source, below the data root
 */
export function manifestLines(classes: readonly string[], folders: ReadonlyMap<string, string>): string {
  const values = Object.fromEntries(classes.map((name, k) => [String(k + 1), name]));
  const sources = Array.from(folders, ([name, masks]) => ({ name, masks, values, ignore: [filed.ignored] }));
  return (
    "# Lines for the sources of a manifest of task: segmentation, beside their format and paths: masks that tessera predict wrote.\n" +
    "# The folders are meant from the data root; change them to where the masks are.\n" +
    stringify({ classes: [...classes], sources })
  );
}

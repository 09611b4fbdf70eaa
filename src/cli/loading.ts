// What a person is told of the images that were loaded: what each source gives, what was decoded, what was skipped.

import { counted } from "../errors/counted.ts";
import Table from "cli-table3";
import { imageCount, type DecodedAssembly } from "../data/assembly/pixels.ts";
import type { Catalogue } from "../data/catalogue/catalogue.ts";
import { parts } from "../data/catalogue/listing.ts";
import type { DataError } from "../errors/data-errors.ts";
import { plainTable } from "../report/tables.ts";
import { hasFiles } from "../runs/load-images.ts";
import { mebibytes } from "../runtime/step-plan.ts";

/** The most lines that a person reads. */
const mostLines = 10;

/** Lines for the first things that were left out, and where to find the rest. */
export function skippedLines(skipped: readonly DataError[], whole: string): string[] {
  const lines = skipped.slice(0, mostLines).map(({ message }) => `  ${message}`);
  const more = skipped.length - lines.length;
  return more === 0 ? lines : [...lines, `  and ${more} more; ${whole} lists all`];
}

/** A table of the sources, and lines on what was decoded and what was left out. */
export function describeLoaded(
  selected: Catalogue,
  result: DecodedAssembly,
  say: (text: string) => void,
): void {
  say(sourceTable(selected, result));
  const mapBytes = labelMapBytes(selected);
  if (mapBytes > 0) say(labelMapsHeld(mapBytes));
  if (hasFiles(selected)) say(describeDecoding(result.decoded));
  const skipped = [...selected.skipped, ...result.skipped];
  if (skipped.length === 0) return;
  const records = selected.skipped.length;
  const unlisted = records === 0 ? "" : `, and ${counted(records, "record")} of tables and lists`;
  say(`skipped ${result.skipped.length} of ${imageCount(selected.lists)} images${unlisted}:`);
  for (const line of skippedLines(skipped, "summary.json")) say(line);
}

/** Bytes of the label maps of all images. */
export const labelMapBytes = ({ lists }: Pick<Catalogue, "lists">): number =>
  lists.reduce((sum, { masks }) => sum + (masks?.maps.length ?? 0), 0);

export const labelMapsHeld = (bytes: number): string =>
  `label maps: ${mebibytes(bytes)} MiB, held in memory for the whole run, beside what --memory bounds`;

/** Images of each source by part, without those skipped. */
function sourceTable({ lists }: Catalogue, { sets }: DecodedAssembly): string {
  const table = new Table({
    ...plainTable,
    head: ["source", ...parts],
    colAligns: ["left", ...parts.map(() => "right" as const)],
  });
  for (const source of new Set(lists.map((list) => list.source))) {
    const cells = parts.map((part) => {
      const at = lists.findIndex((list) => list.source === source && list.part === part);
      return at < 0 ? "-" : sets[at].count;
    });
    table.push([source, ...cells]);
  }
  return table.toString();
}

function describeDecoding({ images, seconds, fromCache }: DecodedAssembly["decoded"]): string {
  const rate = Math.round(images / Math.max(seconds, 1e-3));
  const now =
    images === 0 ? "" : `${images} image files decoded in ${seconds.toFixed(1)} s, ${rate} images/s`;
  const known = fromCache === 0 ? "" : `${fromCache} found in the cache`;
  return [now, known].filter((text) => text !== "").join("; ");
}

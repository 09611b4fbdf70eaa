// Published data, where it is at hand: in $TESSERA_DATA, or in ../shared/data beside the checkout. What cannot be checked
// without it is said, never passed over in silence.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, test } from "vitest";

export const repository = resolve(import.meta.dirname, "../..");
export const dataRoot = process.env["TESSERA_DATA"] ?? resolve(repository, "../shared/data");

/**
 * Checks on real data; where some of it is not here, a test that says so in their place.
 *
 * @param needed files and folders below the data root
 */
export function withData(needed: readonly string[], title: string, checks: () => void | Promise<void>): void {
  const missing = needed.filter((path) => !existsSync(join(dataRoot, path)));
  if (missing.length === 0) {
    describe(title, checks);
    return;
  }
  test(`${title}: the checks did not run; missing: ${missing.join(", ")}`, () => {
    console.info(
      `No ${missing.join(", ")} in ${dataRoot}: set TESSERA_DATA to a folder with ${needed.join(", ")} in it to check ${title} too.`,
    );
  });
}

/** A manifest of the excerpt of ChestX-ray14 alone; `more` are further lines of its entry. */
export function chestManifest(classes: string, ...more: readonly string[]): string {
  return `
classes: [${classes}]
image: { height: 64, width: 64 }
sources:
  - name: NIH
    format: chestxray14
    table: chestxray14/Data_Entry_subset.csv
    images: chestxray14/images_64
${more.map((line) => `    ${line}\n`).join("")}`;
}

/** The split that comes with the excerpt, which tears patients apart. */
export const chestSplit =
  "split: { by: list, table: chestxray14/split.csv, image: Image Index, part: split }";

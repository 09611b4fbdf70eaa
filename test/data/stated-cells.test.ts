// Whatever a table looks like, a label is given only where the table states it: 1,800 random tables against what their rows
// were meant to say, with and without leaving out what is bad.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { catalogue } from "../../src/data/catalogue/catalogue.ts";
import type { Catalogue } from "../../src/data/catalogue/catalogue.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { TesseraError } from "../../src/errors/errors.ts";
import { absent } from "../../src/labels/states.ts";
import { temporaryFolder } from "./formats/list-files.ts";
import { classes, entryOf, randomTable, statedBy, textOf } from "./random-tables.ts";
import type { RandomTable } from "./random-tables.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
// So that every class is taught and tested whatever the random table says.
writeFileSync(join(folder.path, "good.csv"), `image,${classes.join(",")}\na.png,1,1,1\nb.png,0,0,0\n`);
const good = `format: table, table: good.csv, image: image, columns: [${classes.join(", ")}]`;

async function list(table: RandomTable, skipBad: boolean): Promise<Catalogue | TesseraError> {
  writeFileSync(join(folder.path, "random.csv"), textOf(table));
  const manifest = parseManifest(
    `classes: [${classes.join(", ")}]\nimage: { height: 8, width: 8 }\n` +
      `sources:\n  - { name: good, ${good} }\n  - ${entryOf(table, "random", "random.csv")}\n` +
      `test: { ${good.replace("good.csv", "test.csv")} }\n`,
    "m.yaml",
  );
  try {
    return await catalogue(manifest, { dataRoot: folder.path, seed: 1, skipBad });
  } catch (error) {
    if (error instanceof TesseraError) return error;
    throw error;
  }
}
writeFileSync(join(folder.path, "test.csv"), `image,${classes.join(",")}\nc.png,1,1,1\nd.png,0,0,0\n`);

/** The states of the random source, by image; undefined where listing ended in an error. */
function statesIn(made: Catalogue | TesseraError): Record<string, (number | "absent")[]> | undefined {
  if (made instanceof TesseraError) return undefined;
  const [, { samples, states }] = made.lists;
  return Object.fromEntries(
    samples.map(({ id }, i) => [
      id,
      Array.from(states.subarray(i * classes.length, (i + 1) * classes.length), (state) =>
        state === absent ? ("absent" as const) : state,
      ),
    ]),
  );
}

/** Lines of the file whose images were left out and that no message is about. */
function untold({ rows }: RandomTable, kept: ReadonlySet<string>, { skipped }: Catalogue): number[] {
  const told = skipped.map(({ message }) => message);
  return [...rows.keys()]
    .filter((at) => !kept.has(rows[at].image))
    .map((at) => at + 2)
    .filter((line) => {
      const about = new RegExp(
        `\\bline ${line}\\b|\\blines [\\d, and]*\\b${line}\\b|opens after line ${line - 1} `,
        "u",
      );
      return !told.some((message) => about.test(message));
    });
}

describe("in random tables", () => {
  test.each([0, 1, 2, 3, 4, 5])("no cell is given that the source does not state (%i)", async (batch) => {
    let [listed, refused, leftOut] = [0, 0, 0];
    for (let seed = 300 * batch; seed < 300 * (batch + 1); seed++) {
      const table = randomTable(seed);
      for (const skipBad of table.rows.some(({ damage }) => damage !== undefined) ? [false, true] : [true]) {
        const stated = statedBy(table, skipBad);
        const made = await list(table, skipBad);
        expect([seed, skipBad, statesIn(made)]).toEqual([
          seed,
          skipBad,
          stated === undefined ? undefined : Object.fromEntries(stated),
        ]);
        if (stated === undefined || made instanceof TesseraError) refused++;
        else {
          listed++;
          leftOut += made.skipped.length;
          expect([seed, untold(table, new Set(stated.keys()), made)]).toEqual([seed, []]);
        }
      }
    }
    expect([listed > 150, refused > 50, leftOut > 100]).toEqual([true, true, true]);
  });
});

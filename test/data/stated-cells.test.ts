// Whatever a table looks like, a label is given only where the table states it: 1,000 random tables against what their rows
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
// So that every class is taught and tested whatever the random tables say.
for (const [name, images] of [
  ["good.csv", ["a.png", "b.png"]],
  ["test.csv", ["c.png", "d.png"]],
] as const) {
  const lines = [`image,${classes.join(",")}`, `${images[0]},1,1,1`, `${images[1]},0,0,0`];
  writeFileSync(join(folder.path, name), lines.join("\n"));
}
const good = `format: table, table: good.csv, image: image, columns: [${classes.join(", ")}]`;

/** Lists several tables at once, as sources of one manifest: reading a manifest takes longer than a small table. */
async function list(tables: readonly RandomTable[], skipBad: boolean): Promise<Catalogue> {
  const sources = tables.map((table, i) => {
    writeFileSync(join(folder.path, `t${i}.csv`), textOf(table));
    return `  - ${entryOf(table, `t${i}`, `t${i}.csv`)}\n`;
  });
  const manifest = parseManifest(
    `classes: [${classes.join(", ")}]\nimage: { height: 8, width: 8 }\n` +
      `sources:\n  - { name: good, ${good} }\n${sources.join("")}` +
      `test: { ${good.replace("good.csv", "test.csv")} }\n`,
    "m.yaml",
  );
  return catalogue(manifest, { dataRoot: folder.path, seed: 1, skipBad });
}

/** The states of a source, by image. */
function statesIn({ lists }: Catalogue, name: string): Record<string, (number | "absent")[]> {
  const own = lists.find(({ source }) => source === name);
  return Object.fromEntries(
    (own?.samples ?? []).map(({ id }, i) => [
      id,
      Array.from(own?.states.subarray(i * classes.length, (i + 1) * classes.length) ?? [], (state) =>
        state === absent ? ("absent" as const) : state,
      ),
    ]),
  );
}

/** Lines of the file whose images were left out and that no message is about. */
function untold({ rows }: RandomTable, kept: ReadonlySet<string>, told: readonly string[]): number[] {
  return [...rows.keys()]
    .filter((at) => !kept.has(rows[at].image))
    .map((at) => at + 2)
    .filter((line) => {
      const about = `\\bline ${line}\\b|\\blines [\\d, and]*\\b${line}\\b|opens after line ${line - 1} `;
      return !told.some((message) => new RegExp(about, "u").test(message));
    });
}

const together = 20;
const seedsOf = (batch: number): number[] => Array.from({ length: 250 }, (_, i) => 250 * batch + i);

describe("of random tables", () => {
  test.each([0, 1, 2, 3])("no cell is given that the source does not state (batch %i)", async (batch) => {
    for (const skipBad of [false, true]) {
      const cases = seedsOf(batch).flatMap((seed) => {
        const table = randomTable(seed);
        const stated = statedBy(table, skipBad);
        return stated === undefined ? [] : [{ seed, table, stated }];
      });
      expect(cases.length).toBeGreaterThan(80);
      for (let start = 0; start < cases.length; start += together) {
        const some = cases.slice(start, start + together);
        const made = await list(
          some.map(({ table }) => table),
          skipBad,
        );
        for (const [i, { seed, table, stated }] of some.entries()) {
          expect([seed, statesIn(made, `t${i}`)]).toEqual([seed, Object.fromEntries(stated)]);
          const told = made.skipped
            .map(({ message }) => message)
            .filter((text) => text.includes(`/t${i}.csv: `));
          expect([seed, untold(table, new Set(stated.keys()), told)]).toEqual([seed, []]);
        }
      }
    }
  });

  test("those are refused whose rows differ or are bad, and with --skip-bad those of which nobody knows what is bad", async () => {
    for (const skipBad of [false, true]) {
      const tables = seedsOf(9).map(randomTable);
      const bad = tables.filter((table) => statedBy(table, skipBad) === undefined);
      expect(bad.length).toBeGreaterThan(15);
      for (const table of bad.slice(0, 40)) {
        await expect(list([table], skipBad)).rejects.toThrow(TesseraError);
      }
    }
  });
});

// Which entries of a manifest share their patients.
import { expect, test } from "vitest";
import { datasetsOf } from "../../../src/data/inspection/index.ts";
import { parseManifest } from "../../../src/data/manifest/manifest.ts";

/** The names of entries that share their patients, a text a dataset. */
function together(entries: readonly string[]): string[] {
  const lines = entries.map((fields, i) => `  - { name: ${String.fromCharCode(65 + i)}, ${fields} }`);
  const manifest = parseManifest(
    `classes: [a]\nimage: { height: 8, width: 8 }\nmodel: { blocks: [1] }\nsources:\n${lines.join("\n")}`,
    "m.yaml",
  );
  const groups = new Map<string, string>();
  for (const [entry, dataset] of datasetsOf(manifest)) {
    groups.set(dataset, (groups.get(dataset) ?? "") + entry);
  }
  return [...groups.values()];
}
const table = (path: string, more = ""): string =>
  `format: table, table: ${path}, image: file, label: dx, patient: who${more}`;
const chest = "format: chestxray14, table: t.csv, images: i";

test("all entries of a published dataset do, of other formats each is alone", () => {
  const idx = "format: idx, images: i, labels: l";
  const list = "format: covidx, list: l.txt, images: i";
  expect(together([chest, idx, list, chest, idx])).toEqual(["AD", "B", "C", "E"]);
});

test("tables do that are one, or share a folder of images, also by way of another", () => {
  expect(together([table("x/train.csv"), table("x/test.csv"), table("y/test.csv")])).toEqual(["AB", "C"]);
  expect(together([table("a/t.csv", ", images: p"), table("a/t.csv", ", images: q")])).toEqual(["AB"]);
  expect(together([table("a/t.csv", ", images: p"), table("b/t.csv", ", images: [q, p/]")])).toEqual(["AB"]);
  const [p, q] = [table("a.csv", ", images: p"), table("b.csv", ", images: q")];
  expect(together([p, q])).toEqual(["A", "B"]);
  expect(together([p, q, chest, table("c.csv", ", images: [q, p]")])).toEqual(["ABD", "C"]);
});

test("entries do that name one word under patients, and no others", () => {
  expect(together([`${chest}, patients: nih`, chest, table("x.csv", ", patients: nih")])).toEqual([
    "AC",
    "B",
  ]);
  expect(together([table("x.csv", ", patients: one"), table("x.csv", ", patients: two")])).toEqual([
    "A",
    "B",
  ]);
});

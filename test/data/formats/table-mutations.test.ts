// Damaged tables: every format that reads one, on small tables written here, bits flipped, pieces cut out and repeated.
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { chestxray14 } from "../../../src/data/formats/chestxray14.ts";
import { chexpert } from "../../../src/data/formats/chexpert.ts";
import { covidx } from "../../../src/data/formats/covidx.ts";
import { table } from "../../../src/data/formats/table.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import { TesseraError } from "../../../src/errors/errors.ts";
import { chexpertLabels } from "./chexpert-files.ts";
import { faultOf, list, mutated, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const twenty = Array.from({ length: 20 }, (_, i) => i);
const lines = (header: string, line: (i: number) => string): string =>
  `${[header, ...twenty.map(line)].join("\n")}\n`.trimStart();

const chestTable = lines(
  "Image Index,Finding Labels,Patient ID,OriginalImage[Width,Height]",
  (i) => `${i}.png,${["No Finding", "Mass|Hernia", "Edema"][i % 3]},${i % 7},100,200`,
);
const expertTable = lines(`Path,Sex,${chexpertLabels}`, (i) =>
  [`CheXpert-v1.0/train/patient000${10 + i}/study1/view1.jpg`, "Male", ...twenty.slice(6)]
    .map((cell, k) => (k < 2 ? cell : ["1.0", "", "-1.0", "0.0"][(i + k) % 4]))
    .join(","),
);
const covidList = lines(
  "",
  (i) => `COVID ${i} COVID(${i}).png ${i % 2 === 0 ? "positive" : "negative"} sirm`,
);
const wordTable = lines("image;who;dx", (i) => `"${i}.png";p${i % 5};"${["a|b", "b", "todo", ""][i % 4]}"`);
const columnTable = lines("image,x,y", (i) => `${i}.png,${i % 2},${["", "u", "yes", "-1.0"][i % 4]}`);

describe("300 mutations of a written table end in a typed error or a whole listing:", () => {
  const images = "images";
  const trials: [string, string, () => Promise<Listing>][] = [
    [
      "chestxray14",
      chestTable,
      () => list(chestxray14, { format: "chestxray14", table: "t", images }, folder.path),
    ],
    ["chexpert", expertTable, () => list(chexpert, { format: "chexpert", table: "t", images }, folder.path)],
    ["covidx", covidList, () => list(covidx, { format: "covidx", list: "t", images }, folder.path)],
    [
      "table with a column of words",
      wordTable,
      () =>
        list(
          table,
          {
            format: "table",
            table: "t",
            image: "image",
            delimiter: ";",
            patient: "who",
            label: "dx",
            separator: "|",
            unlabelled: ["todo"],
          },
          folder.path,
        ),
    ],
    [
      "table with a column a label",
      columnTable,
      () => list(table, { format: "table", table: "t", image: "image", columns: ["x", "y"] }, folder.path),
    ],
  ];
  test.each(trials)("%s, plain and gzip'd", async (_, content, listing) => {
    writeFiles(folder.path, { "images/.keep": "", t: content });
    expect((await listing()).records).toHaveLength(20);
    const outcomes = { plain: { whole: 0, refused: 0 }, zipped: { whole: 0, refused: 0 } };
    for (const [kind, bytes] of [
      ["plain", Buffer.from(content)] as const,
      ["zipped", gzipSync(content)] as const,
    ]) {
      for (let n = 0; n < 150; n++) {
        writeFiles(folder.path, { t: mutated(bytes, n) });
        const outcome = await listing().catch((cause: unknown) => cause);
        if (outcome instanceof TesseraError) outcomes[kind].refused++;
        else {
          expect([n, faultOf(outcome as Listing, folder.path)]).toEqual([n, undefined]);
          outcomes[kind].whole++;
        }
      }
    }
    expect(outcomes.plain.refused).toBeGreaterThan(20);
    expect(outcomes.plain.whole).toBeGreaterThan(5);
    expect(outcomes.zipped.refused).toBeGreaterThan(120); // a checksum guards most of its bytes
  });
});

// In a completed table, a cell is given only where the source states it, or where it follows from the tree of the classes: random
// tables through `predict --complete`, from the file to the cell.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Classifier } from "../../src/assemble/classifier.ts";
import { predictCommand } from "../../src/cli/commands/predict.ts";
import { writeTensorFile } from "../../src/interchange/safetensors.ts";
import { modelKind } from "../../src/interchange/tensor-file.ts";
import { readWeights } from "../../src/nn/weights.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { png } from "../data/cache/pictures.ts";
import { classes, entryOf, randomTable, statedBy, textOf } from "../data/random-tables.ts";
import type { RandomTable, States } from "../data/random-tables.ts";
import { randomTreeTable, statedInTree, tree, treeClasses } from "../data/random-trees.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-completed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

/** What the model knows: in another order than manifests have it, and not all of it. */
const known = ["hernia", "Opacity", "Lump", "tube"];

beforeAll(async () => {
  using engine = await openEngine({ device: "reference" });
  const stem = { features: 2, kernel: 3, stride: 2, pool: false };
  const network = {
    ...{ inputChannels: 1, stem, blocks: [1], growth: 1, bottleneck: 1, compression: 0.5 },
  };
  const head = { kind: "linear" } as const;
  const classifier = new Classifier(engine, { network, classes: known.length, seed: 9, head });
  const normalisation = { mean: [0.5], deviation: [0.25] };
  const image = { height: 4, width: 4, channels: 1, ...normalisation };
  const record = { classes: known, network, head, normalisation, epoch: 1, image };
  const tensors = await readWeights(classifier);
  await writeTensorFile(at("model.safetensors"), modelKind, { record, tensors });
  const size = { height: 2, width: 2 };
  for (const [i, name] of [0, 1, 2, 3, 4, 5]
    .map((digit) => `i${digit}`)
    .concat("a", "b", "c", "d")
    .entries()) {
    writeFileSync(at(`${name}.png`), png(Uint8Array.from([i, 200 - i, 3 * i, 90]), size));
  }
});

interface Case {
  readonly seed: number;
  readonly table: RandomTable;
  readonly stated: ReadonlyMap<string, States>;
  readonly isJoined: boolean;
}

/** Puts the cells of a table's rows into a table that is joined to it, in which one row in six is missing. */
function joined(table: RandomTable): RandomTable {
  return { ...table, rows: table.rows.map((row, i) => (i % 6 === 5 ? { ...row, cells: [] } : row)) };
}

function writeTable({ table, isJoined }: Case, name: string): string {
  const entry = entryOf(table, name, `${name}.csv`);
  if (!isJoined) {
    writeFileSync(at(`${name}.csv`), textOf(table));
    return entry;
  }
  const main = table.rows.map(({ image, patient }, i) => [image, patient, `k${i}`].join(","));
  writeFileSync(at(`${name}.csv`), ["image,who,key", ...main].join("\n"));
  const own = table.rows.flatMap(({ cells }, i) =>
    cells.length === 0 ? [] : [[`k${i}`, ...cells].join(",")],
  );
  const nobodys = ["other", ...table.columns.map(() => "1")].join(",");
  writeFileSync(at(`${name}-labels.csv`), [["key", ...table.columns].join(","), nobodys, ...own].join("\n"));
  const fields = JSON.parse(entry) as Record<string, unknown>;
  return JSON.stringify({ ...fields, join: { table: `${name}-labels.csv`, on: ["key"] } });
}

/** The completed table of several sources: of each, by image, a value and its kind for each class. */
async function completed(
  cases: readonly Case[],
  names: readonly string[],
  spelled: string,
  skipBad: boolean,
): Promise<Record<string, Record<string, (readonly [string, string])[]>>> {
  for (const [file, images] of [
    ["good.csv", ["a.png", "b.png"]],
    ["held.csv", ["c.png", "d.png"]],
  ] as const) {
    const rows = [
      ["image", ...names],
      [images[0], ...names.map(() => "1")],
      [images[1], ...names.map(() => "0")],
    ];
    writeFileSync(at(file), rows.map((row) => row.join(",")).join("\n"));
  }
  const good = `format: table, image: image, columns: [${names.join(", ")}]`;
  const sources = cases.map((each, i) => `  - ${writeTable(each, `t${i}`)}\n`);
  writeFileSync(
    at("m.yaml"),
    `classes: ${spelled}\nimage: { height: 4, width: 4 }\nsources:\n  - { name: good, table: good.csv, ${good} }\n` +
      `${sources.join("")}test: { table: held.csv, ${good} }\n`,
  );
  await predictCommand(at("model.safetensors"), [at("m.yaml")], {
    ...{ dataRoot: folder, out: at("out.csv"), cache: at("cache"), device: "reference" },
    ...{ complete: true, logits: false, json: false, quiet: true, skipBad },
  });
  const tables: Record<string, Record<string, (readonly [string, string])[]>> = {};
  for (const row of parse<Record<string, string>>(readFileSync(at("out.csv")), { columns: true })) {
    const cells = names.map((name) => [row[name], row[`${name} is`]] as const);
    const own = (tables[row.source] ??= {});
    expect(own).not.toHaveProperty([row.image]);
    own[row.image] = cells;
  }
  return tables;
}

/** What a cell must be; a prediction is what the model says, of a class that it knows. */
function cellOf(
  state: number | "absent",
  name: string,
  [value]: readonly [string, string],
): readonly [string, string] {
  if (state !== "absent") return [String(state < 2 ? state : (state - 100) / 100), "given"];
  if (!known.includes(name)) return ["", ""];
  const isProbability = /^(?:0|1|0?\.\d+(?:e-\d+)?|\d(?:\.\d+)?e-\d+)$/u.test(value);
  return [isProbability ? value : "a probability", "predicted"];
}

describe("of random tables, a completed table has as given what they state alone", () => {
  test.each([
    ["", false],
    [", with --skip-bad", true],
    [" and what follows from a tree", false],
    [" and what follows from a tree, with --skip-bad", true],
  ] as const)("%s", async (kind, skipBad) => {
    const isTree = kind.includes("tree");
    const names: readonly string[] = isTree ? treeClasses : classes;
    const seeds = Array.from({ length: 120 }, (_, i) => 5000 + i);
    const cases = seeds.flatMap((seed): Case[] => {
      const random = isTree ? randomTreeTable(seed) : randomTable(seed);
      const isWhole = random.rows.every(({ damage }) => damage === undefined);
      const isJoined = isWhole && seed % 3 === 0;
      const table = isJoined ? joined(random) : random;
      const stated = isTree ? statedInTree(table, skipBad) : statedBy(table, skipBad);
      // With --skip-bad, those that need it.
      if (stated === undefined || (skipBad && statedBy(random, false) !== undefined)) return [];
      return [{ seed, table, stated, isJoined }];
    });
    const some = cases.slice(0, 40);
    expect(some.length).toBeGreaterThan(20);
    const tables = await completed(some, names, isTree ? tree : `[${classes.join(", ")}]`, skipBad);
    for (const [i, { seed, stated }] of some.entries()) {
      const found = tables[`t${i}`] ?? {};
      const expected = Object.fromEntries(
        Array.from(stated, ([image, states]) => [
          image,
          states.map((state, k) => cellOf(state, names[k], found[image]?.[k] ?? ["", ""])),
        ]),
      );
      expect([seed, found]).toEqual([seed, expected]);
    }
  });
});

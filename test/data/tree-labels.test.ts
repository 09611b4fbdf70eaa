// Labels through a tree of classes: what follows from a label above and below it, what contradicts, and which sources know what.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { catalogue, type Catalogue } from "../../src/data/catalogue/catalogue.ts";
import { mapLabels } from "../../src/data/catalogue/mapping.ts";
import { followTree, mapThroughTree } from "../../src/data/catalogue/tree-labels.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { rawLabel } from "../../src/labels/raw-labels.ts";
import { temporaryFolder } from "./formats/idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const absent = 255;
const { blank } = rawLabel;
const A = absent;

/** opacity above edema and lesion, lesion above mass and nodule; effusion alone. */
const classes = ["opacity", "edema", "lesion", "mass", "nodule", "effusion"];
const parents = [-1, 0, 0, 2, 2, -1];

/** The states of one image after the tree, and its contradictions as pairs of classes. */
function followed(
  states: readonly number[],
  {
    raw = states,
    listed = false,
    follows,
  }: { raw?: readonly number[]; listed?: boolean; follows?: boolean[] } = {},
) {
  const row = Uint8Array.from(states);
  const found = followTree(
    row,
    Uint8Array.from(raw),
    listed,
    follows === undefined ? {} : { follows },
    parents,
  );
  return { row: [...row], pairs: found.map(({ above, below }) => [above, below]) };
}

describe("labels through a tree", () => {
  test.each([
    ["a negative parent makes all below it negative", [0, A, A, A, A, A], [0, 0, 0, 0, 0, A]],
    ["a negative in the middle says nothing upwards", [A, A, 0, A, A, 1], [A, A, 0, 0, 0, 1]],
    ["a positive child makes all above it positive", [A, A, A, 1, A, A], [1, A, 1, 1, A, A]],
    ["a positive parent leaves its children absent", [1, A, A, A, A, A], [1, A, A, A, A, A]],
    ["both at once: a positive and a negative child", [A, 1, 0, A, A, A], [1, 1, 0, 0, 0, A]],
    ["negative children say nothing of their parent", [A, 0, 0, A, A, A], [A, 0, 0, 0, 0, A]],
    ["soft labels stay, and nothing follows from them", [A, A, A, 190, A, A], [A, A, A, 190, A, A]],
    ["a soft child stays below a negative", [0, 160, A, A, A, A], [0, 160, 0, 0, 0, A]],
    ["a soft parent stays above a positive", [A, A, 130, 1, A, A], [1, A, 130, 1, A, A]],
    ["no label at all", [A, A, A, A, A, A], [A, A, A, A, A, A]],
  ])("%s", (_, states, expected) => {
    expect(followed(states)).toEqual({ row: expected, pairs: [] });
  });

  test.each([
    ["a positive below a negative", [A, A, 0, 1, A, A], [A, A, 0, 1, A, A], [[2, 3]]],
    ["a positive two levels below a negative", [0, A, A, 1, A, A], [0, A, A, 1, A, A], [[0, 3]]],
    [
      "a positive all of whose children are negative",
      [A, A, 1, 0, 0, A],
      [A, A, 1, 0, 0, A],
      [[2, undefined]],
    ],
    ["what is right beside it follows all the same", [A, 1, 0, 1, A, A], [1, 1, 0, 1, A, A], [[2, 3]]],
  ])("%s contradicts: nothing is changed, and nothing follows from it", (_, states, expected, pairs) => {
    expect(followed(states)).toEqual({ row: expected, pairs });
  });

  test("what a list leaves out yields to what it names", () => {
    // Lists name the mass alone: the negatives of opacity and lesion are not said by anybody.
    expect(followed([0, 0, 0, 1, 0, 0], { listed: true })).toEqual({ row: [1, 0, 1, 1, 0, 0], pairs: [] });
    // The lesion alone: of which kind, nobody says.
    expect(followed([0, 0, 1, 0, 0, 0], { listed: true })).toEqual({ row: [1, 0, 1, A, A, 0], pairs: [] });
    expect(followed([1, 0, 0, 0, 0, 0], { listed: true })).toEqual({ row: [1, A, A, A, A, 0], pairs: [] });
    expect(followed([0, 0, 0, 0, 0, 0], { listed: true })).toEqual({ row: [0, 0, 0, 0, 0, 0], pairs: [] });
    // Where negatives are said, the same labels contradict.
    expect(followed([0, 0, 0, 1, 0, 0]).pairs).toEqual([
      [0, 3],
      [2, 3],
    ]);
  });

  test("a blank that is taken for a negative yields, a negative that is said does not", () => {
    const raw = [blank, 0, blank, 1, 0, blank];
    expect(followed([0, 0, 0, 1, 0, 0], { raw })).toEqual({ row: [1, 0, 1, 1, 0, 0], pairs: [] });
    const said = [blank, 0, 0, 1, 0, blank];
    // The blank stays open: what it would follow from is contradicted.
    expect(followed([0, 0, 0, 1, 0, 0], { raw: said })).toEqual({ row: [A, 0, 0, 1, 0, 0], pairs: [[2, 3]] });
  });

  test("a class that an entry knows by those below it is negative where all of them are", () => {
    const follows = [false, false, true, false, false, false];
    expect(followed([A, A, A, 0, 0, A], { follows }).row).toEqual([A, A, 0, 0, 0, A]);
    expect(followed([A, A, A, 0, A, A], { follows }).row).toEqual([A, A, A, 0, A, A]);
    expect(followed([A, A, A, 0, 1, A], { follows }).row).toEqual([1, A, 1, 0, 1, A]);
  });
});

describe("what an entry knows", () => {
  const refuse = (path: readonly PropertyKey[], reason: string): never => {
    throw new Error(`${path.join(".")} ${reason}`);
  };
  const mapped = (labels: readonly string[], knows?: readonly string[]) =>
    mapThroughTree(mapLabels(labels, classes, { knows }, refuse, parents), parents, false);

  test("of a class by labels below it alone: they are labels of it", () => {
    const { columns, follows } = mapped(["mass", "nodule", "effusion"], ["opacity", "effusion"]);
    expect(columns).toEqual([0, 0, 5]);
    expect(follows).not.toContain(true);
  });

  test("of a class and those below it: it follows from them", () => {
    const { columns, follows } = mapped(["mass", "nodule"], ["lesion", "mass", "nodule"]);
    expect(columns).toEqual([3, 4]);
    expect(follows).toEqual([false, false, true, false, false, false]);
  });

  test("is refused where no label is below the class either", () => {
    expect(() => mapped(["mass", "effusion"], ["edema"])).toThrow('knows.0 names "edema", but no label');
  });
});

describe("a manifest with a tree", () => {
  const header = "file,opacity,edema,mass,nodule,effusion";
  const rows = [
    "a.png,0,,,,1",
    "b.png,1,,,,0",
    "c.png,,0,1,,0",
    "d.png,0,,1,,0",
    "e.png,1,1,,,0",
    "f.png,,,0,0,1",
    "g.png,0,,,,1",
  ];
  const list = async (knows = ""): Promise<Catalogue> => {
    writeFileSync(join(folder.path, "table.csv"), [header, ...rows].join("\n"));
    for (const [name] of rows.map((row) => row.split(","))) writeFileSync(join(folder.path, name), "");
    const text = `
classes: [{ opacity: [edema, { lesion: [mass, nodule] }] }, effusion]
image: { height: 4, width: 4 }
sources:
  - { name: films, format: table, table: table.csv, image: file, columns: [opacity, edema, mass, nodule, effusion], rows: { to: 6 }, ${knows} split: { by: none } }
test: { name: held, format: table, table: table.csv, image: file, columns: [opacity, effusion], rows: { from: 7 } }
`;
    return catalogue(parseManifest(text, "it.yaml"), { dataRoot: folder.path, seed: 0 });
  };

  test("lists states that follow from its labels, and remarks on those that contradict it", async () => {
    const {
      lists,
      parents: found,
      remarks,
    } = await list().catch((error: unknown) => {
      throw error;
    });
    expect(found).toEqual(parents);
    const [{ states }] = lists;
    const row = (at: number): number[] => [...states.subarray(at * 6, at * 6 + 6)];
    expect([0, 1, 2, 3, 4, 5].map(row)).toEqual([
      [0, 0, 0, 0, 0, 1],
      [1, A, A, A, A, 0],
      [1, 0, 1, 1, A, 0],
      [0, A, A, 1, A, 0],
      [1, 1, A, A, A, 0],
      [A, A, A, 0, 0, 1],
    ]);
    expect(remarks).toEqual([
      {
        kind: "contradicts-tree",
        source: "films",
        sentence:
          'Labels of "films" contradict the tree of the classes on 1 image, as on d.png: mass, and not opacity, which is ' +
          "above it. They stay as they are given, and nothing follows from them.",
        cases: [{ name: "mass, and not opacity, which is above it", count: 1, example: "d.png" }],
      },
    ]);
  });

  test("knows a class by those below it", async () => {
    const { lists } = await list("knows: [lesion, edema, effusion],");
    const { states } = lists[0];
    expect([2, 3, 5].map((at) => states[at * 6 + 2])).toEqual([1, 1, 0]);
    // The labels of mass and nodule are used for the lesion alone.
    expect([2, 3, 5].map((at) => [states[at * 6 + 3], states[at * 6 + 4]])).toEqual([
      [A, A],
      [A, A],
      [0, 0],
    ]);
  });

  /** The states of the films that a column of words names so, by their names. */
  const words = async (cells: readonly string[], knows = "", more = ""): Promise<unknown> => {
    writeFileSync(
      join(folder.path, "words.csv"),
      ["file,label", ...cells.map((cell, at) => `w${at}.png,${cell}`)].join("\n"),
    );
    writeFileSync(
      join(folder.path, "held.csv"),
      `file,${classes.join(",")}\nh0.png,1,1,1,1,1,1\nh1.png,0,0,0,0,0,0\n`,
    );
    writeFileSync(
      join(folder.path, "taught.csv"),
      `file,${classes.join(",")}\nt0.png,1,1,1,1,1,1\nt1.png,0,0,0,0,0,0\n`,
    );
    const table = `format: table, image: file, columns: [${classes.join(", ")}]`;
    const text = `
classes: [{ opacity: [edema, { lesion: [mass, nodule] }] }, effusion]
image: { height: 4, width: 4 }
sources:
  - { name: taught, ${table}, table: taught.csv }
  - { name: films, format: table, table: words.csv, image: file, label: label, separator: "|", ${knows} ${more} }
test: { name: held, ${table}, table: held.csv }
`;
    const { lists } = await catalogue(parseManifest(text, "it.yaml"), { dataRoot: folder.path, seed: 0 });
    const { states, samples } = lists[1];
    return samples.map((_, at) => [...states.subarray(at * 6, at * 6 + 6)]);
  };

  test("a class that is known is never negative where a list names one below it", async () => {
    const named = [
      [1, A, A, A, A, A],
      [1, A, A, A, A, A],
      [0, 0, 0, 0, 0, A],
    ];
    expect(await words(["mass", "edema", "effusion"], "knows: [opacity],")).toEqual(named);
    // Whether the class's own word occurs makes no difference to what the others mean.
    expect(await words(["mass", "edema", "effusion", "opacity"], "knows: [opacity],")).toEqual([
      ...named,
      [1, A, A, A, A, A],
    ]);
    // By a label that is mapped to one below it.
    const mapping = "mapping: { tumour: mass, oedema: edema },";
    expect(await words(["tumour", "oedema", "effusion"], "knows: [opacity],", mapping)).toEqual(named);
  });

  test("a list that names what an entry does not know leaves the classes above it open", async () => {
    expect(await words(["edema", "mass", "effusion"], "knows: [opacity, mass],")).toEqual([
      [A, A, A, 0, A, A],
      [1, A, 1, 1, A, A],
      [A, A, A, 0, A, A],
    ]);
    expect(await words(["edema", "opacity|edema", "effusion", "opacity"], "knows: [opacity, mass],")).toEqual(
      [
        [A, A, A, 0, A, A],
        [1, A, A, 0, A, A],
        [0, 0, 0, 0, 0, A],
        [1, A, A, A, A, A],
      ],
    );
  });

  test("a class without a label of its own has no blank cell either", async () => {
    const blanks = "blank: negative,";
    expect(await words(["mass", "", "edema"], "knows: [opacity, mass],", blanks)).toEqual([
      [1, A, 1, 1, A, A],
      [A, A, A, 0, A, A],
      [A, A, A, 0, A, A],
    ]);
    // The class above one that has its labels by those below it follows from that one.
    expect(await words(["mass", "", "edema"], "knows: [opacity, lesion],", blanks)).toEqual([
      [1, A, 1, A, A, A],
      [A, A, 0, 0, 0, A],
      [A, A, 0, 0, 0, A],
    ]);
  });

  test("a list that names a class alone leaves all below it open, also past one that is not known", async () => {
    expect(await words(["opacity", "mass", "effusion"], "knows: [opacity, mass],")).toEqual([
      [1, A, A, A, A, A],
      [1, A, 1, 1, A, A],
      [0, 0, 0, 0, 0, A],
    ]);
  });
});

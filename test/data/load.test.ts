// From manifest to assembly: which images a source holds, what it knows of them, and what limits and seeds change.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { pixelsInMemory } from "../../src/data/assembly/assembly.ts";
import type { Assembly, ImageSet } from "../../src/data/assembly/assembly.ts";
import { loadAssembly } from "../../src/data/assembly/load.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { idxBytes, temporaryFolder, writeIdx } from "./formats/idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const dataRoot = folder.path;

// 200 images of 2 x 2: the first pixel pair numbers the image, the third is its label, so that all can be recognised.
const count = 200;
const pixels = new Uint8Array(4 * count);
const labels = new Uint8Array(count);
for (let i = 0; i < count; i++) {
  labels[i] = (i * 7) % 10;
  pixels.set([i >> 8, i & 255, labels[i], 0], 4 * i);
}
mkdirSync(join(dataRoot, "tiny"));
writeIdx(dataRoot, "tiny/images", idxBytes([count, 2, 2], pixels));
writeIdx(dataRoot, "tiny/labels", idxBytes([count], labels));

const files = "format: idx, images: tiny/images, labels: tiny/labels";
const text = `
classes: [1, 2, 3]
image: { height: 2, width: 2 }
model: { blocks: [1] }
augment: { weak: none, strong: { preset: none, shift: 1 } }
sources:
  - { name: A, ${files}, part: 1/4, holds: [1, 2, 3, 9], knows: [1, 2] }
  - { name: B, ${files}, part: 2/4, knows: [2, 3] }
test: { ${files}, part: 3/4 }
`;
const load = (changes: [string, string][] = [], seed = 1, limit?: number): Promise<Assembly> => {
  const changed = changes.reduce((whole, [from, to]) => whole.replace(from, to), text);
  return loadAssembly(parseManifest(changed, "tiny.yaml"), { dataRoot, seed, limit });
};
const numbers = (set: ImageSet): number[] =>
  Array.from({ length: set.count }, (_, i) => pixelsInMemory(set)[4 * i + 1]);
const labelOf = (set: ImageSet, i: number): number => pixelsInMemory(set)[4 * i + 2];

describe("an assembly from IDX files", () => {
  test("knows what the manifest says: known classes by the image's label, the others absent", async () => {
    const { sources, test: tested } = await load();
    const [a, b] = sources;
    const state = (label: number, name: number, known: number[]): number =>
      known.includes(name) ? Number(label === name) : 255;
    for (const [set, known] of [[a, [1, 2]] as const, [b, [2, 3]] as const, [tested, [1, 2, 3]] as const]) {
      const expected = Array.from({ length: set.count }, (_, i) =>
        [1, 2, 3].map((name) => state(labelOf(set, i), name, [...known])),
      );
      expect([...set.states]).toEqual(expected.flat());
    }
  });

  test("holds only images of the labels it says it holds, by default all", async () => {
    const { sources } = await load();
    const held = sources.map((set) => new Set(Array.from({ length: set.count }, (_, i) => labelOf(set, i))));
    expect([...held[0]].sort()).toEqual([1, 2, 3, 9]); // a 9 is a negative of every class that A knows
    expect([...held[1]].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("deals the parts of a file without an overlap and without a remainder", async () => {
    const all = "holds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]";
    const two = async (first: string, second: string): Promise<number[]> => {
      const manifest = parseManifest(
        text
          .replace("part: 3/4", `part: ${second}, ${all}`)
          .replace(/ {2}- \{ name: B.*\n/u, "")
          .replace(
            "part: 1/4, holds: [1, 2, 3, 9], knows: [1, 2]",
            `part: ${first}, ${all}, knows: [1, 2, 3]`,
          ),
        "parts.yaml",
      );
      const { sources, test: tested } = await loadAssembly(manifest, { dataRoot, seed: 3 });
      return [sources[0], tested].flatMap(numbers);
    };
    const dealt = [...(await two("1/4", "2/4")), ...(await two("3/4", "4/4"))];
    expect(dealt.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test("is the same when loaded again, and a seed draws other images only where a limit leaves a choice", async () => {
    expect(await load()).toEqual(await load());
    expect(await load([], 2)).toEqual(await load([], 1));
    const [one, two] = [await load([], 1, 5), await load([], 2, 5)];
    expect(one.sources.map((set) => set.count)).toEqual([5, 5]);
    expect(one).toEqual(await load([], 1, 5));
    expect(numbers(one.sources[0])).not.toEqual(numbers(two.sources[0]));
    expect(two.test).toEqual(one.test);
  });

  test("limits a source by the lower of manifest and option, and the test split by the manifest alone", async () => {
    const own = (limit: number): [string, string] => [
      "holds: [1, 2, 3, 9],",
      `holds: [1, 2, 3, 9], limit: ${limit},`,
    ];
    expect((await load([own(4)], 1, 6)).sources.map((set) => set.count)).toEqual([4, 6]);
    expect((await load([own(8)], 1, 6)).sources.map((set) => set.count)).toEqual([6, 6]);
    expect((await load([["part: 3/4", "part: 3/4, limit: 7"]], 1, 3)).test.count).toBe(7);
    await expect(load([], 1, 0)).rejects.toThrow(/limit of images a source is 0/u);
  });

  test("takes the names of labels from labelNames", async () => {
    const named = text
      .replace("classes: [1, 2, 3]", "classes: [cat, dog]")
      .replace(
        "holds: [1, 2, 3, 9], knows: [1, 2]",
        "labelNames: [cat, dog, a, b, c, d, e, f, g, h], knows: [cat]",
      )
      .replace("knows: [2, 3]", "labelNames: [cat, dog, a, b, c, d, e, f, g, h], knows: [dog]")
      .replace("part: 3/4", "part: 3/4, labelNames: [cat, dog, a, b, c, d, e, f, g, h]");
    const { sources } = await loadAssembly(parseManifest(named, "t"), { dataRoot, seed: 1 });
    const [a] = sources;
    expect([...a.states]).toEqual(
      Array.from({ length: a.count }, (_, i) => [labelOf(a, i) === 0 ? 1 : 0, 255]).flat(),
    );
    const few = named.replaceAll("[cat, dog, a, b, c, d, e, f, g, h]", "[cat, dog, a, b, c, d, e, f, g]");
    await expect(loadAssembly(parseManifest(few, "t"), { dataRoot, seed: 1 })).rejects.toThrow(
      /labels: record \d+: has label 9, but labelNames has 9 names/u,
    );
  });

  test("is refused with full path and data root when a file or the root is missing", async () => {
    await expect(load([["tiny/images", "tiny/none"]])).rejects.toThrow(
      `${join(dataRoot, "tiny/none")}: does not exist; --data-root is ${dataRoot}`,
    );
    const manifest = parseManifest(text, "t");
    await expect(loadAssembly(manifest, { dataRoot: join(dataRoot, "no"), seed: 1 })).rejects.toThrow(
      `${join(dataRoot, "no")}: does not exist; name the folder of the datasets with --data-root`,
    );
  });

  test("brings images of another size to the size of the manifest", async () => {
    const larger = await load([["height: 2, width: 2", "height: 4, width: 6, channels: 3"]]);
    for (const set of [...larger.sources, larger.test]) {
      expect([set.height, set.width, set.channels]).toEqual([4, 6, 3]);
      expect(set.pixels).toHaveLength(set.count * 4 * 6 * 3);
    }
    expect(larger.sources.map(({ states }) => states)).toEqual(
      (await load()).sources.map(({ states }) => states),
    );
  });

  test("is refused when a label that it should hold is none of the source's", async () => {
    await expect(load([["holds: [1, 2, 3, 9]", "holds: [1, 77]"]])).rejects.toThrow(
      /^tiny\.yaml:7: sources\[0\]\.holds\[1\] names "77", a label that this source does not have/u,
    );
  });

  test("joins the validation and test parts of all splits to the entries for them", async () => {
    const split = "part: 1/4, split: { by: image, validation: 0.2, test: 0.2 }";
    const made = await load([
      ["part: 1/4", split],
      ["test: {", `validation: { ${files}, part: 4/4, name: extra }\ntest: {`],
    ]);
    const whole = await load();
    const { sources, validation, test: tested } = made;
    expect(validation?.source).toBe("validation");
    expect(validation?.count).toBeGreaterThan(50);
    expect(tested.count).toBeGreaterThan(50);
    const seen = [sources[0], tested].flatMap(numbers);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length + (validation?.count ?? 0) - 50).toBe(whole.sources[0].count + 50);
  });
});

test("an assembly of phantoms draws each entry's patients anew, and the test split from both sites, whatever the seed", async () => {
  const manifest = parseManifest(
    `
classes: [mass, effusion, nodule]
image: { height: 16, width: 16 }
model: { blocks: [1] }
sources:
  - { name: A, format: phantoms, site: A, count: 12, knows: [mass, effusion], prevalence: { mass: 1, effusion: 0 } }
  - { name: A2, format: phantoms, site: A, count: 12, knows: [nodule] }
test: { format: phantoms, site: both, count: 7 }
`,
    "p.yaml",
  );
  const [one, two] = [
    await loadAssembly(manifest, { dataRoot: "/nowhere", seed: 1 }),
    await loadAssembly(manifest, { dataRoot: "/nowhere", seed: 2, limit: 5 }),
  ];
  expect([...one.sources[0].states]).toEqual(Array.from({ length: 12 }, () => [1, 0, 255]).flat());
  expect(one.sources[0].pixels).not.toEqual(one.sources[1].pixels);
  expect(two.sources.map((set) => set.count)).toEqual([5, 5]);
  expect(two.sources[0].pixels).not.toEqual(pixelsInMemory(one.sources[0]).subarray(0, 5 * 256));
  expect(one.test.count).toBe(7);
  expect(two.test).toEqual(one.test);
  expect(one.test.states).not.toContain(255);
});

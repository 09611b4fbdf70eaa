// The manifest: what the shipped example says, which defaults are filled in, and that each mistake names its place.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ManifestError } from "../../src/data/failures.ts";
import { parseManifest, readManifest } from "../../src/data/manifest.ts";
import { temporaryFolder } from "./idx-files.ts";

const exampleFile = join(import.meta.dirname, "../../examples/mnist-overlap.yaml");
const example = readFileSync(exampleFile, "utf8");
const folder = temporaryFolder();
afterAll(folder.remove);

const small = `
classes: [cat, dog]
image: { height: 4, width: 5 }
sources:
  - { name: A, format: idx, images: a, labels: b, labelNames: [cat, dog, cow], part: 1/3, knows: [cat] }
  - { name: B, format: idx, images: ./a, labels: b, labelNames: [cat, dog, cow], part: 3/3, knows: [dog] }
test: { format: idx, images: a, labels: b, labelNames: [cat, dog, cow], part: 2/3 }
`;

describe("a manifest", () => {
  test("of the example folder is valid and says what its comments say", async () => {
    const manifest = await readManifest(exampleFile);
    expect(manifest.classes).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    expect(manifest.sources.map((source) => source.knows)).toEqual([
      ["1", "2", "3", "4", "5"],
      ["3", "4", "5", "6", "7"],
    ]);
    expect(manifest.image).toEqual({
      height: 28,
      width: 28,
      channels: 1,
      mean: [0.1307],
      deviation: [0.3081],
    });
    expect(manifest.sources[1]).toMatchObject({ format: "idx", part: { index: 2, of: 2 } });
    expect(manifest.test).toMatchObject({ name: "test", limit: 2000 });
    expect(manifest.augment.strong).toEqual({ shift: 3, noise: 25, flip: false });
  });

  test("may leave model, training and augmentation to their defaults", () => {
    const manifest = parseManifest(small, "small.yaml");
    expect(manifest.file).toBe("small.yaml");
    expect(manifest.image).toEqual({ height: 4, width: 5, channels: 1, mean: [0.5], deviation: [0.25] });
    expect(manifest.model.stem).toEqual({ features: 16, kernel: 3, stride: 1, pool: false });
    expect(manifest.model.bottleneck).toBeNull();
    expect(manifest.train).toMatchObject({ tau: 0.5, temperature: 4, stopGradient: true });
    expect(manifest.augment.strong.shift).toBeGreaterThan(manifest.augment.shift);
  });

  test("may draw phantoms instead of reading files", () => {
    const manifest = parseManifest(
      `
classes: [mass, effusion]
image: { height: 32, width: 32 }
sources: [{ name: A, format: phantoms, site: A, count: 10, knows: [mass, effusion], prevalence: { mass: 0.4 } }]
test: { format: phantoms, site: both, count: 10 }
`,
      "phantoms.yaml",
    );
    expect(manifest.sources[0]).toMatchObject({ site: "A", count: 10, prevalence: { mass: 0.4 } });
    expect(manifest.test).toMatchObject({ site: "both", prevalence: 0.3 });
  });
});

describe("a mistake is refused with its line and field:", () => {
  /** Replaces text in the example, and expects the message to begin at the line where the replacement stands. */
  const refuse = (from: string, to: string, message: string | RegExp): void => {
    const at = example.indexOf(from);
    expect(at, `"${from}" stands in the example`).toBeGreaterThanOrEqual(0);
    const line = example.slice(0, at).split("\n").length;
    const parse = (): unknown => parseManifest(example.replace(from, to), "m.yaml");
    expect(parse).toThrow(ManifestError);
    expect(parse).toThrow(message);
    expect(parse).toThrow(`m.yaml:${line}: `);
  };

  test("a mistyped key or word, with the nearest valid one", () => {
    refuse(
      "learningRate:",
      "learnRate:",
      /train\.learnRate is not known here.*did you mean "learningRate"\?/u,
    );
    refuse("classes: [", "clases: [", /: clases is not known here.*did you mean "classes"\?/u);
    refuse(
      "format: idx #",
      "format: idxx #",
      /sources\[0\]\.format must be one of idx, phantoms, not "idxx"; did you mean "idx"/u,
    );
  });

  test("a missing field, at the line of what it is missing from", () => {
    for (const [line, message] of [
      ["  height: 28\n", /m\.yaml:14: image\.height is missing/u],
      ["    knows: [1, 2, 3, 4, 5]\n", /m\.yaml:23: sources\[0\]\.knows is missing/u],
    ] as const) {
      expect(example).toContain(line);
      expect(() => parseManifest(example.replace(line, ""), "m.yaml")).toThrow(message);
    }
  });

  test("a value of the wrong kind or out of its range", () => {
    refuse("height: 28", "height: tall", 'image.height must be a number, not "tall"');
    refuse("batch: 64", "batch: 0", "train.batch must be at least 1, not 0");
    refuse("batch: 64", "batch: 6.5", "train.batch must be a whole number, not 6.5");
    refuse("tau: 0.5", "tau: 1.5", "train.tau must be at most 1, not 1.5");
    refuse("temperature: 4", "temperature: .inf", "train.temperature must be a number, not Infinity");
    refuse(
      "stopGradient: true",
      "stopGradient: maybe",
      'train.stopGradient must be true or false, not "maybe"',
    );
    refuse("knows: [1, 2, 3, 4, 5]", "knows: 5", "sources[0].knows must be a list, as [a, b], not 5");
    refuse("blocks: [3, 3]", "blocks: []", "model.blocks must have at least 1 entry");
    refuse("mean: 0.1307", "mean: [0.1, 0.2]", "image.mean has 2 numbers, but image.channels is 1");
    refuse("deviation: 0.3081", "deviation: 0", "image.deviation must be more than 0, not 0");
    refuse("part: 1/2", "part: half", 'sources[0].part must look like "1/2"');
    refuse("part: 1/2", "part: 3/2", "sources[0].part names a part that does not exist");
  });

  test("a class that is not known to the manifest, twice there, or known to no source", () => {
    refuse(
      "knows: [1, 2, 3, 4, 5]",
      "knows: [1, 2, 33]",
      /sources\[0\]\.knows\[2\] names "33".*did you mean "3"/u,
    );
    refuse('classes: ["1"', 'classes: ["2"', 'classes[1] names "2" a second time');
    refuse('classes: ["1"', 'classes: ["0", "1"', 'classes[0] names "0", but no source knows it');
    refuse("holds: [1,", "holds: [one,", 'sources[0].holds[0] names "one", but labels without labelNames');
  });

  test("two sources that share images", () => {
    refuse("part: 2/2", "part: 1/2", 'sources[1].part shares images with "A"');
    refuse("part: 2/2", "part: 2/3", 'sources[1].part shares images with "A"');
    refuse("images: mnist/t10k-images", "images: mnist/./train-images", 'test.images shares images with "A"');
  });

  test("a path that leaves the data root", () => {
    for (const path of [
      "../mnist",
      "mnist/../../mnist",
      "/mnist",
      "C:/mnist",
      "C:\\\\mnist",
      "..\\\\mnist",
    ]) {
      refuse("images: mnist", `images: ${path}`, "sources[0].images leaves the data root");
    }
  });

  test("a network or an augmentation that leaves nothing of the image", () => {
    refuse("blocks: [3, 3]", "blocks: [3, 3, 3, 3, 3, 3]", "model.blocks leave no pixel of a 28 x 28 image");
    refuse("shift: 3", "shift: 28", "augment.strong.shift of 28 pixels moves a 28 x 28 image out of sight");
  });

  test("findings that phantoms do not have", () => {
    const text = (name: string): string => `classes: [${name}]
image: { height: 32, width: 32 }
sources: [{ name: A, format: phantoms, site: A, count: 10, knows: [${name}] }]
test: { format: phantoms, site: B, count: 10 }`;
    expect(() => parseManifest(text("efusion"), "p.yaml")).toThrow(
      /p\.yaml:1: classes\[0\] .*did you mean "effusion"/u,
    );
    expect(() => parseManifest(text("mass").replace("width: 32", "width: 30"), "p.yaml")).toThrow(
      /p\.yaml:2: image\.width must equal the height/u,
    );
    expect(() => parseManifest(text("mass").replace("site: A", "site: C"), "p.yaml")).toThrow(
      /sources\[0\]\.site must be one of A, B, both/u,
    );
  });

  test("text that is no manifest, or no YAML, or not there", async () => {
    expect(() => parseManifest("", "m.yaml")).toThrow("m.yaml: is empty");
    expect(() => parseManifest("hello", "m.yaml")).toThrow('m.yaml:1: must be a group of keys, not "hello"');
    expect(() => parseManifest("a: [1,\nb: 2", "m.yaml")).toThrow(/m\.yaml:\d: is not valid YAML: /u);
    expect(() => parseManifest("a: 1\na: 2", "m.yaml")).toThrow(
      /m\.yaml:2: is not valid YAML: Map keys must be unique/u,
    );
    await expect(readManifest(join(folder.path, "none.yaml"))).rejects.toThrow(/none\.yaml: does not exist/u);
    await expect(readManifest(folder.path)).rejects.toThrow(/cannot be read/u);
    const binary = join(folder.path, "binary.yaml");
    writeFileSync(binary, Uint8Array.of(0xff, 0xfe, 0x00));
    await expect(readManifest(binary)).rejects.toThrow(/binary\.yaml: is not UTF-8 text/u);
  });

  test("in one line each", () => {
    for (const text of [
      "a: [",
      "classes: 1",
      "classes: [a]\nimage: 3",
      ": : :",
      "- 1\n- 2",
      "&a [*a]",
      "{{{",
    ]) {
      const failure = ((): unknown => {
        try {
          return parseManifest(text, "m.yaml");
        } catch (error) {
          return error;
        }
      })();
      expect(failure).toBeInstanceOf(ManifestError);
      expect(String(failure)).not.toContain("\n");
    }
  });
});

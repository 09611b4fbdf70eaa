// The manifest: what the shipped example says, which defaults are filled in, and that each mistake names its place.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { noClass } from "../../src/data/manifest/class-filter.ts";
import { ManifestError } from "../../src/errors/data-errors.ts";
import { parseTrainingManifest, readTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { temporaryFolder } from "./formats/idx-files.ts";

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
    const manifest = await readTrainingManifest(exampleFile);
    expect(manifest.classes).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    expect(manifest.sources.map((source) => source.knows)).toEqual([
      ["1", "2", "3", "4", "5"],
      ["3", "4", "5", "6", "7"],
    ]);
    expect(manifest.image).toEqual({
      height: 28,
      width: 28,
      fit: "stretch",
      channels: 1,
      mean: [0.1307],
      deviation: [0.3081],
    });
    expect(manifest.sources[1]).toMatchObject({ format: "idx", part: { index: 2, of: 2 } });
    expect(manifest.test).toMatchObject({ name: "test", limit: 2000 });
    expect(manifest.augment.strong).toMatchObject({ shift: 3, noise: 25, flip: 0 });
  });

  test("may leave model, training and augmentation to their defaults", () => {
    const manifest = parseTrainingManifest(small, "small.yaml");
    expect(manifest.file).toBe("small.yaml");
    const image = { height: 4, width: 5, fit: "stretch", channels: 1, mean: [0.5], deviation: [0.25] };
    expect(manifest.image).toEqual(image);
    expect(manifest.model).toEqual({
      stem: { features: 16, kernel: 3, stride: 1, pool: false },
      blocks: [3, 3, 3],
      growth: 12,
      bottleneck: null,
      compression: 0.5,
    });
    expect(manifest.train).toMatchObject({ tau: 0.5, temperature: 4, stopGradient: true });
    expect(manifest.augment.strong.rotation).toBeGreaterThan(manifest.augment.weak.rotation);
  });

  test("has a source as the documentation shows it", () => {
    const text = readFileSync(join(import.meta.dirname, "../../docs/manifests.md"), "utf8");
    const [, source = ""] = /```yaml\n(sources:\n {2}- name: CheXpert[^`]*)```/u.exec(text) ?? [];
    const manifest = parseTrainingManifest(
      `classes: [Effusion, Edema]\nimage: { height: 64, width: 64 }\n${source}`,
      "manifests.md",
    );
    expect(manifest.sources[0]).toMatchObject({
      name: "CheXpert",
      uncertain: { Edema: "positive", Effusion: 0.6 },
      blank: "negative",
      where: { "Frontal/Lateral": "Frontal", Age: { min: 18 } },
      split: { by: "patient", train: 0.7, validation: 0.1, test: 0.2 },
    });
  });

  test("may draw phantoms instead of reading files", () => {
    const manifest = parseTrainingManifest(
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
    const parse = (): unknown => parseTrainingManifest(example.replace(from, to), "m.yaml");
    expect(parse).toThrow(ManifestError);
    expect(parse).toThrow(message);
    expect(parse).toThrow(`m.yaml:${line}: `);
  };
  const knows = "knows: [1, 2, 3, 4, 5]";
  /** The same for a line that is put before this one. */
  const also = (line: string, message: string | RegExp): void =>
    refuse(knows, `${line}\n    ${knows}`, message);

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
      /sources\[0\]\.format must be one of idx, cifar, .*, not "idxx"; did you mean "idx"/u,
    );
  });

  test("no images at all, even of a model that nothing is to teach", () => {
    const none = small.slice(0, small.indexOf("sources:"));
    expect(() => parseTrainingManifest(none, "m.yaml", noClass)).toThrow(
      /^m\.yaml.* names no images: give it sources/u,
    );
    expect(() => parseTrainingManifest(none, "m.yaml")).toThrow(/sources is missing/u);
  });

  test("a missing field, at the line of what it is missing from", () => {
    for (const [line, message] of [
      ["  height: 28\n", /m\.yaml:14: image\.height is missing/u],
      ["    labels: mnist/train-labels-idx1-ubyte.gz\n", /m\.yaml:23: sources\[0\]\.labels is missing/u],
    ] as const) {
      expect(example).toContain(line);
      expect(() => parseTrainingManifest(example.replace(line, ""), "m.yaml")).toThrow(message);
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
    expect(() =>
      parseTrainingManifest(example.replace("classes: [", `classes: [${"x, ".repeat(1000)}`), "m.yaml"),
    ).toThrow("m.yaml:12: classes must have at most 1000 entries");
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
    refuse("holds: [1, 2,", "holds: [1, 1,", 'sources[0].holds[1] names "1" a second time');
  });

  test("a name of a class that there is not, wherever classes are named", () => {
    also("uncertain: { 33: positive }", /sources\[0\]\.uncertain\.33 names "33".*did you mean "3"/u);
    also("blank: { 8: negative }", 'sources[0].blank.8 names "8", which is not one of the classes');
    also("limitPerClass: { 8: 10 }", 'sources[0].limitPerClass.8 names "8", which is not one of the classes');
    also("mapping: { 0: 77 }", /sources\[0\]\.mapping\.0 names "77".*did you mean "7"/u);
  });

  test("a policy, limit, filter or split that cannot be meant", () => {
    also(
      "uncertain: positve",
      /sources\[0\]\.uncertain must be absent, positive, negative, or a prob.*did you mean "positive"/u,
    );
    also(
      "uncertain: { 3: 1.5 }",
      /sources\[0\]\.uncertain\.3 must be absent, positive, negative, or a prob/u,
    );
    also("blank: positive", "sources[0].blank must be one of absent, negative");
    also("limitPerClass: 0", "sources[0].limitPerClass must be at least 1");
    also("rows: { from: 5, to: 2 }", "sources[0].rows ends before it begins");
    also("where: { view: { low: 3 } }", "sources[0].where.view.low is not known here; the keys are min, max");
    also("where: { view: true }", "sources[0].where.view must be a value, a list of values, or a range");
    also("split: { by: patients }", /sources\[0\]\.split\.by must be one of .*did you mean "patient"/u);
    also(
      "split: { by: patient, train: 0.9, test: 0.2 }",
      "sources[0].split has fractions that sum to 1.1, not 1",
    );
    also(
      "split: { by: image, train: 0.7 }",
      "sources[0].split does not say how much is for validation or for testing",
    );
    also("split: { by: list }", "sources[0].split.by list needs a table, or text files");
    also("split: { by: list, table: a.csv, image: x }", "sources[0].split.part is missing");
    also("split: { by: list, test: ../a.txt }", "sources[0].split.test leaves the data root");
  });

  test("and nothing against what fractions leave to each other", () => {
    const splitOf = (fractions: string): unknown => {
      const text = small.replace("knows: [cat] }", `knows: [cat], split: { by: image, ${fractions} } }`);
      return parseTrainingManifest(text, "m.yaml").sources[0].split;
    };
    const drawn = { by: "image", seed: 0 };
    expect(splitOf("test: 0.25")).toEqual({ ...drawn, train: 0.75, validation: 0, test: 0.25 });
    expect(splitOf("validation: 0.25, test: 0.25, seed: 3")).toEqual({
      ...drawn,
      seed: 3,
      train: 0.5,
      validation: 0.25,
      test: 0.25,
    });
    expect(splitOf("train: 0.75, validation: 0")).toEqual({
      ...drawn,
      train: 0.75,
      validation: 0,
      test: 0.25,
    });
    // 1 - 0.7 - 0.3 is no share of anything, nor is what 0.6 + 0.3 + 0.1 lacks of 1.
    expect(splitOf("train: 0.7, test: 0.3")).toEqual({ ...drawn, train: 0.7, validation: 0, test: 0.3 });
    expect(splitOf("train: 0.6, validation: 0.4")).toEqual({
      ...drawn,
      train: 0.6,
      validation: 0.4,
      test: 0,
    });
    expect(splitOf("train: 0.6, validation: 0.3, test: 0.1")).toMatchObject({ validation: 0.3, test: 0.1 });
    for (const nothing of ["seed: 3", "train: 1"]) {
      expect(() => splitOf(nothing)).toThrow(
        /sources\[0\]\.split does not say how much .* give test, validation or both, such as \{by: \w+, val/u,
      );
    }
    expect(splitOf("train: 0.5, test: 0.25")).toEqual({ ...drawn, train: 0.5, validation: 0.25, test: 0.25 });
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

  test("phantoms of a form or place that there is not", () => {
    const text = (name: string): string => `classes: [${name}]
image: { height: 32, width: 32 }
sources: [{ name: A, format: phantoms, site: A, count: 10, knows: [${name}] }]
test: { format: phantoms, site: B, count: 10 }`;
    expect(() => parseTrainingManifest(text("mass").replace("width: 32", "width: 30"), "p.yaml")).toThrow(
      /p\.yaml:2: image\.width must equal the height/u,
    );
    expect(() => parseTrainingManifest(text("mass").replace("site: A", "site: C"), "p.yaml")).toThrow(
      /sources\[0\]\.site must be one of A, B, both/u,
    );
  });

  test("text that is no manifest, or no YAML, or not there", async () => {
    expect(() => parseTrainingManifest("", "m.yaml")).toThrow("m.yaml: is empty");
    expect(() => parseTrainingManifest("hello", "m.yaml")).toThrow(
      'm.yaml:1: must be a group of keys, not "hello"',
    );
    expect(() => parseTrainingManifest("a: [1,\nb: 2", "m.yaml")).toThrow(/m\.yaml:\d: is not valid YAML: /u);
    expect(() => parseTrainingManifest("a: 1\na: 2", "m.yaml")).toThrow(
      /m\.yaml:2: is not valid YAML: it has the key "a" twice/u,
    );
    await expect(readTrainingManifest(join(folder.path, "none.yaml"))).rejects.toThrow(
      /none\.yaml: does not exist/u,
    );
    await expect(readTrainingManifest(folder.path)).rejects.toThrow(/is not a file/u);
    const binary = join(folder.path, "binary.yaml");
    writeFileSync(binary, Uint8Array.of(0xff, 0xfe, 0x00));
    await expect(readTrainingManifest(binary)).rejects.toThrow(/binary\.yaml: is not UTF-8 text/u);
  });

  test("also where bytes of it were lost, doubled or changed: a manifest or one line, and nothing else", () => {
    const chest = readFileSync(join(import.meta.dirname, "../../examples/chest-assembly.yaml"), "utf8");
    const random = randomStream(5, "mutations");
    for (let round = 0; round < 150; round++) {
      const bytes = [...Buffer.from(round % 2 === 0 ? example : chest)];
      for (let change = random.below(3); change >= 0; change--) {
        const at = random.below(bytes.length);
        const length = 1 + random.below(40);
        const kind = random.below(3);
        if (kind === 0) bytes[at] ^= 1 << random.below(7);
        else if (kind === 1) bytes.splice(at, length);
        else bytes.splice(random.below(bytes.length), 0, ...bytes.slice(at, at + length));
      }
      try {
        parseTrainingManifest(Buffer.from(bytes).toString("utf8"), "m.yaml");
      } catch (error) {
        expect(error).toBeInstanceOf(ManifestError);
        expect(String(error)).toMatch(/^ManifestError: m\.yaml(:\d+)?: [^\n]+$/u);
      }
    }
  }, 60_000);

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
          return parseTrainingManifest(text, "m.yaml");
        } catch (error) {
          return error;
        }
      })();
      expect(failure).toBeInstanceOf(ManifestError);
      expect(String(failure)).not.toContain("\n");
    }
  });
});

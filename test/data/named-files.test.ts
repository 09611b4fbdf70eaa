// Labelled images of files in memory are those that the loader of manifests gives of the same files on a disk.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import {
  imageOfFile,
  loadAssembly,
  loadImages,
  parseManifest,
  pixelsInMemory,
  planImages,
  type Assembly,
  type ImageFilesOptions,
  type ImageSet,
  type LoadImagesOptions,
  type NamedFile,
} from "../../src/data/index.ts";
import { idxBytes, idxNumbers, temporaryFolder } from "./formats/idx-files.ts";
import { npy, npz } from "./formats/npz-files.ts";
import { writePng } from "./images/image-files.ts";
import { dataRoot, withData } from "./real-data.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

/** A picture whose pixels nothing else has. */
function png(seed: number, { width = 5, height = 4, colour = false } = {}): Buffer {
  const sample = (x: number, y: number, channel: number): number =>
    (seed * 71 + x * 29 + y * 53 + ((x * x + y) % 7) + channel * 31) % 256;
  return writePng({ width, height, depth: 8, colorType: colour ? 2 : 0, sample });
}

type Contents = Readonly<Record<string, Uint8Array | string>>;
const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
const named = (contents: Contents): NamedFile[] =>
  Object.entries(contents).map(([path, content]) => ({ path, bytes: bytesOf(content) }));

/** The same files in memory, behind Blobs, and on a disk. */
function written(place: string, contents: Contents): void {
  for (const [path, content] of Object.entries(contents)) {
    const file = join(folder.path, place, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytesOf(content));
  }
}

/** What a manifest gives; `test` images are those of its split, or others that stand in for some. */
const ofManifest = (text: string, root = folder.path): Promise<Assembly> =>
  loadAssembly(parseManifest(text, "m.yaml"), {
    ...{ dataRoot: root, seed: 1, cache: join(folder.path, "cache"), divided: true, untested: true },
  });

const load = async (
  files: readonly NamedFile[],
  reading: ImageFilesOptions = {},
  options: LoadImagesOptions = {},
): Promise<Awaited<ReturnType<typeof loadImages>>> => loadImages(await planImages(files, reading), options);

function expectSame(found: ImageSet | undefined, expected: ImageSet | undefined): void {
  if (found === undefined || expected === undefined) throw new Error("one of the sets is not there");
  expect(found.ids).toEqual(expected.ids);
  expect(found.patients).toEqual(expected.patients);
  const shape = ({ count, height, width, channels }: ImageSet): number[] => [count, height, width, channels];
  expect(shape(found)).toEqual(shape(expected));
  expect(Array.from(found.states)).toEqual(Array.from(expected.states));
  expect(Buffer.compare(pixelsInMemory(found), pixelsInMemory(expected))).toBe(0);
}
const complaint = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing was wrong",
    (error: unknown) => String(error),
  );

const sheep = Object.fromEntries(
  Array.from({ length: 9 }, (_, i) => [
    `animals/${["cat", "dog", "sheep"][i % 3]}/${i === 4 ? "far/" : ""}${i}.png`,
    png(i, { width: 5 + (i % 3), height: 4 + (i % 2), colour: i === 2 }),
  ]),
);
const image = { height: 6, width: 6, channels: 1 } as const;

describe("a folder a class", () => {
  written("folder", { ...sheep, "animals/.DS_Store": "left behind", "animals/dog/Thumbs.db": "left behind" });
  const text = (split: string): string => `
classes: [cat, dog, sheep]
image: { height: 6, width: 6 }
sources:
  - { name: animals, format: folder, folder: folder/animals${split} }
`;

  test("has the images, labels and names that a manifest gives, from bytes, from Blobs and in any order", async () => {
    const expected = await ofManifest(text(""));
    const files = named({ ...sheep, "animals/.DS_Store": "left behind" });
    const plan = await planImages(files, { source: "animals", image });
    expect(plan).toMatchObject({ format: "folder", count: 9, bytes: 9 * (36 + 3), remarks: [] });
    expect(plan.labels).toEqual(["cat", "dog", "sheep"].map((name) => ({ name, count: 3 })));
    expectSame((await loadImages(plan)).sets.train, expected.sources[0]);
    const blobs = files
      .map(({ path, bytes }) => ({ path, bytes: new Blob([new Uint8Array(bytes as Uint8Array)]) }))
      .reverse();
    const told: number[] = [];
    const { sets } = await load(
      blobs,
      { source: "animals", image },
      { onProgress: (done) => told.push(done) },
    );
    expectSame(sets.train, expected.sources[0]);
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("is split as a manifest splits it, by names and seed alone", async () => {
    const expected = await ofManifest(text(", split: { by: image, test: 0.4, validation: 0.2, seed: 3 }"));
    const split = { by: "image", test: 0.4, validation: 0.2, seed: 3 } as const;
    const { sets } = await load(named(sheep), { source: "animals", image }, { split });
    expectSame(sets.train, expected.sources[0]);
    const test = { ...expected.test, source: "animals" };
    expectSame(sets.test, test);
    // Nobody says whose images they are: each is a patient's of its own.
    const again = await load(named(sheep), { source: "animals", image }, { split: { test: 0.4 } });
    expect((again.sets.train?.count ?? 0) + (again.sets.test?.count ?? 0)).toBe(9);
  });

  test("is loaded for other classes: some absent, some under another name, some of none", async () => {
    const classes = ["cow", "ewe", "cat"];
    const { sets } = await load(
      named(sheep),
      { image, folder: "animals" },
      { classes, mapping: { sheep: "ewe" }, others: ["dog"] },
    );
    expect(Array.from(sets.train?.states.subarray(0, 3) ?? [])).toEqual([255, 0, 1]);
    expect(Array.from(sets.train?.states.subarray(-3) ?? [])).toEqual([255, 1, 0]);
  });

  test("needs no size where all images have one, and says which image differs", async () => {
    const same = named({ "a/1.png": png(1), "b/2.png": png(2) });
    const { sets } = await load(same);
    expect(sets.train).toMatchObject({ count: 2, height: 4, width: 5, channels: 1 });
    expect(await complaint(load([...same, ...named({ "b/3.png": png(3, { width: 7 }) })]))).toBe(
      "DataError: b/3.png: is 4 x 7 x 1, and the first image is 4 x 5 x 1: say what all are brought to, as in image: { height: 4, " +
        "width: 5, channels: 1 }",
    );
    expect(await complaint(load([...same, ...named({ "b/3.png": png(3, { colour: true }) })]))).toMatch(
      /^DataError: b\/3\.png: is 4 x 5 x 3, and the first image is 4 x 5 x 1: say what/,
    );
  });
});

describe("images beside a table", () => {
  const images = Object.fromEntries(
    ["a", "b", "c", "d"].map((name, i) => [`xray/pictures/${name}.png`, png(i)]),
  );
  const rows = ["a.png,Mass|Nodule,p1,train", "b.png,none,p1,train", "c.png,Nodule,p2,test", "d.png,,p3,val"];
  const table = `file,finding,patient,split\n${rows.join("\n")}\n`;
  written("table", { ...images, "xray/labels.csv": table });

  test("has its columns recognised, which is told, and gives what a manifest gives that names them", async () => {
    const expected = await ofManifest(`
classes: [Mass, Nodule, other]
image: { height: 6, width: 6 }
sources:
  - name: xray
    format: table
    table: table/xray/labels.csv
    images: table/xray/pictures
    image: file
    label: finding
    separator: "|"
    patient: patient
    official: split
    words: [Mass, Nodule, none]
    mapping: { none: other }
    split: { by: official }
`);
    const plan = await planImages(named({ ...images, "xray/labels.csv": table }), {
      ...{ source: "xray", image },
      table: { words: ["Mass", "Nodule", "none"] },
    });
    expect(plan).toMatchObject({ format: "table", count: 4, parts: { train: 2, validation: 1, test: 1 } });
    expect(plan.remarks).toEqual([
      '"xray" takes its table for one with image: "file", label: "finding", separator: "|", patient: "patient", official: "split"; ' +
        "table: { ... } says so, or otherwise.",
    ]);
    const classes = ["Mass", "Nodule", "other"];
    const { sets } = await loadImages(plan, { classes, mapping: { none: "other" } });
    expectSame(sets.train, expected.sources[0]);
    expectSame(sets.validation, expected.validation);
    expectSame(sets.test, expected.test);
  });

  test("is split by its patients, none of whom is in two parts", async () => {
    const fields =
      "format: table, table: table/xray/labels.csv, images: table/xray/pictures, image: file, label: finding";
    const expected = await ofManifest(`
classes: [Mass, Nodule, none]
image: { height: 6, width: 6 }
sources:
  - { name: xray, ${fields}, separator: "|", words: [Mass, Nodule, none], patient: patient, split: { by: patient, test: 0.5, seed: 1 } }
`);
    const files = named({ ...images, "xray/labels.csv": table });
    const { sets } = await load(
      files,
      { source: "xray", image, table: { words: ["Mass", "Nodule", "none"] } },
      { split: { test: 0.5, seed: 1 } },
    );
    expectSame(sets.train, expected.sources[0]);
    expectSame(sets.test, expected.test);
  });

  test("may have a column a label, semicolons, and names without endings", async () => {
    const text = "id;mass;nodule\na;1;0\nb;0;\nc;;1\nd;-1;0\n";
    written("table", { "xray/columns.csv": text });
    const expected = await ofManifest(`
classes: [mass, nodule]
image: { height: 6, width: 6 }
sources:
  - name: xray
    format: table
    table: table/xray/columns.csv
    images: table/xray/pictures
    delimiter: ";"
    image: id
    suffix: .png
    columns: [mass, nodule]
`);
    const { sets } = await load(named({ ...images, "xray/columns.csv": text }), { source: "xray", image });
    expectSame(sets.train, expected.sources[0]);
  });

  test("is refused where it names files that are not there, or they are left out", async () => {
    const files = named({ ...images, "labels.csv": `${table}e.png,none,p4,train\nA.PNG,none,p4,train\n` });
    const line =
      'labels.csv: names the image "e.png", which is not among the files; 2 of its 6 images are not';
    expect(await complaint(planImages(files))).toMatch(new RegExp(`^DataError: ${line}`));
    const plan = await planImages(files, { skipBad: true });
    expect(plan.count).toBe(4);
    expect(plan.skipped.map(({ message }) => message.slice(0, 36))).toEqual([
      'labels.csv: names the image "e.png",',
      'labels.csv: names the image "A.PNG",',
    ]);
    expect((await loadImages(plan)).sets.train?.count).toBe(2);
  });

  test.each([
    [
      "a,b\n1,2\n",
      /^DataError: t\.csv: has no column with the names of the 4 images: name it, as in table: \{ image: "file" \}; its columns are "a", "b"$/,
    ],
    [
      "f,x,y\na.png,red,blue\n",
      /^DataError: t\.csv: has no column that can be told to be the labels: name it, .*; its columns are "f", "x", "y"$/,
    ],
  ])("says what nobody can tell: %j", async (text, line) => {
    expect(await complaint(planImages(named({ ...images, "t.csv": text })))).toMatch(line);
  });
});

describe("files of arrays", () => {
  const pixels = (length: number, step: number): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => (i * step) % 256);
  const digits = {
    "train-images-idx3-ubyte.gz": gzipSync(idxBytes([6, 4, 4], pixels(96, 7))),
    "train-labels-idx1-ubyte.gz": gzipSync(idxBytes([6], Uint8Array.of(0, 1, 2, 0, 1, 2))),
    "t10k-images-idx3-ubyte": idxBytes([3, 4, 4], pixels(48, 11)),
    "t10k-labels-idx1-ubyte": idxBytes([3], Uint8Array.of(2, 1, 0)),
  };
  written("idx", digits);

  test("of IDX are pairs by their names, with the parts that these say, scaled as a manifest scales them", async () => {
    for (const side of [4, 6]) {
      const expected = await ofManifest(`
classes: [zero, one, two]
image: { height: ${side}, width: ${side} }
sources:
  - { name: digits, format: idx, images: idx/train-images-idx3-ubyte.gz, labels: idx/train-labels-idx1-ubyte.gz, labelNames: [zero, one, two] }
test: { format: idx, images: idx/t10k-images-idx3-ubyte, labels: idx/t10k-labels-idx1-ubyte, labelNames: [zero, one, two] }
`);
      const plan = await planImages(named(digits), {
        ...{ source: "digits", labelNames: ["zero", "one", "two"] },
        image: { height: side, width: side, channels: 1 },
      });
      expect(plan).toMatchObject({ format: "idx", count: 9, parts: { train: 6, validation: 0, test: 3 } });
      const { sets } = await loadImages(plan);
      const without = ({ ids: _, ...set }: ImageSet): ImageSet => set;
      expectSame(without(sets.train as ImageSet), without(expected.sources[0]));
      expectSame(without(sets.test as ImageSet), without(expected.test));
    }
  });

  test("of IDX may be a pair of any names, known by their first bytes, and of other numbers with a window", async () => {
    const files = named({
      pictures: idxNumbers("i2", [2, 1, 2], [-100, 0, 50, 100]),
      truths: idxBytes([2], Uint8Array.of(1, 0)),
    });
    const { sets } = await load(files, { window: [-100, 100] });
    expect(Array.from(sets.train?.pixels ?? [])).toEqual([0, 128, 191, 255]);
  });

  test("of CIFAR have the classes and parts that their names and records say", async () => {
    const record = (label: number, seed: number): number[] => [label, ...pixels(3072, seed)];
    const files = {
      "data_batch_1.bin": Uint8Array.from([...record(3, 5), ...record(9, 7)]),
      "data_batch_2.bin.gz": gzipSync(Uint8Array.from(record(0, 11))),
      "test_batch.bin": Uint8Array.from(record(1, 13)),
    };
    written("cifar", files);
    const expected = await ofManifest(`
classes: [airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck]
image: { height: 32, width: 32, channels: 3 }
sources:
  - { name: C, format: cifar, files: [cifar/data_batch_1.bin, cifar/data_batch_2.bin.gz] }
test: { format: cifar, files: [cifar/test_batch.bin] }
`);
    const plan = await planImages(named(files), { source: "C" });
    expect(plan).toMatchObject({ format: "cifar", count: 4, image: { height: 32, width: 32, channels: 3 } });
    const { sets } = await loadImages(plan);
    expect(Array.from(sets.train?.states ?? [])).toEqual(Array.from(expected.sources[0].states));
    expect(Buffer.compare(sets.train?.pixels as Uint8Array, pixelsInMemory(expected.sources[0]))).toBe(0);
    expect(Buffer.compare(sets.test?.pixels as Uint8Array, pixelsInMemory(expected.test))).toBe(0);
  });

  test("of .npz have the parts of the archive, or those that members names", async () => {
    const archive = npz({
      train_images: npy([4, 3, 3], pixels(36, 5)),
      train_labels: npy([4, 1], Uint8Array.of(0, 1, 1, 0)),
      test_images: npy([2, 3, 3], pixels(18, 9)),
      test_labels: npy([2, 1], Uint8Array.of(1, 0)),
    });
    written("npz", { "set.npz": archive });
    const expected = await ofManifest(`
classes: ["0", "1"]
image: { height: 3, width: 3 }
sources:
  - { name: N, format: medmnist, file: npz/set.npz, split: { by: official } }
`);
    const { sets } = await load(named({ "set.npz": archive, "README.md": "of no interest" }), {
      source: "N",
    });
    expectSame(sets.train, expected.sources[0]);
    expectSame(sets.test, expected.test);
    const own = npz({ X: npy([2, 3, 3], pixels(18, 9)), y: npy([2], Uint8Array.of(1, 0)) });
    const { sets: all } = await load(named({ "own.npz": own }), { members: { all: ["X", "y"] } });
    expect(all.train).toMatchObject({ count: 2, ids: ["0", "1"] });
  });
});

describe("what cannot be loaded is said in one line that names the file", () => {
  const whole = named(sheep);
  const more = (contents: Contents): NamedFile[] => [...whole, ...named(contents)];
  const big = { source: "A", image: { height: 512, width: 512, channels: 3 } };
  test.each([
    [
      "no file",
      () => load([]),
      /^DataError: files: holds no file: give a folder of images a class, images with a \.csv table, IDX/,
    ],
    [
      "of no use",
      () => load(named({ "a.doc": "x", "b.doc": "y" })),
      /^DataError: files: holds 2 files \("a\.doc", "b\.doc"\): give a/,
    ],
    [
      "no image",
      () => load(more({ "animals/dog/x.png": "no image" }), { image }),
      /^DataError: animals\/dog\/x\.png: is neither .*: it looks like text$/,
    ],
    [
      "no image by its name",
      () => load(more({ "animals/dog/x.doc": "" }), { image }),
      /^DataError: animals\/dog\/x\.doc: is no image by its name/,
    ],
    [
      "beside the folders",
      () => load(more({ "animals/x.png": png(1) }), { image }),
      /^DataError: animals\/x\.png: lies in no class's folder, but beside them$/,
    ],
    [
      "no class",
      () => load(named({ "one/1.png": png(1), "one/2.png": png(2) }), { image }),
      /^DataError: one: holds images, but no folder a class: put the/,
    ],
    [
      "an unknown label",
      () => load(whole, { image }, { classes: ["cat", "dog"] }),
      /^DataError: files: has the label "sheep", which is none of the classes cat, dog: say under mapping/,
    ],
    [
      "no such class",
      () => load(whole, { image }, { classes: ["cat"], mapping: { dog: "kat" } }),
      /^DataError: files: mapping gives "dog" the class "kat", which there is not; did you mean "cat"\?$/,
    ],
    [
      "too many bytes",
      () => load(whole, big, { most: 2 ** 20 }),
      /^DataError: A: needs 6\.8 MiB for 9 images of 512 x 512 x 3, and 1\.0 MiB are allowed: give fewer/,
    ],
    [
      "too large a file",
      () => load(named({ "a.npz": npz({ a: npy([9], pixelsOf(9)) }) }), { most: 8 }),
      /^DataError: a\.npz: holds \d+ bytes; at most 8 bytes are allowed: allow more/,
    ],
    [
      "twice",
      () => load(named({ "a/1.png": png(1), "./a/1.png": png(1) })),
      /^DataError: a\/1\.png: is there twice: give each file once$/,
    ],
    [
      "no labels",
      () => load(named({ "images-idx3-ubyte": idxBytes([1, 2, 2], pixelsOf(4)) })),
      /^DataError: images-idx3-ubyte: has no file of labels: that of/,
    ],
    [
      "a damaged gzip stream",
      () => load(named({ "a/1.png": gzipSync(png(1)).subarray(0, 40), "b/1.png": png(1) })),
      /^DataError: a\/1\.png: cannot be read: its gzip stream is damaged/,
    ],
    [
      "two tables",
      () => load(more({ "a.csv": "a", "b.csv": "b" })),
      /^DataError: files: holds 2 tables, a\.csv and b\.csv; give one/,
    ],
    [
      "no parts",
      () => load(whole, { image }, { split: "official" }),
      /^DataError: files: says no part of any image/,
    ],
    [
      "shares",
      () => load(whole, { image }, { split: { test: 1.5 } }),
      /^DataError: files: split has the shares 0 and 1\.5: each is from 0 to 1/,
    ],
    [
      "an empty part",
      () => load(whole, { image }, { split: { test: 1e-9 } }),
      /^DataError: files: split leaves the part test empty: no image/,
    ],
    [
      "another plan",
      async () => loadImages({ ...(await planImages(whole, { image })) }),
      /^UsageError: loadImages: the plan must be a plan, as planImages gives it/,
    ],
  ])("%s", async (_, work, line) => {
    const said = await complaint(work());
    expect(said).toMatch(line);
    expect(said).not.toContain("\n");
  });

  test("or left out, and told", async () => {
    const files = more({ "animals/dog/x.png": "no image", "animals/dog/x.doc": "" });
    const { sets, skipped } = await load(files, { image, skipBad: true });
    expect(sets.train?.count).toBe(9);
    expect(skipped.map(({ file }) => file)).toEqual(["animals/dog/x.doc", "animals/dog/x.png"]);
  });

  test("and a signal ends the work", async () => {
    const plan = await planImages(whole, { image });
    const stop = new AbortController();
    const work = loadImages(plan, { onProgress: () => stop.abort(), signal: stop.signal });
    await expect(work).rejects.toThrow(/abort/i);
  });
});

function pixelsOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i);
}

test("one image is decoded by itself, as it is or in a size", async () => {
  const file = { path: "a.png", bytes: png(1, { colour: true }) };
  expect(await imageOfFile(file)).toMatchObject({ height: 4, width: 5, channels: 3 });
  const small = await imageOfFile(file, { height: 2, width: 3, channels: 1 });
  expect(small).toMatchObject({ height: 2, width: 3, channels: 1 });
  expect(small.pixels).toHaveLength(6);
});

const onDisk = (place: string, names: readonly string[]): NamedFile[] =>
  names.map((name) => ({ path: name, bytes: readFileSync(join(dataRoot, place, name)) }));

withData(["mnist", "cifar10", "medmnist", "chestxray14"], "published sets from bytes", () => {
  test("MNIST's test digits, in another size", async () => {
    const names = ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];
    const [images, labels] = names.map((name) => `mnist/${name}`);
    const expected = await ofManifest(
      `
classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
image: { height: 28, width: 28 }
sources:
  - { name: MNIST, format: idx, images: ${images}, labels: ${labels} }
`,
      dataRoot,
    );
    const { sets } = await load(onDisk("mnist", names), { source: "MNIST" });
    expectSame(sets.train, expected.sources[0]);
  });

  test("CIFAR-10", async () => {
    const expected = await ofManifest(
      `
classes: [airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck]
image: { height: 32, width: 32, channels: 3 }
sources:
  - { name: C, format: cifar, files: [cifar10/test_batch_first1000.bin.gz] }
`,
      dataRoot,
    );
    const { sets } = await load(onDisk("cifar10", ["test_batch_first1000.bin.gz"]), { source: "C" });
    expectSame(sets.train, expected.sources[0]);
  });

  test("BreastMNIST, with the names and parts of its labels", async () => {
    const expected = await ofManifest(
      `
classes: [malignant, "normal, benign"]
image: { height: 28, width: 28 }
sources:
  - { name: B, format: medmnist, file: medmnist/breastmnist.npz, split: { by: official } }
`,
      dataRoot,
    );
    const { sets, classes } = await load(onDisk("medmnist", ["breastmnist.npz"]), { source: "B" });
    expect(classes).toEqual(expected.classes);
    expectSame(sets.train, expected.sources[0]);
    expectSame(sets.validation, expected.validation);
    expectSame(sets.test, expected.test);
  });

  test("radiographs with a table of findings", async () => {
    const names = readdirSync(join(dataRoot, "chestxray14/images_64")).slice(0, 40);
    const lines = readFileSync(join(dataRoot, "chestxray14/Data_Entry_subset.csv"), "utf8").split("\n");
    const text = lines.filter((line, i) => i === 0 || names.includes(line.split(",", 1)[0])).join("\n");
    const files = names.map((name) => ({
      path: `images_64/${name}`,
      bytes: readFileSync(join(dataRoot, "chestxray14/images_64", name)),
    }));
    written("chest", {
      "findings.csv": text,
      ...Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])),
    });
    const plan = await planImages([...files, ...named({ "findings.csv": text })], {
      ...{ source: "NIH", image: { height: 32, width: 32, channels: 1 } },
      table: { label: "Finding Labels" },
    });
    const classes = plan.labels.map(({ name }) => name);
    const expected = await ofManifest(`
classes: [${classes.join(", ")}]
image: { height: 32, width: 32 }
sources:
  - name: NIH
    format: table
    table: chest/findings.csv
    images: chest/images_64
    image: Image Index
    label: Finding Labels
    separator: "|"
    patient: Patient ID
`);
    expect(plan.count).toBe(40);
    expectSame((await loadImages(plan)).sets.train, expected.sources[0]);
  });
});

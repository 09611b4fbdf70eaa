// Symbolic links in a data root: whatever a manifest reads, every file and folder of it, is refused where a link leads to it from elsewhere.
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { loadAssembly } from "../../src/data/assembly/load.ts";
import { catalogue, type Catalogue } from "../../src/data/catalogue/catalogue.ts";
import { noClass } from "../../src/data/manifest/class-filter.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { DataError, ManifestError } from "../../src/errors/data-errors.ts";
import { LinkGuard } from "../../src/files/links.ts";
import { idxBytes } from "./formats/idx-files.ts";
import { npy, npz } from "./formats/npz-files.ts";
import { writeBelow, writeGrey } from "./grey-masks.ts";
import { writeDicom } from "./images/dicom-files.ts";
import { straight, writeNifti } from "./volumes/nifti-files.ts";

const top = mkdtempSync(join(realpathSync(tmpdir()), "tessera-links-"));
afterAll(() => rmSync(top, { recursive: true, force: true }));
const root = join(top, "root");
const outside = join(top, "elsewhere");
beforeEach(() => {
  for (const folder of [root, outside]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  }
});

const write = (name: string, content: Uint8Array | string): void => writeBelow(root, name, content);
const grey = (name: string): void => writeGrey(root, name, [0, 1, 1, 0, 2, 2, 0, 0]);
const dicom = (patient: string): Buffer =>
  writeDicom({ values: Array(12).fill(7), more: [[0x00100020, "LO", patient]] });
const volume = (name: string): void => {
  const values = Uint8Array.from({ length: 80 }, (_, i) => i % 3);
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeNifti(root, name, { shape: [4, 4, 5], values, sform: straight(1, 1, 1) });
};
const cifarRecord = (label: number): Uint8Array =>
  Uint8Array.from({ length: 3073 }, (_, i) => (i === 0 ? label : i % 7));

interface Kind {
  readonly entry: string;
  readonly write: () => void;
  readonly isMasked?: true;
  /** Files below the root that the entry does not read. */
  readonly unread?: readonly string[];
}

const masked = "format: folder, folder: films, values: { 1: A, 2: B }";
const volumes = "format: nifti, values: { 1: A, 2: B }, axis: axial, window: [0, 255]";
const films = (): void => {
  for (const name of ["a", "b"]) grey(`films/${name}.png`);
};

const kinds: Readonly<Record<string, Kind>> = {
  "a table, one joined to it, boxes, a list of parts, and two folders of images": {
    entry:
      "format: table, table: lists/t.csv, image: file, images: [films, more], columns: [A, B], join: [{ table: lists/j.csv, on: [file] }], " +
      "boxes: { table: lists/boxes.csv, image: file, class: A, box: [x, y, w, h] }, split: { by: list, train: lists/train.txt, test: lists/test.txt }",
    write: () => {
      grey("films/a.png");
      grey("more/deep/b.png");
      write("lists/t.csv", "file,A\na.png,1\ndeep/b.png,0\n");
      write("lists/j.csv", "file,B\na.png,0\ndeep/b.png,1\n");
      write("lists/boxes.csv", "file,x,y,w,h\na.png,0,0,1,1\n");
      write("lists/train.txt", "a.png\n");
      write("lists/test.txt", "deep/b.png\n");
    },
  },
  "a folder of classes, one image without an ending, and patients from tags": {
    entry: "format: folder, folder: films, patientTag: true, split: { by: patient, train: 0.5, test: 0.5 }",
    write: () => {
      write("films/A/IM1", dicom("1"));
      write("films/A/deep/2.dcm", dicom("2"));
      write("films/B/3.dcm", dicom("3"));
      write("films/B/4.dcm", dicom("4"));
    },
  },
  "masks in a folder": {
    entry: `${masked}, masks: drawn`,
    isMasked: true,
    write: () => {
      films();
      for (const name of ["a", "b"]) grey(`drawn/${name}.png`);
    },
  },
  "masks by a path": {
    entry: `${masked}, masks: "drawn/{name}/mask.png"`,
    isMasked: true,
    write: () => {
      films();
      for (const name of ["a", "b"]) grey(`drawn/${name}/mask.png`);
    },
  },
  "masks by a column": {
    entry:
      "format: table, table: t.csv, image: file, masks: { column: mask, folder: drawn }, values: { 1: A, 2: B }",
    isMasked: true,
    write: () => {
      films();
      for (const name of ["a", "b"]) grey(`drawn/of/${name}.png`);
      write("t.csv", "file,mask\nfilms/a.png,of/a.png\nfilms/b.png,of/b.png\n");
    },
  },
  "IDX files": {
    entry:
      "format: idx, images: i.idx, labels: l/l.idx, mapping: { 0: A, 1: B }, split: { by: image, test: 0.5 }",
    write: () => {
      write(
        "i.idx",
        idxBytes(
          [4, 2, 2],
          Uint8Array.from({ length: 16 }, (_, i) => i),
        ),
      );
      write("l/l.idx", idxBytes([4], Uint8Array.of(0, 1, 0, 1)));
    },
  },
  "CIFAR batches": {
    entry:
      "format: cifar, files: [c/one.bin, c/two.bin], mapping: { cat: A, dog: B }, split: { by: image, test: 0.5 }",
    write: () => {
      write("c/one.bin", Buffer.concat([cifarRecord(3), cifarRecord(5)]));
      write("c/two.bin", Buffer.concat([cifarRecord(5), cifarRecord(3)]));
    },
  },
  "an archive of MedMNIST": {
    entry: "format: medmnist, file: m/set.npz, mapping: { 0: A, 1: B }",
    write: () => {
      const part = (name: string, start: number): Record<string, Uint8Array> => ({
        [`${name}_images`]: npy(
          [2, 2, 2],
          Array.from({ length: 8 }, (_, i) => start + i),
        ),
        [`${name}_labels`]: npy([2], [0, 1]),
      });
      write("m/set.npz", npz({ ...part("train", 0), ...part("val", 50), ...part("test", 100) }));
    },
  },
  "a COVIDx list with names in a table": {
    entry:
      "format: covidx, list: l/list.txt, images: films, labelName: A, names: { table: l/names.csv, from: old, to: new }",
    write: () => {
      films();
      write("l/list.txt", "1 x.png negative s\n2 y.png positive s\n");
      write("l/names.csv", "old,new\nx.png,a.png\ny.png,b.png\n");
    },
  },
  "volumes in a folder": {
    entry: `${volumes}, volumes: ct, masks: seg`,
    isMasked: true,
    write: () => {
      for (const name of ["ct/one_0000.nii", "seg/one.nii", "ct/deep/two_0000.nii", "seg/deep/two.nii"])
        volume(name);
    },
  },
  "volumes by a path": {
    entry: `${volumes}, volumes: "cases/{name}/imaging.nii", masks: "cases/{name}/labels.nii"`,
    isMasked: true,
    write: () => {
      for (const name of ["a", "b"])
        for (const of of ["imaging", "labels"]) volume(`cases/${name}/${of}.nii`);
    },
  },
  "volumes in a table": {
    entry: `${volumes}, table: t.csv, image: file, masks: { column: labels, folder: . }`,
    isMasked: true,
    write: () => {
      volume("ct/one.nii");
      volume("seg/one.nii");
      write("t.csv", "file,labels\nct/one.nii,seg/one.nii\n");
    },
  },
};

const make = (
  { entry, isMasked }: Pick<Kind, "entry" | "isMasked">,
  options: { readonly followLinks?: boolean; readonly skipBad?: boolean } = {},
  dataRoot = root,
): Promise<Catalogue> => {
  const split =
    /split:|medmnist|covidx|boxes/u.test(entry) || isMasked !== true ? "" : ", split: { by: none }";
  const text = `task: ${isMasked === true ? "segmentation" : "classification"}
classes: [A, B]
image: { height: 2, width: 4 }
sources: [{ name: S${split}, ${entry} }]
`;
  return catalogue(parseManifest(text, "m.yaml", noClass), { dataRoot, seed: 1, untested: true, ...options });
};
const idsOf = ({ lists }: Catalogue): readonly string[] =>
  lists.flatMap(({ part, samples }) => samples.map(({ id }) => `${part} ${id}`));
const refusal = (of: Promise<unknown>): Promise<unknown> =>
  of.then(
    () => "nothing is refused",
    (error: unknown) => error,
  );

/** Every file and folder below a folder. */
const everything = (folder: string, below = ""): string[] =>
  readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    return entry.isDirectory() ? [path, ...everything(folder, path)] : [path];
  });

/** Moves something out of the root, and puts a link in its place. */
function moveOut(path: string): void {
  const target = join(outside, "moved");
  renameSync(join(root, path), target);
  symlinkSync(target, join(root, path));
}
function moveBack(path: string): void {
  rmSync(join(root, path));
  renameSync(join(outside, "moved"), join(root, path));
}

describe("what lies elsewhere, and a link leads to", () => {
  test.each(Object.entries(kinds))("is refused for %s, unless links are followed", async (_, kind) => {
    kind.write();
    const ids = idsOf(await make(kind));
    expect(ids.length).toBeGreaterThan(0);
    const paths = everything(root);
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      moveOut(path);
      for (const skipBad of [false, true]) {
        const error = await refusal(make(kind, { skipBad }));
        expect(error, path).toBeInstanceOf(ManifestError);
        const { message } = error as ManifestError;
        expect(message).toContain(`m.yaml:4: sources[0] reads ${join(root, path)}`);
        expect(message).toContain(`leads to ${join(outside, "moved")}`);
        expect(message).toContain(`out of the data root ${root}`);
        expect(message).toContain("--follow-links");
        expect(message).not.toContain("\n");
      }
      expect(idsOf(await make(kind, { followLinks: true })), path).toEqual(ids);
      moveBack(path);
    }
    expect(idsOf(await make(kind))).toEqual(ids);
  });

  test("is read where the root itself is a link, and where a link stays within it", async () => {
    const kind = kinds["masks by a column"];
    kind.write();
    const ids = idsOf(await make(kind));
    symlinkSync(root, join(outside, "root"));
    expect(idsOf(await make(kind, {}, join(outside, "root")))).toEqual(ids);
    mkdirSync(join(root, "store"));
    renameSync(join(root, "films/a.png"), join(root, "store/a.png"));
    symlinkSync("../store/a.png", join(root, "films/a.png"));
    renameSync(join(root, "drawn"), join(root, "store/drawn"));
    symlinkSync(join(root, "store/drawn"), join(root, "drawn"));
    expect(idsOf(await make(kind))).toEqual(ids);
    expect(idsOf(await make(kind, {}, join(outside, "root")))).toEqual(ids);
  });

  test("is no other folder whose name only begins as the root's", async () => {
    const kind = kinds["masks in a folder"];
    kind.write();
    cpSync(root, `${root}-of-others`, { recursive: true });
    rmSync(join(root, "films"), { recursive: true });
    symlinkSync("../root-of-others/films", join(root, "films"));
    expect(await refusal(make(kind))).toBeInstanceOf(ManifestError);
    rmSync(`${root}-of-others`, { recursive: true });
  });

  test("is refused by a link to nothing, too, and a chain of links; what loops is not there", async () => {
    const kind = { entry: "format: table, table: t.csv, image: file, columns: [A]" };
    write("t.csv", "file,A\na.png,1\nb.png,0\n");
    grey("a.png");
    const link = (target: string): void => {
      rmSync(join(root, "b.png"), { force: true });
      symlinkSync(target, join(root, "b.png"));
    };
    link("../elsewhere/nothing.png");
    expect(await refusal(make(kind))).toMatchObject({
      message: expect.stringContaining(`leads to ${join(outside, "nothing.png")}, out of`) as string,
    });
    symlinkSync("next.png", join(outside, "first.png"));
    symlinkSync("last.png", join(outside, "next.png"));
    link("../elsewhere/first.png");
    expect(await refusal(make(kind))).toMatchObject({
      message: expect.stringContaining(`leads to ${join(outside, "last.png")}, out of`) as string,
    });
    // Out of the root and in again.
    rmSync(join(outside, "next.png"));
    symlinkSync(join(root, "a.png"), join(outside, "next.png"));
    expect(idsOf(await make(kind))).toEqual(["train a.png", "train b.png"]);
    link("b.png");
    const load = loadAssembly(
      parseManifest(
        "classes: [A]\nimage: { height: 2, width: 4 }\nsources: [{ name: S, format: table, table: t.csv, image: file, columns: [A] }]\n",
        "m.yaml",
        noClass,
      ),
      { dataRoot: root, seed: 1, untested: true, cache: join(top, "cache") },
    );
    const error = await refusal(load);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(/b\.png: .*ELOOP/u);
  });

  test("says nothing of what lies there: no name of another folder is suggested", async () => {
    writeFileSync(join(outside, "secret.csv"), "");
    symlinkSync(outside, join(root, "lists"));
    const error = await refusal(
      make({ entry: "format: table, table: lists/secre.csv, image: file, columns: [A]" }),
    );
    expect(error).toBeInstanceOf(ManifestError);
    expect((error as Error).message).not.toContain("secret");
  });

  test("is refused in large folders, which are listed, as in small ones; a hard link is a file of its own", async () => {
    const names = Array.from({ length: 600 }, (_, i) => `${i}.png`);
    write("t.csv", `file,A\n${names.map((name, i) => `films/${name},${i % 2}\n`).join("")}`);
    for (const name of names) write(`films/${name}`, "");
    const kind = { entry: "format: table, table: t.csv, image: file, columns: [A]" };
    expect(idsOf(await make(kind))).toHaveLength(600);
    rmSync(join(root, "films/599.png"));
    writeFileSync(join(outside, "x.png"), "");
    linkSync(join(outside, "x.png"), join(root, "films/599.png"));
    expect(idsOf(await make(kind))).toHaveLength(600);
    rmSync(join(root, "films/599.png"));
    symlinkSync(join(outside, "x.png"), join(root, "films/599.png"));
    expect(await refusal(make(kind))).toBeInstanceOf(ManifestError);
  });
});

describe("a path", () => {
  const refused = (entry: string): string => {
    try {
      parseManifest(
        `classes: [A]\nimage: { height: 2, width: 2 }\nsources: [{ name: S, ${entry} }]\n`,
        "m.yaml",
        noClass,
      );
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing is refused";
  };
  test.each(["../x.csv", "a/../../x.csv", "/etc/passwd", "..\\x.csv"])(
    "%s is refused as text, whatever links say",
    (path) => {
      expect(refused(`format: table, table: '${path}', image: file, columns: [A]`)).toMatch(
        /leaves the data root/u,
      );
    },
  );
});

test("a guard tells where links lead, without a folder and at the top of all, too", () => {
  expect(new LinkGuard(join(top, "nothing")).leadsOut(join(top, "nothing/a.png"))).toBeUndefined();
  expect(new LinkGuard("/").leadsOut(join(root, "a.png"))).toBeUndefined();
  expect(new LinkGuard(root).leadsOut(root)).toBeUndefined();
  symlinkSync(outside, join(root, "out"));
  expect(new LinkGuard(root).leadsOut(join(root, "out/none/a.png"))).toBe(join(outside, "none/a.png"));
  expect(existsSync(join(outside, "none"))).toBe(false);
});

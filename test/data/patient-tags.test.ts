// Patients from the tag of DICOM files, and folders of DICOM, on small files that are written here.
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogue } from "../../src/data/catalogue/catalogue.ts";
import type { Catalogue, CatalogueOptions } from "../../src/data/catalogue/catalogue.ts";
import { readPatientId } from "../../src/data/images/dicom-patient.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { idxBytes } from "./formats/idx-files.ts";
import { complaint, temporaryFolder, writeFiles } from "./formats/list-files.ts";
import { writeDicom } from "./images/dicom-files.ts";
import type { DicomContent, Element } from "./images/dicom-files.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => void (folder = temporaryFolder()));
afterEach(() => folder.remove());

const of = (patient: string, content: DicomContent = {}): Buffer =>
  writeDicom({
    ...content,
    values: Array(12).fill(7),
    more: [[0x00100020, "LO", patient], ...(content.more ?? [])],
  });
const manifest = (entry: string): string => `
classes: [cat, dog]
image: { height: 8, width: 8 }
sources: [{ name: S, ${entry} }]`;
const make = (entry: string, options: Partial<CatalogueOptions> = {}): Promise<Catalogue> =>
  catalogue(parseManifest(manifest(entry), "m.yaml"), { dataRoot: folder.path, seed: 1, ...options });
const patientsOf = ({ lists }: Catalogue): Record<string, string | undefined> =>
  Object.fromEntries(lists.flatMap(({ samples }) => samples.map(({ id, patient }) => [id, patient])));
const tagged = "format: folder, folder: d, patientTag: true, split: { by: patient, train: 0.5, test: 0.5 }";

describe("a folder of DICOM", () => {
  test("takes .dcm, names without an ending and unique identifiers, and passes a DICOMDIR over", async () => {
    writeFiles(folder.path, {
      "d/cat/a.dcm": of("1"),
      "d/cat/b.DICOM": of("2"),
      "d/cat/IM0001": of("3"),
      "d/dog/1.2.840.99.7": of("4"),
      "d/dog/c.dcm.gz": gzipSync(of("5")),
      "d/dog/DICOMDIR": "anything",
    });
    const made = await make("format: folder, folder: d, split: { by: image, train: 0.6, test: 0.4 }");
    expect(Object.keys(patientsOf(made)).sort()).toEqual(
      ["cat/IM0001", "cat/a.dcm", "cat/b.DICOM", "dog/1.2.840.99.7", "dog/c.dcm.gz"].sort(),
    );
    expect(Object.values(patientsOf(made)).every((patient) => patient === undefined)).toBe(true);
    writeFiles(folder.path, { "d/cat/README": "no image" });
    expect(await complaint(make(tagged), folder.path)).toMatch(/^d\/cat\/README: is no image by its name/u);
  });
});

describe("patientTag", () => {
  test("takes each image's patient from its file, and keeps patients whole", async () => {
    const files = Array.from({ length: 40 }, (_, i) => [
      `d/${i % 2 === 0 ? "cat" : "dog"}/${i}.dcm`,
      of(`P${i >> 2}`),
    ]);
    writeFiles(folder.path, Object.fromEntries(files) as Record<string, Buffer>);
    const seen: [string, number, number][] = [];
    const made = await make(tagged, { onOpened: (...each) => void seen.push(each) });
    expect(patientsOf(made)).toMatchObject({ "cat/0.dcm": "P0", "dog/3.dcm": "P0", "dog/39.dcm": "P9" });
    const parts = made.lists.map(({ samples }) => new Set(samples.map(({ patient }) => patient)));
    expect(parts.reduce((sum, set) => sum + set.size, 0)).toBe(10);
    expect(seen.at(-1)).toEqual(["S", 40, 40]);
  });

  test("is refused where patients are known already, and for arrays", async () => {
    writeFiles(folder.path, {
      "t.csv": "file,who,dx\na.dcm,p,cat\nb.dcm,q,dog\n",
      "a.dcm": of("1"),
      "b.dcm": of("2"),
    });
    const table =
      "format: table, table: t.csv, image: file, label: dx, split: { by: image, train: 0.5, test: 0.5 }";
    expect(await complaint(make(`${table}, patient: who, patientTag: true`), folder.path)).toMatch(
      /m\.yaml:4: sources\[0\]\.patientTag cannot stand beside patients/u,
    );
    expect(patientsOf(await make(`${table}, patientTag: true`))).toEqual({ "a.dcm": "1", "b.dcm": "2" });
    writeFiles(folder.path, {
      images: idxBytes([4, 2, 2], new Uint8Array(16)),
      labels: idxBytes([4], Uint8Array.of(0, 1, 0, 1)),
    });
    const arrays = "format: idx, images: images, labels: labels, labelNames: [cat, dog], patientTag: true";
    expect(await complaint(make(arrays), folder.path)).toMatch(/patientTag is about DICOM files/u);
  });

  test("leaves a bad file out without dealing the others anew", async () => {
    const files = Array.from({ length: 30 }, (_, i) => [
      `d/${i % 2 === 0 ? "cat" : "dog"}/${10 + i}.dcm`,
      of(`P${i}`),
    ]);
    writeFiles(folder.path, Object.fromEntries(files) as Record<string, Buffer>);
    const split =
      "format: folder, folder: d, patientTag: true, rows: { from: 3, to: 24 }, split: { by: image, train: 0.5, test: 0.5 }";
    const partsOf = ({ lists }: Catalogue): Record<string, string> =>
      Object.fromEntries(lists.flatMap(({ part, samples }) => samples.map(({ id }) => [id, part])));
    const before = partsOf(await make(split));
    expect(Object.keys(before)).toHaveLength(22);
    writeFiles(folder.path, { "d/cat/10.dcm": "bad", "d/cat/16.dcm": "bad", "d/dog/13.dcm": "bad" });
    const after = await make(split, { skipBad: true });
    expect(after.skipped).toHaveLength(3);
    const left = Object.entries(before).filter(([id]) => id !== "cat/16.dcm" && id !== "dog/13.dcm");
    expect(partsOf(after)).toEqual(Object.fromEntries(left));
  });

  test("names a file that is no DICOM or is damaged, or leaves it out with its labels", async () => {
    writeFiles(folder.path, {
      "d/cat/0.png": "not DICOM",
      "d/cat/1.dcm": of("A"),
      "d/dog/2.dcm": of("B").subarray(0, 150),
      "d/dog/3.dcm": of("C"),
      "d/dog/4.dcm": of("D"),
    });
    expect(await complaint(make(tagged), folder.path)).toMatch(
      /^d\/cat\/0\.png: is no DICOM file.*--skip-bad/u,
    );
    const split = "format: folder, folder: d, patientTag: true, split: { by: image, train: 0.5, test: 0.5 }";
    const made = await make(split, { skipBad: true });
    expect(made.skipped.map(({ file }) => file.slice(folder.path.length))).toEqual([
      "/d/cat/0.png",
      "/d/dog/2.dcm",
    ]);
    const states = made.lists.flatMap(({ samples, states }) =>
      samples.map(({ id }, i) => [id, [...states.subarray(2 * i, 2 * i + 2)]] as const),
    );
    expect(Object.fromEntries(states)).toEqual({
      "cat/1.dcm": [1, 0],
      "dog/3.dcm": [0, 1],
      "dog/4.dcm": [0, 1],
    });
  });
});

describe("the tag", () => {
  const read = (bytes: Uint8Array): Promise<string | undefined> => {
    writeFiles(folder.path, { f: bytes });
    return readPatientId(`${folder.path}/f`);
  };

  test("is read in every transfer syntax, without blanks around it; an empty one is no patient", async () => {
    for (const syntax of ["implicit", "explicit", "deflated", "big"] as const) {
      expect(await read(of(" 007 ", { syntax }))).toBe("007");
    }
    expect(await read(of(""))).toBeUndefined();
    expect(await read(of("1", { more: [[0x00100020]] }))).toBeUndefined();
    expect(await read(of("3", { preamble: false }))).toBe("3");
  });

  test("has the letters of the file's character set", async () => {
    const set = (name: string): Element => [0x00080005, "CS", name];
    const utf8 = Buffer.from("Zoë1").toString("latin1");
    expect(await read(of(utf8, { more: [set("ISO_IR 192")] }))).toBe("Zoë1");
    expect(await read(of("Zo\xeb1", { more: [set("ISO_IR 100")] }))).toBe("Zoë1");
  });

  test("is found behind a long element, in a file of which the pixels are missing", async () => {
    const before: Element = [0x00091010, "OB", new Uint8Array(200_000)];
    const bytes = of("far", { more: [before] });
    expect(await read(bytes.subarray(0, 200_400))).toBe("far");
    for (const syntax of ["explicit", "deflated"] as const) {
      expect(await read(of("far", { syntax, more: [before] }))).toBe("far");
    }
  });
});

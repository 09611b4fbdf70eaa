// Two small sources on disk, a clinic's table and arrays of digits, and manifests of them.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { catalogue, type Catalogue } from "../../src/data/catalogue/catalogue.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { idxBytes, temporaryFolder, writeIdx } from "./formats/idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
export const root = folder.path;

// Twelve images of six patients. "edema" and "oedema" are two words for one thing.
export const rows = [
  ["a.png", "p1", "PA", "1", "0", "0", "train"],
  ["b.png", "p1", "AP", "-1", "", "0", "train"],
  ["c.png", "p2", "PA", "0", "-1", "1", "train"],
  ["d.png", "p2", "PA", "0", "", "0", "train"],
  ["e.png", "p3", "AP", "0", "0", "", "train"],
  ["f.png", "p3", "PA", "", "1", "1", "train"],
  ["g.png", "p4", "PA", "0", "0", "1", "valid"],
  ["h.png", "p4", "AP", "1", "1", "0", "valid"],
  ["i.png", "p5", "PA", "0", "0", "0", "test"],
  ["j.png", "p5", "PA", "0", "", "1", "test"],
  ["k.png", "p6", "AP", "-1", "-1", "-1", "test"],
  ["l.png", "p6", "PA", "0", "0", "1", "test"],
];
export const header = "file,who,view,edema,oedema,mass,fold";
writeFileSync(join(root, "table.csv"), [header, ...rows.map((row) => row.join(","))].join("\n"));
mkdirSync(join(root, "tiny"));
const bytes = (length: number, value: (i: number) => number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => value(i));
writeIdx(
  root,
  "tiny/images",
  idxBytes(
    [40, 2, 2],
    bytes(160, (i) => i),
  ),
);
writeIdx(
  root,
  "tiny/labels",
  idxBytes(
    [40],
    bytes(40, (i) => i % 4),
  ),
);
writeIdx(
  root,
  "tiny/other",
  idxBytes(
    [40],
    bytes(40, (i) => (i * 3) % 4),
  ),
);

export const table =
  "format: table, table: table.csv, image: file, patient: who, columns: [edema, oedema, mass]";
export const split = "split: { by: patient, test: 0.3 }";
export const clinic = (fields: string): string => `
classes: [Edema, mass]
image: { height: 16, width: 16 }
sources:
  - { name: clinic, ${table}, mapping: { edema: Edema, oedema: Edema }, ${fields} }
`;
export const digits = (first: string, second: string): string => `
classes: [0, 1, 2, 3]
image: { height: 2, width: 2 }
model: { blocks: [1] }
augment: { weak: none, strong: none }
sources:
  - { name: A, format: idx, images: tiny/images, labels: tiny/labels, ${first} }
test: { format: idx, images: tiny/images, ${second} }
`;
export const make = (
  text: string,
  options: { seed?: number; limit?: number; skipBad?: boolean } = {},
): Promise<Catalogue> => catalogue(parseManifest(text, "m.yaml"), { dataRoot: root, seed: 1, ...options });
export const idsOf = ({ lists }: Catalogue): Record<string, string[]> =>
  Object.fromEntries(lists.map(({ part, samples }) => [part, samples.map(({ id }) => id)]));

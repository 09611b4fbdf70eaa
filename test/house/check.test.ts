// The house's own checks (scripts/house): each finds its fault in a small bad tree, and nothing in a good one.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { faultsIn } from "../../scripts/house/faults.mjs";

let folder = "";
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function plant(tree: Readonly<Record<string, string>>): void {
  folder = mkdtempSync(join(tmpdir(), "tessera-house-"));
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function faultsOf(tree: Readonly<Record<string, string>>): string[] {
  plant(tree);
  return faultsIn(folder);
}

const good = {
  "src/errors/errors.ts": "export const error = 1;\n",
  "src/kernels/kernel.ts": 'import { error } from "../errors/errors.ts";\nexport const kernel = error;\n',
  "src/kernels/index.ts": 'export { kernel } from "./kernel.ts";\n',
  "src/index.ts": 'export { kernel } from "./kernels/kernel.ts";\n',
  "test/kernels/kernel.test.ts": 'import { kernel } from "../../src/kernels/index.ts";\nkernel;\n',
  "examples/README.md": "",
  "shaders/batchNorm.wgsl": "",
};

test("a tree in order has no fault", () => {
  expect(faultsOf(good)).toEqual([]);
});

test("an import upward is named with both files", () => {
  const upward = { "src/errors/nearest.ts": 'import { kernel } from "../kernels/kernel.ts";\nkernel;\n' };
  expect(faultsOf({ ...good, ...upward })).toEqual([
    "src/errors/nearest.ts: imports src/kernels/kernel.ts, which is not on a lower floor (scripts/house/floors.mjs)",
  ]);
});

test("an import upward of a type, or later in the program, counts too", () => {
  const type = {
    "src/errors/nearest.ts": 'import type { K } from "../kernels/kernel.ts";\nexport type N = K;\n',
  };
  expect(faultsOf({ ...good, ...type })).toHaveLength(1);
  const later = { "src/errors/nearest.ts": 'export const load = () => import("../kernels/kernel.ts");\n' };
  expect(faultsOf({ ...good, ...later })).toHaveLength(1);
});

test("every room is looked at, one that is called as the folder of people's runs too", () => {
  const room = { "src/runs/run-folder.ts": 'import { page } from "../report/page.ts";\npage;\n' };
  expect(faultsOf({ ...good, ...room, "src/report/page.ts": "export const page = 1;\n" })).toEqual([
    "src/runs/run-folder.ts: imports src/report/page.ts, which is not on a lower floor (scripts/house/floors.mjs)",
  ]);
});

test("rooms on one floor do not import each other", () => {
  const beside = {
    "src/optim/rates.ts": "export const rate = 1;\n",
    "src/nn/layers.ts": 'export * from "../optim/rates.ts";\n',
  };
  expect(faultsOf({ ...good, ...beside })).toEqual([
    "src/nn/layers.ts: imports src/optim/rates.ts, which is not on a lower floor (scripts/house/floors.mjs)",
  ]);
});

test("a room that is on no floor is named", () => {
  expect(faultsOf({ ...good, "src/attic/box.ts": "export const box = 1;\n" })).toEqual([
    "src/attic: is on no floor; add it to scripts/house/floors.mjs",
  ]);
});

test("nothing inside src/ imports an entry, but entries hand out what is above them", () => {
  const entry = {
    "src/tensor/shape.ts": 'import { kernel } from "../kernels/index.ts";\nexport const shape = kernel;\n',
    "src/kernels/index.ts": 'export { shape } from "../tensor/shape.ts";\n',
  };
  expect(faultsOf({ ...good, ...entry })).toEqual([
    "src/tensor/shape.ts: imports src/kernels/index.ts, an entry of the package; import the file that defines the name",
    "circle of imports: src/kernels/index.ts -> src/tensor/shape.ts -> src/kernels/index.ts",
  ]);
});

test("src/ imports nothing from outside it", () => {
  const outside = { "src/errors/nearest.ts": 'import { one } from "../../test/one.ts";\none;\n' };
  expect(faultsOf({ ...good, ...outside, "test/one.ts": "export const one = 1;\n" })).toEqual([
    "src/errors/nearest.ts: imports test/one.ts; src/ imports only from itself and from packages",
  ]);
});

test("a circle that types close is shown file by file, in src/ and elsewhere", () => {
  const circle = (place: string): Record<string, string> => ({
    [`${place}/a.ts`]: 'import type { B } from "./b.ts";\nexport type A = B;\n',
    [`${place}/b.ts`]: 'export type { C } from "./c.ts";\nexport type B = 1;\n',
    [`${place}/c.ts`]: 'import {\n  type A,\n} from "./a.ts";\nexport type C = A;\n',
  });
  expect(faultsOf({ ...good, ...circle("src/tensor"), ...circle("bench/works") })).toEqual([
    "circle of imports: src/tensor/a.ts -> src/tensor/b.ts -> src/tensor/c.ts -> src/tensor/a.ts",
    "circle of imports: bench/works/a.ts -> bench/works/b.ts -> bench/works/c.ts -> bench/works/a.ts",
  ]);
});

test("a file name is said once in src/, index.ts aside", () => {
  const again = {
    "src/tensor/kernel.ts": "",
    "src/tensor/shapes/index.ts": "",
    "test/tensor/kernel.test.ts": "",
  };
  expect(faultsOf({ ...good, ...again })).toEqual([
    "kernel.ts: occurs 2 times, give each its own name: src/kernels/kernel.ts, src/tensor/kernel.ts",
  ]);
});

test("names of files and folders are in kebab-case, those of shaders aside", () => {
  const odd = { "src/tensor/hostArray.ts": "", "scripts/Setup/main.mjs": "", "examples/two_sites.yaml": "" };
  const must = "name it in lower case with hyphens (kebab-case)";
  expect(faultsOf({ ...good, ...odd })).toEqual([
    `src/tensor/hostArray.ts: ${must}`,
    `scripts/Setup/: ${must}`,
    `examples/two_sites.yaml: ${must}`,
  ]);
});

test("the command prints the faults and exits with 1; without a fault it is silent", () => {
  const script = fileURLToPath(new URL("../../scripts/house/check.mjs", import.meta.url));
  const check = (): unknown[] => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" });
    return [status, stdout, stderr];
  };
  plant(good);
  expect(check()).toEqual([0, "", ""]);
  writeFileSync(join(folder, "src/kernels/errors.ts"), "");
  const said =
    "errors.ts: occurs 2 times, give each its own name: src/errors/errors.ts, src/kernels/errors.ts\n";
  expect(check()).toEqual([1, "", said]);
});

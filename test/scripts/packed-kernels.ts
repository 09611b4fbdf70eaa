// The package of kernels as a project has it: packed by the command into node_modules of a folder of its own.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll } from "vitest";
import { packageName } from "../../scripts/pack-kernels/names.mjs";
import { root } from "../entries/entries.ts";

export interface PackedKernels {
  /** An empty project that has the package, and the binding of Node. */
  readonly project: string;
  /** The package's folder in it. */
  readonly folder: string;
  /** A file of the package, as text. */
  text(path: string): string;
  /** A module of the package. */
  load(path: string): Promise<unknown>;
  /** What a program prints that lies in the project. */
  run(program: string): Promise<string>;
}

/** Packs before the tests of the current file. */
export function usePackedKernels(): PackedKernels {
  const project = mkdtempSync(join(tmpdir(), "tessera-kernels-"));
  const modules = join(project, "node_modules");
  const folder = join(modules, packageName);
  beforeAll(async () => {
    mkdirSync(dirname(folder), { recursive: true });
    symlinkSync(join(root, "node_modules/webgpu"), join(modules, "webgpu"), "junction");
    writeFileSync(join(project, "package.json"), '{ "type": "module", "private": true }\n');
    await promisify(execFile)(process.execPath, [
      join(root, "scripts/pack-kernels/main.mjs"),
      "--out",
      folder,
    ]);
  }, 300_000);
  afterAll(() => rmSync(project, { recursive: true, force: true }));
  return {
    project,
    folder,
    text: (path) => readFileSync(join(folder, path), "utf8"),
    // A path of the package that was just packed.
    // eslint-disable-next-line no-restricted-syntax
    load: async (path) => (await import(pathToFileURL(join(folder, path)).href)) as unknown,
    run: async (program) => {
      const file = join(project, "program.mjs");
      writeFileSync(file, program);
      return (await promisify(execFile)(process.execPath, [file], { cwd: project })).stdout;
    },
  };
}

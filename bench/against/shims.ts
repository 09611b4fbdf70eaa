// The present benchmark over another version's package: its compiled files beside entries that hand out what the other
// version exports and, for names that it lacks, something that throws. So a missing name costs the works that need it, not
// all of them.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Entries of the package that works and harness import. */
export const entries = [".", "./nn", "./operators", "./optim", "./profiling"] as const;

/** What exports of a package.json look like here. */
type Exports = Readonly<Record<string, { readonly default?: string } | undefined>>;

/**
 * The module that stands for one entry.
 *
 * @param target the address of the other version's entry; undefined where it has none
 * @param missing names that the present version has and the other has not
 */
export function shimOf(entry: string, target: string | undefined, missing: readonly string[]): string {
  const lines = target === undefined ? [] : [`export * from ${JSON.stringify(target)};`];
  for (const name of missing) {
    const message = `no ${name} in @tessera-gpu/tessera${entry.slice(1)}`;
    lines.push(`export function ${name}() { throw new Error(${JSON.stringify(message)}); }`);
  }
  return `${lines.join("\n")}\n`;
}

/**
 * Lays the compiled benchmark out in another version's folder.
 *
 * @param compiled bench/dist of the present version
 * @param folder the other version, built
 * @returns where the compiled benchmark lies now
 */
export async function layOut(compiled: string, folder: string): Promise<string> {
  const home = join(folder, "bench-of-now");
  const shims = join(home, "node_modules", "@tessera-gpu", "tessera");
  mkdirSync(shims, { recursive: true });
  cpSync(compiled, join(home, "bench", "dist"), { recursive: true });
  writeFileSync(join(home, "package.json"), `${JSON.stringify({ private: true, type: "module" })}\n`);
  const theirs = (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { exports: Exports })
    .exports;
  const exported: Record<string, string> = {};
  for (const entry of entries) {
    const path = theirs[entry]?.default;
    const target = path === undefined ? undefined : pathToFileURL(join(folder, path)).href;
    const names = new Set(target === undefined ? [] : await namesOf(target));
    const missing = (await namesOf(`@tessera-gpu/tessera${entry.slice(1)}`)).filter(
      (name) => !names.has(name),
    );
    const file = `${entry === "." ? "index" : entry.slice(2)}.js`;
    writeFileSync(join(shims, file), shimOf(entry, target, missing));
    exported[entry] = `./${file}`;
  }
  const packaged = { name: "@tessera-gpu/tessera", type: "module", exports: exported };
  writeFileSync(join(shims, "package.json"), `${JSON.stringify(packaged)}\n`);
  return join(home, "bench", "dist");
}

async function namesOf(module: string): Promise<string[]> {
  // The address is that of a version which is not known before.
  // eslint-disable-next-line no-restricted-syntax
  return Object.keys((await import(module)) as object);
}

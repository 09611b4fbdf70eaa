// What an entry loads: in a browser nothing but files of the package, and never more than its floors need.

import { readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { expect, test } from "vitest";
import { importsIn } from "../../scripts/house/imports.mjs";
import { entries, root, twinOf } from "./entries.ts";

/**
 * The built files below a program, by path from dist/, and the packages and Node modules that they import.
 * @param options `atOnce` whether only what is loaded with the program counts, without what it may load later; `inBrowser` whether
 *   names with # lead where they do there
 */
function loadedBy(
  program: string,
  { atOnce = false, inBrowser = false }: { readonly atOnce?: boolean; readonly inBrowser?: boolean } = {},
): {
  readonly files: readonly string[];
  readonly now: readonly string[];
  readonly later: readonly string[];
} {
  const files = new Set<string>();
  const [now, later] = [new Set<string>(), new Set<string>()];
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const imports = importsIn(readFileSync(file, "utf8"));
    for (const name of [...imports.now, ...(atOnce ? [] : imports.later)]) {
      if (name.startsWith(".")) visit(join(dirname(file), name));
      else if (name.startsWith("#")) visit(twinOf(name, inBrowser ? "browser" : "default"));
      else (imports.now.includes(name) ? now : later).add(name);
    }
  };
  visit(program);
  const fromDist = (file: string): string => relative(join(root, "dist"), file).split(sep).join("/");
  return { files: [...files].map(fromDist).sort(), now: [...now].sort(), later: [...later].sort() };
}

const loaded = new Map(entries.map(({ name, program }) => [name, loadedBy(program)]));
const roomsOf = (name: string): string[] => {
  const rooms = loaded
    .get(name)
    ?.files.filter((file) => file.includes("/"))
    .map((file) => file.split("/")[0]);
  return [...new Set(rooms)].sort();
};

/** What an entry loads beside files of Tessera; a bundler leaves it out of a program that reads no model, checkpoint or archive. */
const packagesInBrowser: Readonly<Record<string, readonly string[]>> = {
  "@tessera-gpu/tessera/data": ["fflate"],
  "@tessera-gpu/tessera/training": ["zod"],
  "@tessera-gpu/tessera/assemble": ["fflate", "zod"],
  "@tessera-gpu/tessera/tabular": [
    "@stdlib/stats-base-dists-beta-quantile",
    "@stdlib/stats-base-dists-normal-cdf",
    "ml-matrix",
    "zod",
  ],
  "@tessera-gpu/tessera/text": ["@huggingface/tokenizers", "fflate", "ml-matrix", "stemmer", "zod"],
};

test.each(entries.filter(({ needsNode }) => !needsNode))(
  "$name needs no Node in a browser, and no package but what checks files and what is loaded when it is asked for",
  ({ name, inBrowser }) => {
    const { now } = loadedBy(inBrowser, { inBrowser: true, atOnce: true });
    const all = loadedBy(inBrowser, { inBrowser: true });
    const later = [...all.now, ...all.later].filter((each) => !now.includes(each));
    expect(now).toEqual(packagesInBrowser[name] ?? []);
    // The device binding, which package.json leaves out of a browser's program, ndarray where a tensor is asked for one, and what draws
    // a report.
    expect(["@observablehq/plot", "linkedom", "ndarray", "webgpu"]).toEqual(
      expect.arrayContaining([...later]),
    );
  },
);

test.each(entries.filter(({ needsNode }) => needsNode))(
  "$name needs Node, as its file for browsers says",
  ({ name, inBrowser }) => {
    const builtIn = loaded.get(name)?.now.filter((each) => each.startsWith("node:"));
    expect(builtIn, "without any, package.json needs no condition for browsers").not.toEqual([]);
    const text = readFileSync(inBrowser, "utf8");
    expect(text).toContain(`"${name} `);
    // An entry that the line recommends must be one that works there.
    const free = entries.filter((each) => !each.needsNode).map((each) => each.name);
    const [, recommended = ""] =
      /in a browser import ([^;]*)"/u.exec(text.replaceAll(/" \+\s*"/gu, "")) ?? [];
    expect(recommended.split(/, | or /u)).toEqual(free);
  },
);

test.each(entries.filter(({ needsNode, program, inBrowser }) => !needsNode && program !== inBrowser))(
  "$name has in Node all that it has in a browser",
  ({ program, inBrowser }) => {
    expect(readFileSync(program, "utf8")).toContain(`export * from "./${basename(inBrowser)}";`);
  },
);

test("tessera loads the engine and nothing above it", () => {
  expect(roomsOf("@tessera-gpu/tessera")).toEqual([
    ...["autograd", "device", "errors", "functions", "kernels", "labels", "operators", "runtime", "tensor"],
  ]);
  // Each takes about half a millisecond.
  expect(loaded.get("@tessera-gpu/tessera")?.files.length).toBeLessThan(260);
});

test("operators need no engine, and kernels not even tensors", () => {
  expect(roomsOf("@tessera-gpu/tessera/operators")).toEqual([
    "device",
    "errors",
    "kernels",
    "labels",
    "operators",
    "tensor",
  ]);
  expect(loaded.get("@tessera-gpu/tessera/operators")?.files).not.toContain("device/provider.js");
  expect(roomsOf("@tessera-gpu/tessera/kernels")).toEqual(["errors", "kernels"]);
});

test("the training loop loads nothing of Label-Assemble", () => {
  const { program = "" } = entries.find(({ name }) => name === "@tessera-gpu/tessera/training") ?? {};
  const rooms = new Set(loadedBy(program, { atOnce: true }).files.map((file) => file.split("/")[0]));
  for (const room of ["assemble", "studies", "cli"]) expect([...rooms]).not.toContain(room);
});

test("metrics need no tensors, and distributions are loaded by studies and tables alone", () => {
  expect(roomsOf("@tessera-gpu/tessera/metrics")).not.toContain("runtime");
  for (const { name, program } of entries) {
    const { now } = loadedBy(program, { atOnce: true });
    const distributions = now.some((each) => each.startsWith("@stdlib/"));
    expect(distributions, name).toBe(/\/(?:studies|tabular)$/u.test(name));
  }
});

// What a bundler makes of the package for a browser, run where there is no Node: in a context of its own, with no globals but those
// of the language and a few that pages and workers have.

import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "vite";
import { expect, test } from "vitest";
import { root } from "./entries.ts";

interface Bundle {
  readonly code: string;
  /** What the bundler could not find in a browser. */
  readonly missing: readonly string[];
}

/** One script that puts what a program exports into a variable. */
async function bundled(entry: string, name: string, minify = false): Promise<Bundle> {
  const missing: string[] = [];
  const output = await build({
    ...{ root, configFile: false, logLevel: "silent", publicDir: false },
    build: {
      ...{ write: false, minify, target: "esnext" },
      lib: { entry, formats: ["iife"], name, fileName: name },
      rolldownOptions: {
        onLog: (_level, log) => {
          missing.push(log.message);
        },
      },
    },
  });
  const chunks = [output].flat().flatMap((each) => ("output" in each ? each.output : []));
  return { code: chunks.map((each) => (each.type === "chunk" ? each.code : "")).join("\n"), missing };
}

/** What pages and workers have beside the language. */
const ofBrowsers = {
  ...{ TextEncoder, TextDecoder, performance, AbortController, setTimeout, clearTimeout, queueMicrotask },
  ...{ structuredClone, console },
};

test("three steps of a training on phantoms run without Node, and give the losses and the model file that they give in it", async () => {
  const { code, missing } = await bundled(join(root, "test/entries/train-in-browser.ts"), "program");
  expect(missing).toEqual([]);
  const context = createContext({ ...ofBrowsers });
  const absent = runInContext(
    "[typeof process, typeof Buffer, typeof require, typeof navigator].join()",
    context,
  ) as string;
  expect(absent).toBe("undefined,undefined,undefined,undefined");
  const text = (await runInContext(`${code}\nprogram.trained().then(JSON.stringify)`, context)) as string;
  const { trained } = await import("./train-in-browser.ts");
  const inNode = await trained();
  expect(inNode.losses).toHaveLength(3);
  expect(inNode.classes).toEqual(["nodule", "effusion"]);
  // Compared as texts: toEqual takes seconds over so many numbers.
  expect(text === JSON.stringify(inNode)).toBe(true);
}, 120_000);

test("an encoder of texts learns, is kept as bytes and finds texts without Node, and gives the vectors that it gives in it", async () => {
  const { code, missing } = await bundled(join(root, "test/entries/texts-in-browser.ts"), "program");
  expect(missing).toEqual([]);
  const context = createContext({ ...ofBrowsers });
  const found = (await runInContext(`${code}\nprogram.found().then(JSON.stringify)`, context)) as string;
  const { found: inNode } = await import("./texts-in-browser.ts");
  expect(JSON.parse(found)).toEqual(await inNode());
}, 120_000);

test("what is minified calls errors and layers by their names", async () => {
  const { code } = await bundled(join(root, "test/entries/complaints-in-browser.ts"), "program", true);
  expect(code, "names of classes are gone").not.toContain("class GroupNorm");
  const context = createContext({ ...ofBrowsers });
  const complaints = runInContext(`${code}\nprogram.complaints()`, context) as readonly string[];
  expect([...complaints]).toEqual([
    "UsageError: GroupNorm: takes an engine, got undefined",
    "UsageError: Linear: takes an engine, got undefined",
  ]);
}, 120_000);

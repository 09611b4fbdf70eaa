// The package of kernels: its modules do what src/kernels does, weigh little, compile in TypeScript, and its README is true.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import { build, type Rolldown } from "vite";
import { beforeAll, describe, expect, test } from "vitest";
import { fullAdapters } from "../../scripts/adapter-kinds.mjs";
import { bareKernel } from "../../scripts/pack-kernels/bare-kernel.mjs";
import { packageName } from "../../scripts/pack-kernels/names.mjs";
import { packedKernels, samples } from "../../scripts/pack-kernels/packed.mjs";
import { kernelFor } from "../../src/kernels/built-in-kernels.ts";
import type { Kernel } from "../../src/kernels/kernel.ts";
import type { Knobs, UniformValues } from "../../src/kernels/source.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { root } from "../entries/entries.ts";
import { blocksOf } from "../docs/markdown.ts";
import { usePackedKernels } from "./packed-kernels.ts";

const packed = usePackedKernels();

/** What the declarations of the package say of a kernel, as far as these tests use it. */
interface PackedKernel extends Pick<Kernel, "specialise" | "pack" | "workgroups"> {
  readonly name: string;
  readonly text: string;
  readonly features: readonly string[];
  readonly uniformBytes: number;
  readonly bindings: readonly { readonly index: number; readonly name: string; readonly access: string }[];
}

let own: Readonly<Record<string, PackedKernel>>;
beforeAll(async () => {
  own = (await packed.load("index.js")) as typeof own;
});
const ownOf = (name: string): PackedKernel => {
  const kernel = own[name];
  if (kernel === undefined) throw new Error(`the package has no kernel ${name}`);
  return kernel;
};

/** Every launch of the samples' candidates on four kinds of adapter, each once. */
function* launches(): Generator<{
  readonly kernel: Kernel;
  readonly sizes: UniformValues;
  readonly knobs: Knobs;
}> {
  const seen = new Set<string>();
  for (const name of Object.keys(operators) as OperatorName[]) {
    const operator = operators[name] as Operator<unknown>;
    for (const { inputs, attributes } of samples[name]) {
      for (const traits of Object.values(fullAdapters)) {
        for (const launch of operator
          .candidates(inputs, attributes, traits)
          .flatMap((each) => each.launches)) {
          const { sizes, knobs = {} } = launch;
          const kernel = kernelFor(launch.kernel);
          const key = `${kernel.name} ${JSON.stringify([sizes, knobs], (_, value: unknown) => (String(value) === "Infinity" ? "inf" : value))}`;
          if (seen.has(key)) continue;
          seen.add(key);
          yield { kernel, sizes, knobs };
        }
      }
    }
  }
}

test("there is a module, declarations and the commented WGSL of every kernel, and no other export", () => {
  expect(Object.keys(own).sort()).toEqual(packedKernels.map(({ name }) => name));
  for (const { name, text, features, bindings, uniformBytes } of packedKernels) {
    expect(packed.text(`kernels/${name}.wgsl`)).toBe(text);
    expect(existsSync(join(packed.folder, `kernels/${name}.d.ts`)), name).toBe(true);
    const kernel = ownOf(name);
    expect(kernel.features).toEqual(features);
    expect(kernel.uniformBytes).toBe(uniformBytes);
    expect(kernel.bindings).toEqual(
      bindings.map(({ index, name: binding, access, type }) => ({ index, name: binding, access, type })),
    );
    expect(kernel.text).not.toMatch(/\/\/|\/\*/);
  }
});

test("bytes, workgroups and text of every launch of the samples are those of src/kernels", () => {
  let count = 0;
  const texts = new Map<string, string>();
  for (const { kernel, sizes, knobs } of launches()) {
    const { name } = kernel;
    const other = ownOf(name);
    const where = `${name} ${JSON.stringify([sizes, knobs])}`;
    count++;
    expect(new Uint8Array(other.pack(sizes)), where).toEqual(new Uint8Array(kernel.pack(sizes)));
    expect(other.workgroups(sizes, knobs), where).toEqual(kernel.workgroups(sizes, knobs));
    const text = other.specialise(knobs);
    const key = `${name} ${JSON.stringify(knobs)}`;
    if (!texts.has(key)) texts.set(key, bareKernel(kernel.specialise(knobs)));
    expect(text, where).toBe(texts.get(key));
  }
  expect(count).toBeGreaterThan(3000);
  expect(texts.size).toBeGreaterThan(600);
}, 120_000);

test("launches fold where the kernel folds, and are refused where it does not", () => {
  const adam = ownOf("adam");
  for (const limit of [1, 7, 1000, 65_535]) {
    for (const count of [1, 65_535 * 1024, 65_536 * 1024, 3_000_000_000]) {
      const wanted = (): unknown => kernelFor("adam").workgroups({ count }, {}, limit);
      const got = (): unknown => adam.workgroups({ count }, {}, limit);
      let expected: unknown;
      try {
        expected = wanted();
      } catch {
        expect(got).toThrow(/^adam: \d+ workgroups, where one dimension has \d+$/);
        continue;
      }
      expect(got()).toEqual(expected);
    }
  }
  const flat = packedKernels.filter(({ text }) => !text.includes("@builtin(num_workgroups)"));
  expect(flat.map(({ name }) => name)).toContain("assembleLoss");
});

test.each<{ readonly what: string; readonly call: () => unknown; readonly says: RegExp }>([
  {
    what: "a knob that there is not",
    call: () => ownOf("softmax").specialise({ WITDH: 64 }),
    says: /^softmax: knob WITDH takes nothing: there is none, got 64$/,
  },
  {
    what: "a knob of another type",
    call: () => ownOf("softmax").specialise({ MASK: 1 }),
    says: /^softmax: knob MASK takes bool, got 1$/,
  },
  {
    what: "no invocations",
    call: () => ownOf("softmax").specialise({ WIDTH: 0 }),
    says: /^softmax: knob WIDTH takes count, got 0$/,
  },
  {
    what: "a name that a knob does not take",
    call: () => ownOf("unary").specialise({ OPERATION: "toString" }),
    says: /^unary: knob OPERATION takes exp, log, .*, got toString$/,
  },
  {
    what: "an element of another width",
    call: () => ownOf("adam").specialise({ Element: "vec2f" }),
    says: /^adam: knob Element takes element, got vec2f$/,
  },
  {
    what: "a size that is missing",
    call: () => ownOf("adam").pack({}),
    says: /^adam: uniform count takes u32, got undefined$/,
  },
  {
    what: "half a size",
    call: () => ownOf("adam").workgroups({ count: 0.5 }),
    says: /^adam: uniform count takes u32, got 0.5$/,
  },
  {
    what: "a size that there is not",
    call: () => ownOf("adam").pack({ count: 1, toString: 2 }),
    says: /^adam: uniform toString takes nothing: there is none, got 2$/,
  },
  {
    what: "too few lanes",
    call: () =>
      ownOf("softmax").pack({
        ...{ rows: 1, columns: 1, scale: 1 },
        ...{ maskExtents: [1, 1, 1], maskStrides: [0, 0, 0, 0] },
      }),
    says: /^softmax: uniform maskExtents takes 4 of u32, got 1,1,1$/,
  },
])("$what is an error that says so", ({ call, says }) => {
  expect(call).toThrow(TypeError);
  expect(call).toThrow(expect.objectContaining({ message: expect.stringMatching(says) as string }));
});

describe("in a page", () => {
  const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length;
  async function bundle(entries: Readonly<Record<string, string>>): Promise<Rolldown.OutputChunk[]> {
    const folder = join(packed.project, "pages");
    mkdirSync(folder, { recursive: true });
    for (const [name, program] of Object.entries(entries)) writeFileSync(join(folder, `${name}.js`), program);
    const input = Object.fromEntries(Object.keys(entries).map((name) => [name, join(folder, `${name}.js`)]));
    // As a page is built: a library's modules keep their blanks.
    const built = await build({
      ...{ root: packed.project, configFile: false, logLevel: "silent" },
      build: {
        ...{ write: false, minify: true, target: "esnext" },
        rolldownOptions: { input, preserveEntrySignatures: "strict" },
      },
    });
    return (Array.isArray(built) ? built : [built as Rolldown.RolldownOutput])
      .flatMap(({ output }) => output)
      .filter((each) => each.type === "chunk");
  }

  test("every kernel weighs at most 4 KB with all that it needs", async () => {
    const entries = packedKernels.map(({ name }) => [
      name,
      `export { ${name} } from "${packageName}/${name}";`,
    ]);
    const chunks = await bundle(Object.fromEntries(entries) as Record<string, string>);
    const shared = chunks.filter(({ isEntry }) => !isEntry);
    expect(shared.length).toBe(1);
    const weights = chunks
      .filter(({ isEntry }) => isEntry)
      .map(({ name, code }) => ({ name, bytes: gzipped(code) + gzipped(shared[0]?.code ?? "") }))
      .sort((a, b) => b.bytes - a.bytes);
    expect(weights.length).toBe(packedKernels.length);
    // Compressed apart, the parts weigh a little more than the bundle of one program.
    const heavy = weights.filter(({ bytes }) => bytes > 3600);
    for (const { name } of heavy) {
      const alone = await bundle({ alone: `export { ${name} } from "${packageName}/${name}";` });
      const bytes = alone.reduce((sum, { code }) => sum + gzipped(code), 0);
      expect(bytes, name).toBeLessThan(4000);
      // A budget that nothing comes near holds nothing.
      if (name === weights[0]?.name) expect(bytes).toBeGreaterThan(3400);
    }
    expect(heavy.length).toBeGreaterThan(0);
    expect(weights.at(-1)?.bytes).toBeLessThan(1300);
  });

  test("what is not used is left out", async () => {
    const alone = await bundle({ alone: `export { adam } from "${packageName}/adam";` });
    const named = await bundle({ named: `export { adam } from "${packageName}";` });
    const none = await bundle({ none: `import "${packageName}"; export const nothing = 1;` });
    expect(alone.map(({ code }) => code)).toEqual(named.map(({ code }) => code));
    expect(alone.length).toBe(1);
    expect(gzipped(alone[0]?.code ?? "")).toBeLessThan(2000);
    expect(none.map(({ code }) => code.length).reduce((a, b) => a + b)).toBeLessThan(60);
  });
});

test("the declarations compile on their own and know names, choices and types", () => {
  const program = `
import { adam, softmax, unary, type Kernel } from "${packageName}";
import { conv2dTile } from "${packageName}/conv2dTile";
import { Launcher } from "${packageName}/launches";
import { runCase, type Case } from "${packageName}/cases";
import { Clock } from "${packageName}/bench";
const any: Kernel = adam;
const [x]: readonly [number, number] = adam.workgroups({ count: 4 }, { Element: "vec4f" });
unary.specialise({ OPERATION: "gelu" });
// @ts-expect-error: no such choice
unary.specialise({ OPERATION: "glu" });
// @ts-expect-error: no such knob
softmax.specialise({ WITDH: 1 });
// @ts-expect-error: sizes are missing
softmax.pack({ rows: 1 });
export const all = [any.text, x, conv2dTile.bindings, Launcher, runCase, Clock] as const;
export type Of = Case;
`;
  const file = join(packed.project, "program.ts");
  writeFileSync(file, program);
  const { NodeNext: module } = ts.ModuleKind;
  const options: ts.CompilerOptions = {
    ...{ target: ts.ScriptTarget.ES2023, lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] },
    ...{ module, moduleResolution: ts.ModuleResolutionKind.NodeNext, strict: true, noEmit: true },
  };
  const found = ts.getPreEmitDiagnostics(ts.createProgram([file], options));
  expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
}, 120_000);

test("the README's programs print what it says", async () => {
  const [example = "", cases = ""] = [...packed.text("README.md").matchAll(/```js\n([^]*?)```/g)].map(
    ([, text]) => text ?? "",
  );
  const shown = await packed.run(example);
  expect(shown).toMatch(/0\.0320\d+,\s+0\.0871\d+,\s+0\.2368\d+,\s+0\.6439\d+,\s+0\.25,/);
  const lines = (await packed.run(example.replace("device.destroy();", cases))).split("\n");
  const checked = lines.filter((line) => /(?:true|false)$/.test(line));
  expect(checked.length).toBeGreaterThan(5);
  expect(checked.filter((line) => line.endsWith("false"))).toEqual([]);
}, 120_000);

test("the program of the documentation prints what it says", async () => {
  const [program, ...others] = blocksOf("js");
  expect(others).toEqual([]);
  expect(await packed.run(program?.text ?? "")).toBe("[ 256, 1 ] 48\ntrue\n");
});

test("the whole package is below 5 MB, and its README says how large", () => {
  const bytes = (folder: string): number =>
    readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name);
      return sum + (entry.isDirectory() ? bytes(path) : statSync(path).size);
    }, 0);
  const whole = bytes(packed.folder);
  expect(whole).toBeLessThan(5e6);
  const told = /is ([\d,]+) KB unpacked/.exec(packed.text("README.md"))?.[1]?.replace(",", "");
  expect(Math.abs(Number(told) - whole / 1000)).toBeLessThan(10);
});

test("a folder with other things in it is left alone", async () => {
  const file = join(packed.project, "program.mjs");
  writeFileSync(file, "kept");
  const script = join(root, "scripts/pack-kernels/main.mjs");
  const packing = promisify(execFile)(process.execPath, [script, "--out", packed.project]);
  await expect(packing).rejects.toThrow(/is not empty and holds no @\S+; name another folder with --out/);
  expect(readFileSync(file, "utf8")).toBe("kept");
});

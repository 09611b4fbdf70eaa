// The README's programs: they compile against the built package, run, and do what the README says.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(root, "dist");
/** The built file of an entry, as package.json names it. */
const { exports: entries } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Readonly<Record<string, { readonly default?: string }>>;
};
function built(entry: string): string {
  const file = entries[entry.replace("tessera", ".")]?.default;
  if (file === undefined) throw new Error(`package.json has no entry ${entry}`);
  return join(root, file);
}

const blocks = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts\n([^]*?)^```$/gm)].map(
  ([, block = ""]) => block,
);
function block(words: string): string {
  const found = blocks.filter((text) => text.includes(words));
  if (found.length !== 1) throw new Error(`README.md has ${found.length} ts blocks with "${words}", not one`);
  return found[0] ?? "";
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tessera-readme-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a TypeScript program that imports "tessera" in a process of its own, on the built files. */
async function run(name: string, program: string): Promise<string> {
  const linked = program.replace(/from "(tessera[\w/]*)"/g, (_, entry: string) => {
    return `from ${JSON.stringify(pathToFileURL(built(entry)).href)}`;
  });
  const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, ts.transpileModule(linked, { compilerOptions: options }).outputText);
  return (await promisify(execFile)(process.execPath, [file], { cwd: root })).stdout;
}

/** What the compiler says of programs that import "tessera". */
function complaints(programs: Readonly<Record<string, string>>): string[] {
  // Not written: only their place matters.
  const files = new Map(
    Object.entries(programs).map(([name, program]) => [join(root, "test", "readme", `${name}.ts`), program]),
  );
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node", "@webgpu/types"],
    strict: true,
    noUnusedLocals: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  host.fileExists = (path) => files.has(path) || disk.fileExists(path);
  host.readFile = (path) => files.get(path) ?? disk.readFile(path);
  host.getCurrentDirectory = () => root;
  return ts
    .getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))
    .map(
      ({ file, messageText }) =>
        `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
}

test("the README's programs compile, with nothing unused", () => {
  const kernel = `${block("tessera/kernels")}export { code, uniforms, x, y };`;
  const autograd = block("optimiser = new Adam");
  const recorded = `${autograd}${block("engine.record")}`;
  expect(complaints({ autograd, recorded, kernel })).toEqual([]);
});

describe("the README's autograd example", () => {
  const program = block("optimiser = new Adam");

  test("is about as long as its title says", () => {
    const lines = program.split("\n").filter((line) => line.trim() !== "").length;
    expect(lines).toBeLessThanOrEqual(20);
  });

  test("finds 3, 2 and 1", async () => {
    const shown = await run("autograd", program);
    const numbers = [...shown.matchAll(/-?\d+\.\d+(?:e-?\d+)?|-?\b\d+\b(?=[ ,]|$)/g)].map(([text]) =>
      Number(text),
    );
    expect(numbers).toHaveLength(3);
    for (const [i, value] of [3, 2, 1].entries())
      expect(Math.abs((numbers[i] ?? NaN) - value)).toBeLessThan(0.05);
  });
});

test("the README's recorded step goes on where the loop ended, to a smaller error, and prints its plan", async () => {
  const shown = await run("recorded", `${block("optimiser = new Adam")}${block("engine.record")}`);
  expect(shown).toMatch(/Map\(\d\) \{ 'forward' => \d+, 'backward' => \d+, 'optimiser' => 1 \} \d+/);
  expect(Number(shown.trim().split("\n").at(-1))).toBeLessThan(1e-4);
});

describe("the README's kernel example", () => {
  const program = block("tessera/kernels");

  test("is all that a dispatch needs", async () => {
    const before = `
import { openGpu } from ${JSON.stringify(pathToFileURL(join(dist, "device", "gpu.js")).href)};
const gpu = await openGpu();
const { device } = gpu;
`;
    const after = `
const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = { STORAGE: 128, UNIFORM: 64, COPY_SRC: 4, COPY_DST: 8, MAP_READ: 1 };
const values = Float32Array.from({ length: sizes.count }, (_, i) => i / 100 - 5);
const bytes = values.byteLength;
const layout = device.createBuffer({ size: uniforms.byteLength, usage: UNIFORM | COPY_DST });
device.queue.writeBuffer(layout, 0, uniforms);
const input = device.createBuffer({ size: bytes, usage: STORAGE | COPY_DST });
device.queue.writeBuffer(input, 0, values);
const output = device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC });
const back = device.createBuffer({ size: bytes, usage: COPY_DST | MAP_READ });
const pipeline = await device.createComputePipelineAsync({
  layout: "auto",
  compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
});
const byAccess = { uniform: layout, read: input, readWrite: output };
const entries = unary.bindings.map(({ index, access }) => ({ binding: index, resource: { buffer: byAccess[access] } }));
const commands = device.createCommandEncoder();
const pass = commands.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
pass.dispatchWorkgroups(x, y);
pass.end();
commands.copyBufferToBuffer(output, 0, back, 0, bytes);
device.queue.submit([commands.finish()]);
await back.mapAsync(1);
const results = new Float32Array(back.getMappedRange());
const worst = Math.max(...results.map((value, i) => Math.abs(value - 1 / (1 + Math.exp(-values[i])))));
gpu.check();
console.log(JSON.stringify({ worst }));
gpu.destroy();
`;
    const shown = await run("kernel", `${before}${program}${after}`);
    const { worst } = JSON.parse(shown.trim().split("\n").at(-1) ?? "") as { worst: number };
    expect(worst).toBeLessThan(1e-6);
  });

  test("needs neither Node nor a package", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, path = ""] of readFileSync(file, "utf8").matchAll(
        /^(?:import|export)\b[^;]*?from "(.*?)"/gm,
      )) {
        expect(path, `an import of ${file}`).toMatch(/^\./);
        visit(join(dirname(file), path));
      }
    };
    visit(built("tessera/kernels"));
    expect([...seen].map((file) => file.slice(dist.length + 1)).sort()).toEqual([
      "errors/errors.js",
      "errors/nearest.js",
      ...readdirSync(join(dist, "kernels"))
        .filter((name) => name.endsWith(".js"))
        .map((name) => `kernels/${name}`)
        .sort(),
    ]);
  });
});

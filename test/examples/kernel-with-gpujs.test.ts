// The example that shares its work with gpu.js, run as a user would; and that the types of gpu.js and ndarray fit those of
// the built package, both ways.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const example = join(root, "examples/kernel-with-gpujs/stripes.mjs");

test("trains on features by gpu.js, classifies in gpu.js with the weights, and agrees with plain loops", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [example], { cwd: root });
  const [trained = "", classified = "", compared = ""] = stdout.trim().split("\n");
  const [, first = "", last = ""] = /^loss (\S+) to (\S+) on features by gpu\.js$/.exec(trained) ?? [];
  expect(Number(first)).toBeCloseTo(Math.log(3), 3);
  expect(Number(last)).toBeLessThan(0.1);
  const [, right = ""] = /^(\d+) of 100 new images/.exec(classified) ?? [];
  expect(Number(right)).toBeGreaterThan(95);
  const [, worst = ""] = /^600 scores, largest difference from a plain loop (\S+)$/.exec(compared) ?? [];
  expect(Number(worst)).toBeLessThan(1e-5);
  expect(Number(worst), "f32 rounds somewhere").toBeGreaterThan(0);
});

const use = `
import { GPU, Input, type IKernelRunShortcut, type IKernelRunShortcutBase, type KernelVariable, type Texture } from "gpu.js";
import ndarray, { type NdArray } from "ndarray";
import type { Engine, Tensor, TensorData } from "@tessera-gpu/tessera";

export function take(
  engine: Engine,
  kernel: IKernelRunShortcut,
  rows: IKernelRunShortcutBase<Float32Array[]>,
  texture: Texture,
  image: NdArray,
  labels: NdArray<Int32Array>,
): Tensor[] {
  const result = kernel([1, 2]);
  // A kernel that draws returns nothing, which is in the type of every result.
  if (result === undefined) return [];
  const made = [result, rows([1, 2]), texture, texture.toArray(), new Input([1, 2], [2]), image, labels];
  engine.write(engine.zeros([2]), rows([1, 2]));
  engine.feed(() => rows([1, 2]), [2]);
  const ofGpu: IKernelRunShortcut = new GPU().createKernel("function (a) { return a[this.thread.x]; }");
  const planes: TensorData = ofGpu([1]) as Float32Array[][];
  return [...made, planes, ndarray(new Uint8ClampedArray(4), [2, 2])].map((each) => engine.tensor(each));
}

export async function give(tensor: Tensor, kernel: IKernelRunShortcut): Promise<NdArray> {
  const { value, size } = await tensor.gpujsInput();
  const rows: KernelVariable = await tensor.nested();
  kernel(rows, new Input(value, size));
  return tensor.ndarray();
}

export function refused(engine: Engine, kernel: IKernelRunShortcut): void {
  // @ts-expect-error nothing, where the kernel draws
  engine.tensor(kernel([1]));
  // @ts-expect-error no number
  engine.tensor(BigInt64Array.of(1n));
  // @ts-expect-error no number
  engine.tensor([true]);
  // @ts-expect-error a promise
  engine.tensor({ toArray: () => Promise.resolve([1]) });
  // @ts-expect-error the types of gpu.js are there, not any
  kernel(Symbol("no data"));
}
`;

test("results, textures, inputs and ndarrays have types that engine.tensor takes, and what it gives back those that they take", () => {
  const file = join(root, "test/examples/use-of-gpujs.ts");
  const options: ts.CompilerOptions = {
    ...{ target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, types: [], noEmit: true },
    // gpu.js names elements of the page. Without the DOM's types, those would be any, and fit everything.
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
  };
  const host = ts.createCompilerHost(options);
  // The program is a file only for the compiler.
  const disk = { ...host };
  host.fileExists = (name) => name === file || disk.fileExists(name);
  host.readFile = (name) => (name === file ? use : disk.readFile(name));
  host.getSourceFile = (name, version, ...rest) =>
    name === file ? ts.createSourceFile(name, use, version) : disk.getSourceFile(name, version, ...rest);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  const complaints = [
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ];
  expect(complaints.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  const resolved = program.getSourceFiles().map(({ fileName }) => fileName);
  for (const path of ["node_modules/gpu.js/src/index.d.ts", "dist/index.d.ts"]) {
    expect(resolved).toContain(join(root, path));
  }
});

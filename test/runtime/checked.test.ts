// A checked engine: launches that write or read behind the end of what they bind, or depend on the order of their
// invocations, are told by name, wherever the tensor lies.

import { describe, expect, test, vi } from "vitest";
import { openGpu } from "../../src/device/gpu.ts";
import { KernelError } from "../../src/errors/errors.ts";
import { affine } from "../../src/functions/elementwise.ts";
import { pack } from "../../src/functions/movement.ts";
import { kernels, type KernelName } from "../../src/kernels/built-in-kernels.ts";
import { kernelOf } from "../../src/kernels/own-kernel.ts";
import { input, output, temporary, type Operator, type Slot } from "../../src/operators/operator.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { sideBySide } from "../../src/runtime/side-by-side.ts";
import { usage } from "../../src/runtime/webgpu/buffers.ts";
import { bandBytes } from "../../src/runtime/webgpu/guarded-launches.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

type None = Readonly<Record<string, never>>;

/** Copies `fours` times four numbers, however long source and target are: its kernel has only `count` to go by. */
const copy = (
  fours: number,
  { x = input(0), y = output(0) }: { readonly x?: Slot; readonly y?: Slot } = {},
): Operator<None> => ({
  name: "copy",
  updates: y.kind === "input" ? [y.index] : [],
  infer: ([first]) => (y.kind === "input" ? [] : [first]),
  reference: () => undefined,
  candidates: ([first]) => [
    {
      name: "copy",
      temporaries: [first],
      launches: [
        { kernel: "copyVectors", bind: { x, y }, sizes: { count: fours } },
        // What lies in scratch space becomes the output.
        ...(y.kind === "temporary"
          ? [{ kernel: "copyVectors" as const, bind: { x: y, y: output(0) }, sizes: { count: 2 } }]
          : []),
      ],
    },
  ],
});

const behind = (binding: string, bytes: number): RegExp =>
  new RegExp(
    `copy: copyVectors\\.wgsl writes behind the end of "${binding}" \\(${bytes} bytes\\), 0 bytes behind it`,
  );

/** One more than `x`, as `text` computes it. */
const plusOne = (text: string, name: string): Operator<None> => ({
  name,
  infer: (inputs) => inputs,
  reference: () => undefined,
  candidates: ([{ shape }]) => [
    {
      name: "only",
      launches: [{ kernel: kernelOf(text), bind: { x: input(0), y: output(0) }, sizes: { count: shape[0] } }],
    },
  ],
});

/** A shader that adds one to `count` numbers, and to `more` behind them. */
const addingOne = ({
  size = "@workgroup_size(64)",
  id = "@builtin(global_invocation_id) id: vec3u",
  more = 0,
  comment = "",
}): string => `// y = x + 1
// kernel: plusOne
// launch: ceil(count / 64) workgroups
// work: count operations
struct Sizes { count: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
${comment}
@compute ${size}
fn main(${id}) {
  if (id.x < sizes.count + ${more}u) { y[id.x] = x[min(id.x, sizes.count - 1u)] + 1.0; }
}
`;

describe("a checked engine", () => {
  const open = useEngine({ device: "webgpu", checked: true });
  const run = (operator: Operator<None>, ...tensors: Tensor[]): Tensor =>
    open().run(operator, tensors, {})[0];
  const threes = (count: number): Tensor => open().tensor(new Float32Array(count).fill(3));

  test("throws, once, when a launch wrote behind the end of an output", async () => {
    const x = threes(8);
    expect(Array.from(await run(copy(2), x).read())).toEqual(new Array(8).fill(3));
    const broken = run(copy(3), x);
    await expect(broken.read()).rejects.toThrow(KernelError);
    expect(Array.from(await broken.read())).toEqual(new Array(8).fill(3));
    run(copy(3), x);
    await expect(open().synchronise()).rejects.toThrow(behind("y", 32));
    await open().synchronise();
  });

  // A sum with NaN is NaN with other bits, one with a number may be that number; a comparison with NaN does not hold.
  test.each([
    ["adds nothing to what lies there", "+= x[i]"],
    ["cuts off what is above there", "= select(y[i], x[i] + 4.0, y[i] > 4.0)"],
  ])("throws when a launch %s behind the end, which one kind of number shows", async (_, change) => {
    const kernel = kernelOf(`// kernel: change
// launch: ceil(count / 64) workgroups
// work: count operations
struct Sizes { count: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i < sizes.count) { y[i] ${change}; }
}
`);
    const changing = (count: number): Operator<None> => ({
      name: "change",
      updates: [1],
      infer: () => [],
      reference: () => undefined,
      candidates: () => [
        { name: "change", launches: [{ kernel, bind: { x: input(0), y: input(1) }, sizes: { count } }] },
      ],
    });
    const [x, y] = [open().zeros([16]), threes(8)];
    open().run(changing(8), [x, y], {});
    await open().synchronise();
    expect(Array.from(await y.read())).toEqual(new Array(8).fill(3));
    open().run(changing(16), [x, y], {});
    await expect(open().synchronise()).rejects.toThrow(
      /change\.wgsl writes behind the end of "y" \(32 bytes\)/,
    );
  });

  test("throws when a launch wrote behind the end of scratch space", async () => {
    run(copy(3, { y: temporary(0) }), threes(8));
    await expect(open().synchronise()).rejects.toThrow(behind("y", 32));
  });

  test("throws when the last of more than a thousand launches, which nobody waited for, went wrong", async () => {
    const [x, y] = [threes(8), threes(8)];
    for (let i = 0; i < 1024; i++) open().run(copy(2, { y: input(1) }), [x, y], {});
    open().run(copy(3, { y: input(1) }), [x, y], {});
    await expect(open().synchronise()).rejects.toThrow(behind("y", 32));
  });

  test("leaves NaN where an output is not written", async () => {
    const values = Array.from(await run(copy(1), threes(8)).read());
    expect(values).toEqual([3, 3, 3, 3, NaN, NaN, NaN, NaN]);
  });

  test("throws when a launch read behind the end of an input", async () => {
    const [long, short] = [threes(12), threes(8)];
    run(copy(3, { x: input(1) }), long, short);
    await expect(open().synchronise()).rejects.toThrow(
      /copyVectors\.wgsl reads behind the end of a binding: "y" is NaN at byte 32/,
    );
    run(copy(2, { x: input(1) }), long, short);
    await open().synchronise();
  });

  test("guards parts of a gathered tensor, and what lies behind them keeps its values", async () => {
    const parts = [threes(8), threes(64), threes(8)];
    const { flat, offsets } = open().gather(parts);
    expect(offsets).toEqual([0, 64, 128]);
    run(copy(17, { y: input(1) }), threes(68), parts[1]);
    await expect(open().synchronise()).rejects.toThrow(behind("y", 256));
    open().write(parts[0], new Float32Array(8).fill(7));
    run(copy(16, { y: input(1) }), flat, parts[1]); // reads across the parts, as an optimiser does
    const clash = /binds the same buffer as "x" and as "y", and writes to it/;
    await expect(open().synchronise()).rejects.toThrow(clash);
    expect(Array.from(await parts[2].read())).toEqual(new Array(8).fill(3));
  });

  test("guards the launches of a program, also those that compute a part of a pack in its place", async () => {
    const x = threes(64);
    const layout = sideBySide([x, x, x]);
    for (const [fours, message] of [
      [16, undefined],
      [17, behind("y", 256)],
    ] as const) {
      using program = await open().record(() =>
        pack([affine(x, 2), run(copy(fours), x), affine(x, 4)], layout),
      );
      const [launched] = [...(program.plan?.launches.values() ?? [])];
      expect(launched).toBe(3); // and none that copies a part to its place
      const readings = program.follow(program.result, 1);
      for (let i = 0; i < 2; i++) {
        program.run();
        if (message !== undefined) await expect(readings.next()).rejects.toThrow(message);
        else expect((await readings.next())[64]).toBe(3);
      }
      program.run();
      if (message !== undefined) await expect(program.result.read()).rejects.toThrow(message);
      const values = await program.result.read();
      expect([values[0], values[64], values[127], values[128]]).toEqual([6, 3, 3, 12]);
    }
  });

  test("does not tell a shader that asks for a binding's length of the band", async () => {
    const kernel = kernels.copyVectors as { text: string; specialise: () => string };
    const { text, specialise } = kernel;
    kernel.text = text.replace("sizes.count)", "arrayLength(&y))");
    kernel.specialise = () => kernel.text;
    try {
      using engine = await openEngine({ device: "webgpu", checked: true });
      const [y] = engine.run(copy(3), [engine.tensor(new Float32Array(8).fill(3))], {});
      expect(Array.from(await y.read())).toEqual(new Array(8).fill(3));
    } finally {
      Object.assign(kernel, { text, specialise });
    }
    expect(kernels.copyVectors.text).not.toContain("arrayLength");
  });

  test("is not led to believe so by a comment", async () => {
    for (const comment of ["// never ask for arrayLength here", "/* arrayLength(&y) */"]) {
      run(plusOne(addingOne({ more: 1, comment }), "commented"), threes(8));
      await expect(open().synchronise()).rejects.toThrow(
        /commented: plusOne\.wgsl writes behind the end of "y" \(32 bytes\)/,
      );
    }
  });

  test("binds every copy at an offset, with its band, and leaves room for both bands in the largest buffer", async () => {
    const gpu = await openGpu();
    const bound = vi.spyOn(gpu.device, "createBindGroup");
    const backend = new WebGpuBackend(gpu, { checked: true });
    using engine = new Engine(backend);
    const x = engine.tensor(new Float32Array(64).fill(3));
    const parts = [x, engine.tensor(new Float32Array(8).fill(5))];
    const whole = engine.run(copy(16), [x], {})[0];
    engine.gather(parts);
    using program = await engine.record(() => affine(parts[1], 2));
    const part = engine.run(copy(2), [parts[1]], {})[0];
    program.run();
    expect(Array.from(await whole.read())).toEqual(new Array(64).fill(3));
    expect(Array.from(await part.read())).toEqual(new Array(8).fill(5));
    expect(Array.from(await program.result.read())).toEqual(new Array(8).fill(10));
    const launches = bound.mock.calls.filter(([{ label = "" }]) => label.includes(".wgsl"));
    const ranges = launches.map(([{ entries }]) =>
      [...entries]
        .map(({ resource }) => resource as GPUBufferBinding)
        .filter(({ buffer }) => (buffer.usage & usage.storage) > 0)
        .map(({ offset, size, buffer }) => [offset, size, buffer.size >= (offset ?? 0) + (size ?? 0)]),
    );
    const both = (bytes: number): unknown => new Array(2).fill([256, bytes + bandBytes, true]);
    // Each in order and in reverse, with `x` and `y`.
    expect(ranges).toEqual([both(256), both(256), both(32), both(32), both(32), both(32)]);
    expect(256 % gpu.device.limits.minStorageBufferOffsetAlignment).toBe(0);
    expect(engine.traits.maxBindingBytes).toBe(gpu.traits.maxBindingBytes - bandBytes);
    expect(engine.traits.maxBufferBytes).toBe(gpu.traits.maxBufferBytes - 256 - bandBytes);
  });

  test("runs valid shaders, however they are written", async () => {
    const texts = {
      blanks: { size: "@workgroup_size (64)", id: "@builtin (global_invocation_id) id : vec3u" },
      comments: { comment: "/* fn main(@builtin(local_invocation_id) old: vec3u) @workgroup_size(1) */" },
      commas: { size: "@workgroup_size(max(64u, 32u), 1)" },
      entries: {
        comment: "@compute @workgroup_size(1) fn other(@builtin(workgroup_id) group: vec3u) { y[0] = 0.0; }",
      },
    };
    for (const [name, parts] of Object.entries(texts)) {
      const values = await run(plusOne(addingOne(parts), name), threes(67)).read();
      expect(Array.from(values), name).toEqual(new Array(67).fill(4));
    }
  });

  test("no shader asks for a binding's length", () => {
    for (const name of Object.keys(kernels) as KernelName[]) {
      expect(kernels[name].text, name).not.toContain("arrayLength");
    }
  });
});

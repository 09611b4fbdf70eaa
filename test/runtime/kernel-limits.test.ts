// Kernels that ask for more than a device has, or that it does not compile, are refused in one line that names the kernel,
// says what is wrong and, for a limit, what to do: eagerly and recorded alike.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGpu, type Gpu } from "../../src/device/gpu.ts";
import { deviceGist, deviceWords } from "../../src/device/device-words.ts";
import { KernelError } from "../../src/errors/errors.ts";
import { kernelOf } from "../../src/kernels/own-kernel.ts";
import { input, output, type Operator } from "../../src/operators/operator.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { PipelineCache } from "../../src/runtime/webgpu/pipelines.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";

/** More words of workgroup memory than any device has, each of them used. */
const words = 60_000;
const result = "@group(0) @binding(0) var<storage, read_write> y: array<f32>;";

/** A kernel from its declarations and the body of main; its first line of its own is line 3. */
const kernel = (name: string, declarations: string, body: string, size = "1"): ReturnType<typeof kernelOf> =>
  kernelOf(
    `// launch: 1 workgroups\n// work: 1 operations\n${declarations}\n@compute @workgroup_size(${size})\nfn main() {\n${body}\n}`,
    { name },
  );

/** An operator of one kernel, whose inputs are all the same tensor. */
const operatorOf = (own: ReturnType<typeof kernelOf>): Operator<object> => ({
  name: "mine",
  infer: ([x]) => [x],
  reference: () => undefined,
  candidates: () => [
    {
      name: "only",
      launches: [
        {
          kernel: own,
          bind: Object.fromEntries(
            own.bindings.map(({ name, access }) => [name, access === "readWrite" ? output(0) : input(0)]),
          ),
          sizes: {},
        },
      ],
    },
  ],
});

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu();
});
afterAll(() => gpu.destroy());

const three = [1, 2]
  .map((index) => `@group(0) @binding(${index}) var<storage, read> x${index}: array<f32>;`)
  .concat(result)
  .join("\n");
const refused: readonly (readonly [string, ReturnType<typeof kernelOf>, RegExp])[] = [
  [
    "more storage buffers than the device binds",
    kernel("greedy", three, "y[0] = x1[0] + x2[0];"),
    /^operator mine, greedy\.wgsl: it binds 3 storage buffers, and a kernel on ".+" may bind 2; put several tensors into one/,
  ],
  [
    "too many invocations in a workgroup",
    kernel("wide", result, "y[0] = 1.0;", "1000000"),
    /^shader wide\.wgsl does not compile: .*1000000.*; use fewer invocations in a workgroup$/,
  ],
  [
    "too much workgroup memory",
    kernel("roomy", `${result} var<workgroup> w: array<vec4f, ${words}>;`, "w[0].x = 1.0; y[0] = w[5].x;"),
    /^shader roomy\.wgsl does not compile: .*workgroup (storage|memory).*960000.*; use less workgroup memory$/,
  ],
  [
    "one error of the compiler",
    kernel("odd", result, "y[0] = 1.0;\ny[1] = z;"),
    /^shader odd\.wgsl:7:\d+: [^;]*'?z'?$/,
  ],
  [
    "several errors of the compiler",
    kernel("unclosed", result, "y[0] = (1.0;\nlet a = ;"),
    /^shader unclosed\.wgsl:6:\d+: [^;]*'?\)'?.*; and \d+ more errors?$/,
  ],
];

for (const checked of [false, true]) {
  describe(checked ? "in a checked engine" : "on a device that binds two storage buffers", () => {
    test.each(refused)("%s: one line, eagerly and recorded", async (_, own, message) => {
      const backend = new WebGpuBackend(
        { ...gpu, traits: { ...gpu.traits, maxStorageBuffers: 2 } },
        { checked },
      );
      const engine = new Engine(backend);
      const x = engine.tensor([1]);
      const run = (): unknown => engine.run(operatorOf(own), [x], {})[0];
      const eager = async (): Promise<unknown> => (run() as typeof x).read();
      for (const way of [eager, () => engine.record(run)]) {
        const error: unknown = await way().then(
          () => "nothing was refused",
          (each: unknown) => each,
        );
        expect(error).toBeInstanceOf(KernelError);
        expect((error as Error).message).not.toContain("\n");
        expect((error as Error).message).toMatch(message);
      }
      expect(() => gpu.check()).not.toThrow();
    });
  });
}

test("a layout that the device refuses is the kernel's error, in one line", async () => {
  const own = kernel("far", result.replace("binding(0)", "binding(4000000)"), "y[0] = 1.0;");
  const entry = new PipelineCache(gpu.device).get(own);
  await entry.settled;
  expect(entry.failure).toBeInstanceOf(KernelError);
  expect(entry.failure?.message).toMatch(/^shader far\.wgsl: .*4000000[^\n]*$/);
  await gpu.device.queue.onSubmittedWorkDone();
  expect(() => gpu.check()).not.toThrow();
});

test("a device's message of several lines becomes one, without places in the implementation's source", () => {
  const message =
    'The number of buffers (70) is over 16.\n - While validating ["x"]\n - While calling [Device].Create().\n' +
    "    at ValidateObject (/home/runner/dawn/Device.cpp:880)\n";
  expect(deviceWords(message)).toBe(
    'The number of buffers (70) is over 16; while validating ["x"]; while calling [Device].Create()',
  );
  expect(deviceGist(message)).toBe("The number of buffers (70) is over 16");
});

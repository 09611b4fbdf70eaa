// Leaks are told: a tensor that was forgotten with the line that made it, an operator that keeps memory, a step that goes on allocating.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import { root } from "../docs/markdown.ts";
import { useEngine } from "../engines.ts";
import { results } from "../operators/results.ts";
import type { Sample } from "../operators/sample.ts";
import { samples } from "../operators/samples.ts";

describe("a traced engine", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-live-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("tells of tensors that were forgotten, with the line, and of no others", async () => {
    const file = join(folder, "forgets.mjs");
    const tessera = pathToFileURL(join(root, "dist", "index.js")).href;
    writeFileSync(
      file,
      `import { add, openEngine } from ${JSON.stringify(tessera)};
const engine = await openEngine({ device: "reference", traceTensors: true });
const kept = engine.tensor([1, 2]);
for (let i = 0; i < 3; i++) {
  add(kept, kept);
  engine.scope(() => void add(kept, 1));
  add(kept, 2).dispose();
}
const { tensors } = engine.memory();
for (let i = 0; i < 20; i++) {
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(tensors, engine.memory().tensors, kept.shape.length);
`,
    );
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--expose-gc", file]);
    expect(stdout).toBe("4 4 1\n");
    const lines = stderr.trim().split("\n");
    expect(lines).toEqual(
      Array.from(
        { length: 3 },
        () =>
          `tessera: a tensor [2] f32, made at ${file}:5:3, was forgotten: dispose it, or make it in engine.scope`,
      ),
    );
  });
});

describe("no operator keeps memory", () => {
  const open = useEngine({ device: "webgpu" });
  const created = (): number => {
    const { backend } = open();
    return backend instanceof WebGpuBackend ? backend.counters.buffers : expect.unreachable();
  };

  test.each(Object.keys(operators) as OperatorName[])("%s", async (name) => {
    const operator = operators[name] as Operator<unknown>;
    const sample = samples[name][0] as Sample<unknown>;
    const engine = open();
    const run = async (): Promise<number> => {
      await results(engine, operator, sample);
      return created();
    };
    const before = engine.memory();
    await run();
    const second = await run();
    expect(engine.memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
    // What was released is used again: the third run makes no buffer.
    expect(await run()).toBe(second);
  });

  test.each(Object.keys(operators) as OperatorName[])("%s, recorded", async (name) => {
    const operator = operators[name] as Operator<unknown>;
    if (operator.aliases === true) return;
    const sample = samples[name][0] as Sample<unknown>;
    const engine = open();
    const before = engine.memory();
    const inputs = sample.inputs.map(({ data, shape, dtype }) => engine.tensor(data, shape, dtype));
    const program = await engine.record(() => engine.run(operator, inputs, sample.attributes));
    program.run();
    program.run();
    await engine.synchronise();
    const second = created();
    program.run();
    await engine.synchronise();
    expect(created()).toBe(second);
    program.dispose();
    for (const tensor of [...inputs, ...program.result]) tensor.dispose();
    await engine.synchronise();
    expect(engine.memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
  });
});

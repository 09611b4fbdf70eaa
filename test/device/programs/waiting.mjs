// A program that waits for a long launch: prints the share of the wait that JavaScript's thread was busy. Called with
// "navigator", it opens Dawn itself first, as a program does that runs code of browsers in Node.

import { performance } from "node:perf_hooks";
import { create, globals } from "webgpu";
import { openEngine, matmul } from "../../../dist/index.js";

if (process.argv[2] === "navigator") {
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]) }, configurable: true });
}

const engine = await openEngine({ device: "webgpu" });
const a = engine.tensor(new Float32Array(512 * 512).fill(1 / 512), [512, 512]);
await engine.scope(() => matmul(a, a)).read(); // compiles

const product = engine.scope(() => {
  let power = matmul(a, a);
  for (let i = 0; i < 12; i++) power = matmul(power, a);
  return power;
});
const before = performance.eventLoopUtilization();
await product.read();
console.log(performance.eventLoopUtilization(before).utilization);
engine.close();

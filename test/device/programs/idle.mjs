// An engine that is open and has nothing to do: prints the share of a core it takes, then leaves without closing it.

import { openEngine, add } from "../../../dist/index.js";

const engine = await openEngine({ device: "webgpu" });
const x = engine.tensor([1, 2, 3]);
await add(x, x).read();

const before = process.cpuUsage();
const started = performance.now();
await new Promise((resolve) => setTimeout(resolve, 1500));
const used = process.cpuUsage(before);
console.log((used.user + used.system) / 1000 / (performance.now() - started));

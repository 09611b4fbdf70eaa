// A program that uses the GPU and ends with the exit code it was given: by itself, closing the engine or not, or
// through process.exit.
// usage: node exit.mjs CODE close|leave|exit

import { openEngine, add } from "../../../dist/index.js";

const [code = "0", ending = "close"] = process.argv.slice(2);
const engine = await openEngine({ device: "webgpu" });
const x = engine.tensor(new Float32Array(1000).fill(1.5));
const y = add(x, x);
const values = await y.read();
if (values[999] !== 3) throw new Error(`wrong result ${values[999]}`);
process.exitCode = Number(code);
if (ending === "close") engine.close();
if (ending === "exit") process.exit(Number(code));

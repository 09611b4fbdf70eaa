// Heavy JavaScript between launches: hot functions that V8 optimises and much garbage, the weather in which a dropped
// Dawn instance crashes the process.

import { openEngine, add, exp, sum } from "../../../dist/index.js";

const engine = await openEngine({ device: "webgpu" });

function churn(milliseconds) {
  const end = performance.now() + milliseconds;
  let total = 0;
  while (performance.now() < end) {
    const rows = Array.from({ length: 2000 }, (_, i) => ({ i, text: `row ${i}`, values: [i, i * 2, i * 3] }));
    total += rows.map(({ values }) => values.reduce((a, b) => a + b, 0)).reduce((a, b) => a + b, 0);
    total += JSON.stringify(rows).length;
  }
  return total;
}

for (let round = 0; round < 12; round++) {
  churn(250);
  if (globalThis.gc !== undefined) globalThis.gc();
  const result = engine.scope(() => {
    const x = engine.tensor(new Float32Array(5000).fill(round / 12));
    return sum(add(exp(x), x));
  });
  const value = await result.item();
  result.dispose();
  const expected = 5000 * (Math.exp(round / 12) + round / 12);
  if (Math.abs(value - expected) > 1e-4 * expected)
    throw new Error(`round ${round}: ${value} is not ${expected}`);
}
engine.close();
process.exitCode = 7;

// Runs a program that uses the GPU 200 times (or as often as said) and checks that each run ends with its own exit
// code: closing the engine, leaving it open, or through process.exit. Needs `npm run build`.
// usage: node scripts/prove-exit.mjs [runs]

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const runs = Number(process.argv[2] ?? 200);
if (!(Number.isInteger(runs) && runs > 0)) {
  console.error("usage: prove-exit.mjs [runs], a whole number");
  process.exit(2);
}
const program = fileURLToPath(new URL("../test/device/programs/exit.mjs", import.meta.url));
const endings = ["close", "leave", "exit"];
const started = performance.now();
let failures = 0;

for (let run = 0; run < runs; run++) {
  const code = run % 5;
  const ending = endings[run % endings.length];
  const { status, signal, stderr } = spawnSync(process.execPath, [program, String(code), ending]);
  if (status !== code || signal !== null) {
    failures++;
    console.log(`run ${run + 1} (${ending}): exit ${status} ${signal ?? ""}, wanted ${code}\n${stderr}`);
  }
  if ((run + 1) % 20 === 0) {
    const seconds = (performance.now() - started) / 1000;
    const left = ((runs - run - 1) * seconds) / (run + 1);
    console.log(`${run + 1} of ${runs} runs, ${failures} failed, ${left.toFixed(0)} s left`);
  }
}
console.log(
  `${runs} runs in ${((performance.now() - started) / 1000).toFixed(0)} s: ${failures} ended with another exit code`,
);
process.exitCode = failures === 0 ? 0 : 1;

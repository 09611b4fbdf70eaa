// Proof that a run survives: `npm run prove:survival [-- --kills 50] [-- --losses 21]`.
//
// Trains a small run with validation, a moving average and a report by the command line; then kills it with SIGKILL at random moments and
// goes on with --resume, and loses its devices at random submits, once to three times in a run: in steps, evaluations, checkpoints and
// reads. Fails unless each such run leaves the metrics, the model and the predictions of the one that was left alone, byte for byte.
// Prints the seed of the moments; --moments SEED takes them again.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { momentsOf } from "./moments.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const tessera = at("../dist/cli/main.js");
const losing = pathToFileURL(at("prove-survival/losing.mjs")).href;
const { values: options } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    losses: { type: "string", default: "21" },
    moments: { type: "string", default: String(Date.now() % 1e6) },
  },
});
const [kills, losses, moments] = ["kills", "losses", "moments"].map((name) => Number(options[name]));
const random = momentsOf(moments);

const folder = mkdtempSync(join(tmpdir(), "tessera-prove-"));
const manifest = join(folder, "run.yaml");
writeFileSync(
  manifest,
  `classes: [nodule, effusion, cardiomegaly]
image: { height: 16, width: 16 }
sources:
  - { name: A, format: phantoms, site: A, count: 64, knows: [nodule, effusion], split: { by: image, train: 0.75, validation: 0.25 } }
  - { name: B, format: phantoms, site: B, count: 64, knows: [effusion, cardiomegaly], split: { by: image, train: 0.75, validation: 0.25 } }
test: { format: phantoms, site: both, count: 32 }
model: { stem: { features: 8, kernel: 3, stride: 2, pool: false }, blocks: [2, 2], growth: 4 }
train: { batch: 8, epochs: 4, warmupEpochs: 1, ema: 0.9, earlyStopping: null }
`,
);
const begin = (out) => ["train", manifest, "--data-root", folder, "--out", out, "--tuning", "none"];
const files = ["metrics.jsonl", "model.safetensors", "test-predictions.csv"];

/** Runs the command line; killed after so many milliseconds, where they are given. */
function run(parameters, { kill, lose } = {}) {
  const own = lose === undefined ? [] : ["--import", losing];
  const started = spawn(
    process.execPath,
    [...own, tessera, ...parameters, "--cache", join(folder, "cache"), "--checkpoint-every", "3steps"],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...lose },
    },
  );
  let said = "";
  started.stderr.on("data", (text) => (said += text));
  const timer = kill === undefined ? undefined : setTimeout(() => started.kill("SIGKILL"), kill);
  return new Promise((resolve) => {
    started.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, said });
    });
  });
}

const fails = [];
function expectSame(out, what) {
  for (const file of files) {
    const [is, was] = [out, whole].map((each) => readFileSync(join(each, file)));
    if (!is.equals(was)) fails.push(`${what}: ${file} is another`);
  }
}
const last = (said) => said.trim().split("\n").at(-1);

const whole = join(folder, "whole");
const told = join(folder, "submits.json");
const out = join(folder, "again");
try {
  const first = await run(begin(whole), { lose: { LOSE_TOLD: told } });
  if (first.code !== 0) throw new Error(`the run ended with ${first.code}: ${last(first.said)}`);
  const [submits] = JSON.parse(readFileSync(told, "utf8"));
  // Another one for the time: by then the driver has the kernels in its cache.
  const again = performance.now();
  await run(begin(out));
  const milliseconds = performance.now() - again;
  console.log(`alone: ${submits} submits in ${(milliseconds / 1000).toFixed(1)} s`);

  let hit = 0;
  for (let round = 1; round <= kills; round++) {
    rmSync(out, { recursive: true, force: true });
    let next = begin(out);
    for (let more = true; more;) {
      const { code, signal, said } = await run(next, { kill: milliseconds * (0.1 + 0.85 * random()) });
      more = signal === "SIGKILL";
      if (more) hit++;
      if (!more && code !== 0) fails.push(`kill ${round}: ${last(said)}`);
      // A run that was killed before its first line has left nothing to go on with.
      next = existsSync(join(out, "run.json")) ? ["train", "--resume", out] : begin(out);
      if (existsSync(join(out, "summary.json"))) break;
    }
    expectSame(out, `kill ${round}`);
  }
  if (kills > 0)
    console.log(`${kills} runs that were killed, ${hit} times in all: ${fails.length} of them failed`);

  let lost = 0;
  const before = fails.length;
  for (let round = 1; round <= losses; round++) {
    rmSync(out, { recursive: true, force: true });
    const plan = Array.from(
      { length: 1 + Math.floor(3 * random()) },
      () => 1 + Math.floor(submits * random()),
    );
    let { code, said } = await run(begin(out), { lose: { LOSE_AFTER: plan.join(","), LOSE_TOLD: told } });
    const found = JSON.parse(readFileSync(told, "utf8"));
    lost += found.length - 1;
    // Three in a row, before the first checkpoint, are the end; what is left goes on by hand.
    if (said.includes("3 devices were lost") && existsSync(join(out, "run.json"))) {
      ({ code, said } = await run(["train", "--resume", out]));
    }
    if (code === 0) expectSame(out, `losses after ${plan}`);
    else fails.push(`losses after ${plan}: ${last(said)}`);
  }
  if (losses > 0) {
    console.log(`${losses} runs that lost ${lost} devices in all: ${fails.length - before} of them failed`);
  }
  console.log(`moments ${moments}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (fails.length > 0) {
  console.error(`FAILED: ${fails.slice(0, 5).join("; ")} (moments ${moments})`);
  process.exitCode = 1;
} else console.log("passed");

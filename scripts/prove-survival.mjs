// Proof that a run survives: `npm run prove:survival [-- --kills 50] [-- --losses 21]`.
//
// Trains small runs by the command line, one of images with validation, a moving average and a report, and one of an encoder of texts
// with dropout and several lengths; then kills them with SIGKILL at random moments and goes on with --resume, and loses their devices at
// random submits, once to three times in a run: in steps, evaluations, checkpoints and reads. Fails unless each such run leaves the
// metrics, the model and the predictions of the one that was left alone, byte for byte. Half of the kills and losses are of either.
// Prints the seed of the moments; --moments SEED takes them again, --only images or --only texts half of it.

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
    only: { type: "string" },
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

const texts = join(folder, "texts.jsonl");
// A title is two words that stand in its text; texts have 3 to 40 words.
const word = (i) => "bcdfghklmnprstvz"[i % 16] + "aeiou"[i % 5] + "lmnrst"[i % 6] + "aeiou"[(3 * i) % 5];
writeFileSync(
  texts,
  Array.from({ length: 72 }, (_, i) => {
    const words = Array.from({ length: 3 + ((11 * i) % 38) }, (_, j) => word(i * (j + 1) + j));
    return `${JSON.stringify({ id: String(i), title: words.slice(0, 2).join(" "), contents: words.reverse().join(" ") })}\n`;
  }).join(""),
);

/** Runs that survive: how each is begun and gone on with, and what it leaves. */
const subjects = [
  {
    name: "images",
    begin: (out) => ["train", manifest, "--data-root", folder, "--out", out, "--tuning", "none"],
    resume: (out) => ["train", "--resume", out],
    own: ["--cache", join(folder, "cache")],
    files: ["metrics.jsonl", "model.safetensors", "test-predictions.csv"],
  },
  {
    name: "texts",
    begin: (out) => [
      ...[
        "encode",
        "train",
        texts,
        "--out",
        out,
        "--encoder",
        "transformer",
        "--vocabulary",
        "120",
        "--width",
        "16",
      ],
      ...["--layers", "1", "--heads", "2", "--batch", "8", "--held-out", "8", "--epochs", "8"],
    ],
    resume: (out) => ["encode", "train", texts, "--resume", out],
    own: [],
    files: ["metrics.jsonl", "model.safetensors", "encoder.json", "tokenizer.json"],
  },
].filter(({ name }) => options.only === undefined || options.only === name);
if (subjects.length === 0) throw new Error(`--only takes images or texts, got ${options.only}`);

/** Runs the command line; killed after so many milliseconds, where they are given. */
function run(parameters, { kill, lose } = {}) {
  const losses = lose === undefined ? [] : ["--import", losing];
  const started = spawn(
    process.execPath,
    [...losses, tessera, ...parameters, "--checkpoint-every", "3steps"],
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
const last = (said) => said.trim().split("\n").at(-1);
const told = join(folder, "submits.json");

async function proveKills({ name, begin, resume, own }, out, milliseconds, count, expectSame) {
  let hit = 0;
  const before = fails.length;
  for (let round = 1; round <= count; round++) {
    rmSync(out, { recursive: true, force: true });
    let next = begin(out);
    for (let more = true; more;) {
      const { code, signal, said } = await run([...next, ...own], {
        kill: milliseconds * (0.1 + 0.85 * random()),
      });
      more = signal === "SIGKILL";
      if (more) hit++;
      if (!more && code !== 0) fails.push(`${name}, kill ${round}: ${last(said)}`);
      // A run that was killed before its first line has left nothing to go on with.
      next = existsSync(join(out, "run.json")) ? resume(out) : begin(out);
      if (existsSync(join(out, "summary.json"))) break;
    }
    expectSame(`kill ${round}`);
  }
  if (count === 0) return;
  console.log(
    `${name}: ${count} runs that were killed, ${hit} times in all: ${fails.length - before} of them failed`,
  );
}

async function proveLosses({ name, begin, resume, own }, out, submits, count, expectSame) {
  let lost = 0;
  const before = fails.length;
  for (let round = 1; round <= count; round++) {
    rmSync(out, { recursive: true, force: true });
    const plan = Array.from(
      { length: 1 + Math.floor(3 * random()) },
      () => 1 + Math.floor(submits * random()),
    );
    let { code, said } = await run([...begin(out), ...own], {
      lose: { LOSE_AFTER: plan.join(","), LOSE_TOLD: told },
    });
    const found = JSON.parse(readFileSync(told, "utf8"));
    lost += found.length - 1;
    // Three in a row, before the first checkpoint, are the end; what is left goes on by hand.
    if (said.includes("3 devices were lost") && existsSync(join(out, "run.json"))) {
      ({ code, said } = await run([...resume(out), ...own]));
    }
    if (code === 0) expectSame(`losses after ${plan}`);
    else fails.push(`${name}, losses after ${plan}: ${last(said)}`);
  }
  if (count === 0) return;
  console.log(
    `${name}: ${count} runs that lost ${lost} devices in all: ${fails.length - before} of them failed`,
  );
}

try {
  for (const [i, subject] of subjects.entries()) {
    const { name, begin, own, files } = subject;
    const [whole, out] = ["whole", "again"].map((each) => join(folder, `${name}-${each}`));
    const expectSame = (what) => {
      for (const file of files) {
        const [is, was] = [out, whole].map((each) => readFileSync(join(each, file)));
        if (!is.equals(was)) fails.push(`${name}, ${what}: ${file} is another`);
      }
    };
    const first = await run([...begin(whole), ...own], { lose: { LOSE_TOLD: told } });
    if (first.code !== 0) throw new Error(`${name}: the run ended with ${first.code}: ${last(first.said)}`);
    const [submits] = JSON.parse(readFileSync(told, "utf8"));
    // Another one for the time: by then the driver has the kernels in its cache.
    const again = performance.now();
    await run([...begin(out), ...own]);
    const milliseconds = performance.now() - again;
    console.log(`${name}: alone ${submits} submits in ${(milliseconds / 1000).toFixed(1)} s`);
    /** The part of this subject, the first of them getting what is left over. */
    const part = (count) => Math.floor((count + subjects.length - 1 - i) / subjects.length);
    await proveKills(subject, out, milliseconds, part(kills), expectSame);
    await proveLosses(subject, out, submits, part(losses), expectSame);
  }
  console.log(`moments ${moments}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (fails.length > 0) {
  console.error(`FAILED: ${fails.slice(0, 5).join("; ")} (moments ${moments})`);
  process.exitCode = 1;
} else console.log("passed");

// Proof that mixed precision costs no accuracy: `npm run prove:precision [-- --data-root FOLDER] [-- --seeds 5]`.
//
// Trains MNIST and the excerpts of two chest collections below --data-root (examples/mnist-300.yaml, with more images and steps, and
// examples/chest-baselines.yaml) as they stand and with `precision: mixed`, from the same seeds, as a study of three arms, of which
// the third has a learning rate that is off by a rounding of f16: what training makes of differences that mean nothing. Fails unless
// the mean AUC is equal within --margin (.002) by two one-sided paired tests at .05; where not even the third arm can be shown to be,
// so few seeds tell nothing so small, and it fails where the difference is one from 0. Fails, too, unless a plan of DenseNet-121 at
// 224 x 224 takes at most two thirds of the memory for an image. `--steps` shortens every run, `--only mnist` leaves the other out, and `--out`
// keeps the studies, which go on where they were stopped.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { pairedEquivalence } from "@tessera-gpu/tessera/studies";

const root = fileURLToPath(new URL("..", import.meta.url));
const tessera = join(root, "dist", "cli", "main.js");
const { values: options } = parseArgs({
  options: {
    "data-root": { type: "string", default: process.env["TESSERA_DATA"] ?? "../shared/data" },
    seeds: { type: "string", default: "5" },
    margin: { type: "string", default: "0.002" },
    steps: { type: "string" },
    only: { type: "string" },
    out: { type: "string" },
  },
});
const margin = Number(options.margin);
/** So few images that seeds differ by more than precisions do, unless they are trained on for longer. */
const sets = [
  {
    name: "mnist",
    example: "mnist-300.yaml",
    changes: [
      ["limit: 300", "limit: 3000"],
      ["steps: 120", "steps: 600"],
    ],
  },
  { name: "chest", example: "chest-baselines.yaml", changes: [["steps: 80", "steps: 300"]] },
].filter(({ name }) => options.only === undefined || options.only === name);
/** Of the memory for an image. */
const most = 2 / 3;
/** The learning rate of both sets, off by as little as f16 rounds: what training makes of differences that mean nothing. */
const nudged = "0.0010005";

const temporary = mkdtempSync(join(tmpdir(), "tessera-prove-"));
const folder = options.out === undefined ? temporary : resolve(options.out);
const fails = [];
try {
  if (sets.length === 0) throw new Error(`there is no set "${options.only}"; choose mnist or chest`);
  proveMemory();
  for (const set of sets) proveAccuracy(set);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (fails.length > 0) {
  console.error(`FAILED: ${fails.join("; ")}`);
  process.exitCode = 1;
} else console.log("passed");

/** The text of an example with changes, each of which must be one. */
function changed(example, changes) {
  let text = readFileSync(join(root, "examples", example), "utf8");
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`${example} does not say "${from}" once`);
    text = text.replace(from, to);
  }
  return text;
}

function proveMemory() {
  const manifest = join(temporary, "densenet121.yaml");
  const perImage = (precision) => {
    writeFileSync(
      manifest,
      changed("densenet121.yaml", [["batch: 16 }", `batch: 16, precision: ${precision} }`]]),
    );
    const plan = JSON.parse(
      execFileSync(process.execPath, [tessera, "plan", manifest, "--json"], { encoding: "utf8" }),
    );
    return plan.steps.map((step) => step.perImageBytes / 2 ** 20);
  };
  const [full, mixed] = [perImage("full"), perImage("mixed")];
  full.forEach((bytes, i) => {
    const share = mixed[i] / bytes;
    const views = i === 0 ? "the weak view" : "both views";
    console.log(
      `DenseNet-121, 224 x 224, ${views}: ${bytes.toFixed(1)} MiB an image, mixed ${mixed[i].toFixed(1)} (${(100 * share).toFixed(0)} %)`,
    );
    if (!(share <= most))
      fails.push(`${views} of an image still take ${(100 * share).toFixed(0)} % of the memory`);
  });
}

function proveAccuracy({ name, example, changes }) {
  const manifest = join(temporary, `${name}.yaml`);
  writeFileSync(
    manifest,
    `${changed(example, changes)}\narms: { full: {}, mixed: { precision: mixed }, nudged: { learningRate: ${nudged} } }\n`,
  );
  const out = join(folder, name);
  const study = [
    "study",
    "settings",
    manifest,
    "--data-root",
    options["data-root"],
    "--seeds",
    options.seeds,
  ];
  const length = options.steps === undefined ? [] : ["--steps", options.steps];
  const { status } = spawnSync(process.execPath, [tessera, ...study, ...length, "--out", out], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) {
    fails.push(`the study of ${name} ended with ${status}`);
    return;
  }
  const { scores } = JSON.parse(readFileSync(join(out, "scores.json"), "utf8"));
  const of = (arm) => meansBySeed(scores.filter((score) => score.arm === arm));
  const [mixed, nudge] = ["mixed", "nudged"].map((arm) => {
    const test = pairedEquivalence(of(arm), of("full"), margin);
    if (test.reason !== null) throw new Error(`${name}: ${test.reason}`);
    const { difference, interval, p } = test;
    console.log(
      `${name}: mean AUC of ${arm} less full ${difference.toFixed(4)} [${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}], p ${p.toFixed(3)}`,
    );
    return test;
  });
  if (mixed.equivalent) return;
  const { low, high } = mixed.interval;
  if (nudge.equivalent || low > 0 || high < 0) fails.push(`${name}: equality within ${margin} is not shown`);
  else
    console.log(
      `${name}: ${options.seeds} seeds cannot show ${margin}, neither of mixed nor of a rate that is off by a rounding`,
    );
}

/** The mean AUC over the classes that have one, seed by seed. */
function meansBySeed(scores) {
  return scores
    .toSorted((a, b) => a.seed - b.seed)
    .map(({ auc }) => {
      const known = Object.values(auc).filter((each) => each !== null);
      return known.reduce((sum, each) => sum + each, 0) / known.length;
    });
}

// The stages of the check, in the order in which they run: a row of the table each. A stage fails by throwing.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parse, stringify } from "yaml";
import { AbsentError, eachOf, isRehearsal, node, run, tell, tessera } from "./commands.mjs";

const example = "examples/densenet121.yaml";
const manifest = "work/small.yaml";
const sizes = "work/sizes.json";
const tuning = "work/tuning.json";

/** The tests that compute on the adapter. */
export const adapterTests = [
  "test/operators",
  "test/autograd",
  "test/nn",
  "test/runtime",
  "test/optim",
  "test/kernels",
  "test/device",
  "test/training/trajectory.test.ts",
];
/** Two short files of them. */
export const rehearsalTests = ["test/operators/matmul.test.ts", "test/operators/reduction.test.ts"];

/**
 * Every stage: its limit in seconds where the command line names none, and what it does. Beyond the lines that it tells
 * there may be a note of few words for the last table, and another choice of lines.
 */
export const stages = {
  adapter: { seconds: 20, run: adapter },
  parity: { seconds: 150, run: parity, note: countTests, told: failingTests },
  determinism: { seconds: 50, run: determinism },
  bench: { seconds: 110, run: bench },
  ladder: { seconds: 80, run: ladder },
  densenet: { seconds: 80, run: densenet },
  torch: { seconds: 50, run: torch },
};

async function adapter() {
  await node(["scripts/gpu-check/adapter.mjs"]);
  await tessera("devices", "--json");
  await tessera("plan", example);
  const fields = "name,driver_version,memory.total,clocks.sm,clocks.max.sm";
  try {
    tell(`nvidia-smi: ${await run(["nvidia-smi", `--query-gpu=${fields}`, "--format=csv,noheader"])}`);
  } catch (error) {
    // Clocks are a remark on the figures: a GPU of another vendor has no such program.
    console.log(`clocks are not known: ${error.message}`);
  }
}

async function parity() {
  const workers = Math.max(1, Math.min(8, availableParallelism() >> 1));
  const tests = isRehearsal ? rehearsalTests : adapterTests;
  const options = ["--reporter=verbose", `--maxWorkers=${workers}`];
  await node(["node_modules/vitest/vitest.mjs", "run", ...tests, ...options]);
}

/** Tests by their mark in Vitest's verbose report; a stage that is stopped at its limit has them, too. */
const marked = (log, mark) => log.split("\n").filter((line) => line.trimStart().startsWith(`${mark} `));

function countTests(log) {
  const count = (mark) => marked(log, mark).length;
  return `${count("✓")} passed, ${count("×")} failed, ${count("↓")} skipped`;
}

function failingTests(log) {
  return marked(log, "×")
    .slice(0, 40)
    .map((line) => `  ${line.trim()}`);
}

/** Two runs with one seed are equal to the last bit, and a replayed step leaks nothing. */
async function determinism() {
  writeManifest();
  const runs = ["work/first", "work/second"];
  for (const folder of runs) await train(["--steps", "12", "--seed", "7", "--out", folder, "--quiet"]);
  const equal = (file) => () => {
    const [first, second] = runs.map((folder) => readFileSync(`${folder}/${file}`));
    tell(`${file}: ${first.equals(second) ? "equal" : "DIFFERS"}`);
    if (!first.equals(second)) throw new Error(`two runs with one seed wrote different files ${file}`);
  };
  await eachOf([
    ...["metrics.jsonl", "model.safetensors", "test-predictions.csv"].map(equal),
    async () => tell(await node(["--expose-gc", "scripts/prove-replay.mjs", "200"])),
  ]);
}

/** The sizes of a GPU first, since they matter most, and last what may be cut off. */
async function bench() {
  const hasPeers = existsSync("bench/peers/dist/tfjs.cjs");
  if (!hasPeers) tell("tfjs is not in this kit, which was packed with --quick: Tessera is timed alone");
  const works = (suite, ...names) => names.map((name) => () => benchWork(suite, name));
  const others = hasPeers ? "--others" : "--no-peers";
  const timeSizes = () => node(["scripts/gpu-check/sizes.mjs", sizes]);
  if (isRehearsal) {
    await eachOf([
      timeSizes,
      ...works("--no-peers", "relu"),
      ...(hasPeers ? works("--others", "matmul") : []),
    ]);
    return;
  }
  await eachOf([
    timeSizes,
    ...works(others, "matmul", "densenet-step", "conv3x3-forward"),
    ...works("--no-peers", "norm", "dense-block", "relu", "adam"),
    ...works(others, "densenet-first", "convnet", "conv3x3-growth", "conv1x1"),
  ]);
}

/** One work of the project's benchmarks. It is held against the CPU reference, which takes most of the time. */
async function benchWork(suite, name) {
  // Without Python on PATH, since PyTorch's CPU is of no interest here.
  const env = { ...process.env, PATH: "bin" };
  const seconds = isRehearsal ? "1" : "6";
  tell(figures(await node(["bench/dist/main.js", suite, "--only", name, "--seconds", seconds], { env })));
}

/** Of what the benchmarks print: the table without the CPU's rows, and the adapter's ceilings. */
function figures(output) {
  const lines = output.split("\n");
  const from = lines.findIndex((line) => line.includes(" median ms "));
  if (from < 0) throw new Error('the benchmarks print no table with "median ms" any more; mend stages.mjs');
  const rows = lines.slice(from, lines.indexOf("", from)).filter((line) => !/^ *\S* +reference /.test(line));
  return [...rows, ...lines.filter((line) => line.startsWith("ceilings"))].join("\n");
}

async function ladder() {
  await eachOf([
    async () => tell(figures(await node(["bench/dist/main.js", "--ladder", "--seconds", "10"]))),
    async () => {
      writeManifest();
      const output = await tessera("tune", manifest, "--seconds", "40", "--tuning", tuning);
      tell(linesFrom(output, "works take another").join("\n"));
    },
  ]);
}

/**
 * A long and a short run take the same time before and after their steps, so that the difference is that of steps
 * alone, and of what ends an epoch.
 */
async function densenet() {
  const batch = writeManifest();
  const [few, many] = isRehearsal ? [2, 8] : [16, 80];
  const output = await train(["--steps", String(few), "--out", "work/profiled", "--profile"]);
  const profile = linesFrom(output, "one training step").filter((line) => line.trim() !== "");
  const footnote = profile.findIndex((line) => line.startsWith("layers: "));
  tell(profile.slice(0, Math.min(40, footnote < 0 ? 40 : footnote)).join("\n"));

  const secondsOf = async (steps, file) => {
    await train(["--steps", String(steps), "--tuning", file, "--out", "work/timed", "--quiet"]);
    return JSON.parse(readFileSync("work/timed/summary.json", "utf8")).seconds;
  };
  const choices = [["candidates by rule", "none"]];
  if (existsSync(tuning)) choices.push(["candidates by tuning", tuning]);
  for (const [choice, file] of choices) {
    const short = await secondsOf(few, file);
    const seconds = (await secondsOf(many, file)) - short;
    const images = batch * (many - few);
    const speed = seconds > 0 ? `${(images / seconds).toFixed(1)} images/s` : "too short to tell";
    tell(`${choice}: ${images} images, both views, with what ends epochs: ${seconds.toFixed(1)} s, ${speed}`);
  }
}

/** The lines of a program's output from the first one with `text`. */
function linesFrom(output, text) {
  const lines = output.split("\n");
  const from = lines.findIndex((line) => line.includes(text));
  if (from < 0) throw new Error(`Tessera prints no line with "${text}" any more; mend stages.mjs`);
  return lines.slice(from);
}

const train = (options) =>
  tessera("train", manifest, "--data-root", ".", "--no-report", "--force", ...options);

/**
 * Writes the manifest of the example with so few images that drawing them takes no time, and with both views from the
 * first step; in a rehearsal a small network, too.
 * @returns images a step
 */
function writeManifest() {
  const settings = parse(readFileSync(example, "utf8"));
  for (const source of settings.sources) source.count = isRehearsal ? 16 : 64;
  settings.test.count = 16;
  settings.train.warmupSteps = 0;
  if (isRehearsal) {
    Object.assign(settings.image, { height: 32, width: 32 });
    Object.assign(settings.model, { blocks: [2, 2], growth: 4 });
    settings.model.stem.features = 8;
  }
  writeFileSync(manifest, stringify(settings));
  return settings.train.batch;
}

async function torch() {
  try {
    await run(["python3", "-c", "import torch, torchvision"]);
  } catch {
    throw new AbsentError(
      "python3 cannot import torch and torchvision on this machine: PyTorch was not timed",
    );
  }
  await run(["python3", "scripts/gpu-check/torch-sizes.py", sizes]);
}

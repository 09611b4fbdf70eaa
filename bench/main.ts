// `npm run bench` and `npm run bench:peers`: opens everyone, checks, times, and prints.

import { Command, InvalidArgumentError } from "commander";
import { higher, measureCeilings, type Ceilings } from "./harness/ceilings.ts";
import { drawChart } from "./harness/chart.ts";
import { measureFirstStep, firstStepImplementations } from "./harness/first-step.ts";
import { adapterRecord, thisMachine } from "./harness/machine.ts";
import { measure } from "./harness/measure.ts";
import { installPeers, openGpuJs, openTfjs, openTorch } from "./harness/peers.ts";
import type { PeerModule } from "./harness/work.ts";
import { BenchProgress } from "./harness/progress.ts";
import { describeCeilings, describeMachine, reportOf, resultTable, writeReport } from "./harness/report.ts";
import type { ImplementationName, Result } from "./harness/work.ts";
import { dawn } from "./implementations/dawn.ts";
import { closeEngines, engineOf } from "./implementations/tessera.ts";
import { runLadder } from "./ladder.ts";
import { densenetOn } from "./works/densenet.ts";
import { stepsOn } from "./works/training-step.ts";
import { worksWith } from "./works/index.ts";

interface Options {
  readonly only?: string;
  readonly seconds: number;
  readonly json?: string;
  readonly chart?: string;
  readonly ladder?: true;
  readonly peers: boolean;
  readonly others: boolean;
}

/** What is compared: ourselves on the CPU and with naive kernels, or others on the same adapter. */
const suites = {
  own: ["tessera", "tessera-naive", "reference", "gpu.js-cpu", "gpu.js-wasm"],
  others: ["tessera", "tfjs-webgpu", "torch-cpu"],
} as const satisfies Record<string, readonly ImplementationName[]>;

const firstStep = "densenet-first-step";

async function openPeers(names: readonly ImplementationName[]): Promise<{
  readonly peers: Map<ImplementationName, PeerModule>;
  readonly notes: string[];
}> {
  const peers = new Map<ImplementationName, PeerModule>();
  const notes: string[] = [];
  if (names.length > 0) installPeers();
  if (names.includes("gpu.js-cpu")) peers.set("gpu.js-cpu", await openGpuJs("cpu"));
  if (names.includes("gpu.js-wasm")) peers.set("gpu.js-wasm", await openGpuJs("webasm"));
  if (names.includes("tfjs-webgpu")) peers.set("tfjs-webgpu", await openTfjs(await dawn()));
  if (names.includes("torch-cpu")) {
    const torch = openTorch();
    if (torch !== undefined) peers.set("torch-cpu", torch);
    else notes.push("torch-cpu: left out, python3 has no torch (python3 -c 'import torch')");
  }
  return { peers, notes };
}

/** The reference's loss of the first training step, where no work that was measured had it. */
async function firstLoss(): Promise<number> {
  const engine = await engineOf("reference");
  const subject = await stepsOn(engine, await densenetOn(engine));
  try {
    const [loss] = await subject.results();
    return loss[0];
  } finally {
    await subject.dispose();
  }
}

async function run(options: Options): Promise<void> {
  const date = new Date();
  const names = options.others ? suites.others : suites.own;
  const traits = (await engineOf("tessera")).traits;
  const { peers, notes } = await openPeers(options.peers ? names : []);
  const wanted = (name: string): boolean => options.only === undefined || name.includes(options.only);
  const works = worksWith(peers).filter(
    ({ name, implementations }) =>
      wanted(name) &&
      (!options.others || implementations.has("tfjs-webgpu") || implementations.has("torch-cpu")),
  );
  const hasFirst = wanted(firstStep);
  const machine = thisMachine(
    Object.fromEntries([...peers].map(([name, { version }]) => [name.replace(/-(cpu|wasm)$/, ""), version])),
  );
  const adapter = adapterRecord(traits);
  process.stdout.write(`${describeMachine({ adapter, machine })}\n\n`);

  const subjects = works.reduce(
    (sum, { implementations }) => sum + names.filter((name) => implementations.has(name)).length,
    0,
  );
  const budget = { seconds: options.seconds / Math.max(1, subjects), minimum: 6 };
  const progress = new BenchProgress(works.length + (hasFirst ? 1 : 0));
  const results: Result[] = [];
  let ceilings: Ceilings;
  let loss: number | undefined;
  try {
    const tessera = await engineOf("tessera");
    progress.doing("ceilings of the adapter");
    const before = await measureCeilings(tessera);
    for (const work of works) {
      const measured = await measure(work, names, budget, progress);
      results.push(...measured.results);
      if (work.name === "densenet-step") loss = measured.expected[0][0];
      progress.next();
      if (work.absent !== undefined && !options.others) notes.push(`${work.name}: ${work.absent}`);
    }
    if (hasFirst) {
      progress.doing(`${firstStep}: reference`);
      loss ??= await firstLoss();
      const who = names.filter((name) => firstStepImplementations.includes(name));
      const found = who.filter((name) => name !== "tfjs-webgpu" || peers.has(name));
      results.push(...(await measureFirstStep(found, loss, 3, (what) => progress.doing(what))));
      progress.next();
    }
    ceilings = higher(before, await measureCeilings(tessera));
  } finally {
    progress.stop();
    for (const peer of peers.values()) await peer.close();
    await closeEngines();
  }

  process.stdout.write(`${resultTable(results, works, ceilings)}\n`);
  const lines = [
    ...works.map(({ name, title }) => `${name}: ${title}`),
    ...notes,
    describeCeilings(ceilings),
  ];
  process.stdout.write(`\n${lines.join("\n")}\n`);
  process.stdout.write("Every result was held against the float64 reference before it was timed.\n");
  const report = reportOf({ adapter, machine, ceilings }, date, results);
  if (options.json !== undefined) writeReport(options.json, report);
  if (options.chart !== undefined) drawChart(options.chart, report);
}

const command = new Command()
  .name("npm run bench --")
  .description("Times Tessera against its naive kernels, its CPU reference and gpu.js; checks results first.")
  .option("--only <text>", "works whose names contain this")
  .option(
    "--seconds <n>",
    "seconds of timing in all; slow works take what they need",
    (text) => {
      const value = Number(text);
      if (!(value > 0)) throw new InvalidArgumentError("give a number above 0");
      return value;
    },
    90,
  )
  .option("--json <file>", "write the results as JSON")
  .option("--chart <file>", "draw the results, as .svg or .png")
  .option("--ladder", "instead: every candidate of matmul and convolution, against the adapter's ceilings")
  .option("--others", "instead: against tfjs-backend-webgpu and PyTorch (npm run bench:peers)", false)
  .option("--no-peers", "without gpu.js, tfjs and PyTorch: nothing is installed");

const options = command.parse().opts<Options>();
try {
  if (options.ladder === true) await runLadder(options);
  else await run(options);
  process.exit(0);
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
  process.exit(1);
}

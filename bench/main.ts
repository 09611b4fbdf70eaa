// `npm run bench` and `npm run bench:peers`: opens everyone, checks, times, and prints.

import { Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "@tessera-gpu/tessera";
import { CheckoutError } from "./against/checkout.ts";
import { compareVersions } from "./against/compare-versions.ts";
import { higher, measureCeilings, type Ceilings } from "./harness/ceilings.ts";
import { drawChart } from "./harness/chart.ts";
import { firstStepImplementations, firstStepName, measureFirstStep } from "./harness/first-step.ts";
import { adapterRecord, thisMachine } from "./harness/machine.ts";
import { measure } from "./harness/measure.ts";
import { installPeers, isWebGpuPeer, openGpuJs, openTorch, webGpuPeers } from "./harness/peers.ts";
import type { PeerModule } from "./harness/work.ts";
import { BenchProgress } from "./harness/progress.ts";
import {
  describeCeilings,
  describeMachine,
  reportOf,
  resultTable,
  writeReport,
  type Outcome,
} from "./harness/report.ts";
import type { ImplementationName } from "./harness/work.ts";
import { dawn } from "./implementations/dawn.ts";
import { closeEngines, engineOf } from "./implementations/tessera.ts";
import { runLadder } from "./ladder.ts";
import { worksWith } from "./works/index.ts";
import { firstLossOf, firstStepNetworks } from "./works/networks.ts";

interface Options {
  readonly only?: string;
  readonly seconds: number;
  readonly json?: string;
  readonly chart?: string;
  readonly ladder?: true;
  readonly against?: string;
  readonly peers: boolean;
  readonly others: boolean;
}

/** What is compared: ourselves on the CPU and with naive kernels, or others on the same adapter. */
const suites = {
  own: ["tessera", "tessera-naive", "reference", "gpu.js-cpu", "gpu.js-wasm"],
  others: ["tessera", "tfjs-webgpu", "jax-js", "torch-cpu"],
} as const satisfies Record<string, readonly ImplementationName[]>;

async function openPeers(names: readonly ImplementationName[]): Promise<{
  readonly peers: Map<ImplementationName, PeerModule>;
  readonly notes: string[];
}> {
  const peers = new Map<ImplementationName, PeerModule>();
  const notes: string[] = [];
  if (names.length > 0) installPeers();
  if (names.includes("gpu.js-cpu")) peers.set("gpu.js-cpu", await openGpuJs("cpu"));
  if (names.includes("gpu.js-wasm")) peers.set("gpu.js-wasm", await openGpuJs("webasm"));
  for (const name of names.filter(isWebGpuPeer)) peers.set(name, await webGpuPeers[name](await dawn()));
  if (names.includes("torch-cpu")) {
    const torch = openTorch();
    if (torch !== undefined) peers.set("torch-cpu", torch);
    else notes.push("torch-cpu: left out, python3 has no torch; PYTHON=/usr/bin/python3 names another");
  }
  return { peers, notes };
}

async function run(options: Options): Promise<void> {
  const date = new Date();
  const names = options.others ? suites.others : suites.own;
  const traits = (await engineOf("tessera")).traits;
  const { peers, notes } = await openPeers(options.peers ? names : []);
  const wanted = (name: string): boolean => options.only === undefined || name.includes(options.only);
  const works = worksWith(peers).filter(
    ({ name, implementations }) =>
      wanted(name) && (!options.others || [...peers.keys()].some((name) => implementations.has(name))),
  );
  const firstSteps = firstStepNetworks.filter((network) => wanted(firstStepName(network)));
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
  const progress = new BenchProgress(works.length + firstSteps.length);
  const outcomes: Outcome[] = [];
  let ceilings: Ceilings;
  const losses = new Map<string, number>(); // of the first step, by network, as the reference computes it
  try {
    const tessera = await engineOf("tessera");
    progress.doing("ceilings of the adapter");
    const before = await measureCeilings(tessera);
    for (const work of works) {
      const measured = await measure(work, names, budget, progress);
      outcomes.push(...measured.results, ...measured.unfinished);
      if (work.network !== undefined) losses.set(work.network, measured.expected[0][0]);
      progress.next();
      if (work.absent !== undefined && !options.others) notes.push(`${work.name}: ${work.absent}`);
    }
    for (const network of firstSteps) {
      progress.doing(`${firstStepName(network)}: reference`);
      const loss = losses.get(network) ?? (await firstLossOf(network));
      const who = names.filter((name) => firstStepImplementations.includes(name));
      const found = who.filter((name) => !isWebGpuPeer(name) || peers.get(name)?.works.includes(network));
      outcomes.push(...(await measureFirstStep(network, found, loss, 3, (what) => progress.doing(what))));
      progress.next();
    }
    ceilings = higher(before, await measureCeilings(tessera));
  } finally {
    progress.stop();
    for (const peer of peers.values()) await peer.close();
    await closeEngines();
  }

  process.stdout.write(`${resultTable(outcomes, works, ceilings)}\n`);
  const lines = [
    ...works.map(({ name, title }) => `${name}: ${title}`),
    ...notes,
    describeCeilings(ceilings),
  ];
  process.stdout.write(`\n${lines.join("\n")}\n`);
  process.stdout.write("Every result was held against the float64 reference before it was timed.\n");
  const report = reportOf({ adapter, machine, ceilings }, date, outcomes);
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
  .addOption(
    new Option(
      "--against <commit>",
      "instead: this version against another commit, branch or tag, in turns",
    ).conflicts(["ladder", "others", "chart"]),
  )
  .option("--ladder", "instead: every candidate of matmul and convolution, against the adapter's ceilings")
  .option("--others", "instead: against tfjs-backend-webgpu, jax-js and PyTorch (npm run bench:peers)", false)
  .option("--no-peers", "without gpu.js, tfjs, jax-js and PyTorch: nothing is installed");

const options = command.parse().opts<Options>();
try {
  const { against } = options;
  if (against !== undefined) await compareVersions({ ...options, against });
  else if (options.ladder === true) await runLadder(options);
  else await run(options);
  process.exit(0);
} catch (error) {
  const plain = error instanceof CheckoutError || error instanceof UsageError;
  const told = plain ? error.message : ((error as Error).stack ?? String(error));
  process.stderr.write(`bench: ${told}\n`);
  process.exit(1);
}

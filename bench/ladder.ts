// The kernel ladder: every candidate of matmul and of convolution from the naive one up, each checked and then timed,
// beside what the adapter can do at the most.

import { openEngine, type Engine, type Tensor } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { higher, measureCeilings } from "./harness/ceilings.ts";
import type { HostInput } from "./harness/data.ts";
import { checkEqual } from "./harness/equality.ts";
import { adapterRecord, thisMachine } from "./harness/machine.ts";
import { BenchProgress } from "./harness/progress.ts";
import { describeCeilings, describeMachine, digits, plainTable } from "./harness/report.ts";
import { median } from "./harness/statistics.ts";
import { engineOf, onEngine, closeEngines } from "./implementations/tessera.ts";
import type { OperatorWork } from "./works/operator-work.ts";
import { operatorWorks } from "./works/operators.ts";

/** The operators that climb, and the works they climb on. */
const ladders = [
  { operator: "matmul", work: "matmul-512" },
  { operator: "conv2d", work: "conv3x3-forward" },
  { operator: "conv2d", work: "conv3x3-growth" },
  { operator: "conv2d", work: "conv3x3-growth-14" },
  { operator: "conv2d", work: "conv1x1-forward" },
  { operator: "conv2dInputGradient", work: "conv3x3-input-gradient" },
  { operator: "conv2dWeightGradient", work: "conv3x3-weight-gradient" },
  { operator: "conv2dWeightGradient", work: "conv1x1-weight-gradient" },
] as const;

/** The names of an operator's candidates for what a work calls it with, in the order of its record. */
function candidatesOf(
  engine: Engine,
  work: OperatorWork,
  inputs: readonly HostInput[],
  name: string,
): string[] {
  const names: string[] = [];
  const { backend } = engine;
  const original = backend.execute.bind(backend);
  backend.execute = (operator, operands, outputs, attributes) => {
    if (operator.name === name) {
      for (const each of operator.candidates(operands, attributes, engine.traits)) names.push(each.name);
    }
    return original(operator, operands, outputs, attributes);
  };
  const tensors: Tensor[] = inputs.map(({ data, shape, dtype }) => engine.tensor(data, shape, dtype));
  engine.scope(() => void work.body(tensors, engine));
  for (const tensor of tensors) tensor.dispose();
  backend.execute = original;
  return names;
}

/** One candidate of one operator on one work. */
interface Rung {
  readonly title: string;
  readonly name: string;
  readonly times: readonly number[];
  readonly gflops: number;
}

/** Prints the ladders; rungs take turns, so that their ratios hold on a noisy machine. */
export async function runLadder(options: {
  readonly only?: string;
  readonly seconds: number;
}): Promise<void> {
  const chosen = ladders.filter(
    ({ work, operator }) => options.only === undefined || `${operator} ${work}`.includes(options.only),
  );
  const engine = await engineOf("tessera");
  const adapter = adapterRecord(engine.traits);
  process.stdout.write(`${describeMachine({ adapter, machine: thisMachine({}) })}\n\n`);
  const progress = new BenchProgress(chosen.length + 1);
  progress.doing("ceilings");
  let ceilings = await measureCeilings(engine);
  progress.next();
  const climbed: Rung[] = [];
  try {
    for (const { operator, work: name } of chosen) {
      const work = operatorWorks.find((each) => each.name === name);
      if (work?.flops === undefined) throw new Error(`no work is named ${name}`);
      climbed.push(...(await climb(engine, operator, work, work.flops, options.seconds / chosen.length)));
      progress.next();
    }
    ceilings = higher(ceilings, await measureCeilings(engine));
  } finally {
    progress.stop();
    await closeEngines();
  }

  async function climb(
    plain: Engine,
    operator: keyof typeof operators,
    work: OperatorWork,
    flops: number,
    seconds: number,
  ): Promise<Rung[]> {
    const inputs = await work.inputs();
    progress.doing(`${work.name}: reference`);
    const reference = await onEngine("reference", inputs, work.body);
    const expected = await reference.results();
    const rungs = [];
    for (const name of candidatesOf(plain, work, inputs, operator)) {
      progress.doing(`${work.name}: checking ${name}`);
      const own = await openEngine({ device: "webgpu", candidates: { [operator]: name } });
      const subject = await onEngine(own, inputs, work.body);
      checkEqual(`${operator} by ${name}`, await subject.results(), expected, work.bound);
      await subject.run();
      rungs.push({ name, own, subject, times: [] as number[] });
    }
    progress.doing(`${work.name}: timing ${rungs.length} rungs`);
    const end = performance.now() + 1000 * seconds;
    for (let turn = 0; turn < 3 || (performance.now() < end && turn < 200); turn++) {
      for (const { subject, times } of rungs) {
        const started = performance.now();
        await subject.run();
        times.push(performance.now() - started);
      }
    }
    for (const { own } of rungs) own.close();
    const title = `${operator} ${work.title}`;
    return rungs.map(({ name, times }) => ({ title, name, times, gflops: flops / median(times) / 1e6 }));
  }

  const rows = climbed.map(({ title, name, times, gflops }, i) => {
    const before = climbed[i - 1]?.title === title ? climbed[i - 1] : undefined;
    return [
      before === undefined ? title : "",
      name,
      digits(median(times)),
      `${digits(Math.min(...times))} .. ${digits(Math.max(...times))}`,
      String(times.length),
      digits(gflops),
      before === undefined ? "" : `${digits(gflops / before.gflops)} x`,
      `${digits((100 * gflops) / ceilings.gflops)} %`,
    ];
  });
  const head = [
    "operator",
    "rung",
    "median ms",
    "min .. max",
    "samples",
    "GFLOP/s",
    "to the one before",
    "of fma",
  ];
  process.stdout.write(`${plainTable(head, rows, 2)}\n\n`);
  process.stdout.write(
    `${describeCeilings(ceilings)}\n` +
      "Every rung was held against the float64 reference before it was timed.\n",
  );
}

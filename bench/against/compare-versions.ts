// `npm run bench -- --against COMMIT`: the works of the present version and of another, checked and then timed in turns.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "@tessera-gpu/tessera";
import { openChild, type Child } from "../harness/child.ts";
import { checkEqual, type Numbers } from "../harness/equality.ts";
import { checkFirstLoss, firstStepName, firstStepOf } from "../harness/first-step.ts";
import { adapterRecord, thisMachine } from "../harness/machine.ts";
import { BenchProgress } from "../harness/progress.ts";
import { describeMachine } from "../harness/report.ts";
import type { Work } from "../harness/work.ts";
import { closeEngines, engineOf } from "../implementations/tessera.ts";
import { worksWith } from "../works/index.ts";
import { firstLossOf, firstStepNetworks } from "../works/networks.ts";
import { checkOut, presentVersion } from "./checkout.ts";
import { comparisonText, writeComparison, type ComparedWork, type LeftOut } from "./comparison-report.ts";
import { comparedOf, pairsOf, type Compared, type Pair, type Sample } from "./paired.ts";
import { layOut } from "./shims.ts";
import type { SideAnswer, SideRequest } from "./side.ts";

/** The repository and the compiled benchmark, seen from bench/dist/against. */
const root = fileURLToPath(new URL("../../..", import.meta.url));
const compiled = fileURLToPath(new URL("..", import.meta.url));

export interface AgainstOptions {
  readonly against: string;
  readonly only?: string;
  readonly seconds: number;
  readonly json?: string;
}

/** A sample lasts at least so long, in milliseconds: then a message to the process and a cold start weigh little. */
const sampleLength = 40;
/** Seconds of the pairs of a first step, which are processes. */
const firstStepPatience = { seconds: 20 };

type Side = Child<SideRequest, SideAnswer>;

/** Starts the process of the version whose compiled benchmark lies there. */
const openSide = (home: string, name: string): Promise<Side> =>
  openChild(join(home, "against", "side.js"), [], name);

/** Something of each version. */
type Both<Value> = Readonly<Record<keyof Pair, Value>>;

/**
 * Compares and prints.
 *
 * @throws UsageError when `only` names no work
 * @throws CheckoutError when the other version cannot be had
 * @throws UnequalError when the present version computes something else than the reference
 */
export async function compareVersions(options: AgainstOptions): Promise<void> {
  const date = new Date();
  const wanted = (name: string): boolean => options.only === undefined || name.includes(options.only);
  const works = worksWith(new Map()).filter(({ name }) => wanted(name));
  const firstSteps = firstStepNetworks.filter((network) => wanted(firstStepName(network)));
  if (works.length + firstSteps.length === 0)
    throw new UsageError(`--only ${options.only ?? ""}: no work is named so`);
  const adapter = adapterRecord((await engineOf("tessera")).traits);
  process.stdout.write(`${describeMachine({ adapter, machine: thisMachine({}) })}\n`);
  const checkout = checkOut(root, options.against, (what) => process.stderr.write(`bench: ${what} ...\n`));
  process.once("exit", () => checkout.remove());
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  const now = presentVersion(root);
  const against = `${checkout.commit}, ${checkout.subject}`;
  process.stdout.write(`now      ${now}\nagainst  ${against}\n\n`);
  const progress = new BenchProgress(works.length + firstSteps.length);
  const results: ComparedWork[] = [];
  const leftOut: LeftOut[] = [];
  try {
    const homes = { now: compiled, other: await layOut(compiled, checkout.folder) };
    const sides = {
      now: await openSide(homes.now, "this version"),
      other: await openSide(homes.other, against),
    };
    const comparisons = [
      ...works.map((work) => ({
        work: work.name,
        compare: () =>
          comparedWork(work, sides, options.seconds / works.length, (what) => progress.doing(what)),
      })),
      ...firstSteps.map((network) => ({
        work: firstStepName(network),
        compare: () => comparedFirstStep(network, homes, (what) => progress.doing(what)),
      })),
    ];
    for (const { work, compare } of comparisons) {
      try {
        results.push({ work, ...(await compare()) });
      } catch (error) {
        if (!(error instanceof OtherVersionError)) throw error;
        leftOut.push({ work, because: error.message });
      }
      progress.next();
    }
    for (const side of [sides.now, sides.other]) side.close();
  } finally {
    progress.stop();
    await closeEngines();
    checkout.remove();
  }
  const comparison = { adapter, date, now, against, results, leftOut };
  process.stdout.write(`${comparisonText(comparison)}\n`);
  if (options.json !== undefined) writeComparison(options.json, comparison);
}

/** The other version cannot do a work, or computes something else. */
class OtherVersionError extends Error {
  override readonly name = "OtherVersionError";
}

/** What the other version does; that it cannot is no fault of this run. */
async function ofOther<Value>(promise: Promise<Value>): Promise<Value> {
  try {
    return await promise;
  } catch (error) {
    throw new OtherVersionError((error as Error).message, { cause: error });
  }
}

async function comparedWork(
  work: Work,
  sides: Both<Side>,
  seconds: number,
  doing: (what: string) => void,
): Promise<Compared> {
  doing(`${work.name}: reference`);
  const expected = await referenceOf(work);
  doing(`${work.name}: checking`);
  const repeats = await opened(sides.now, work, expected);
  await ofOther(opened(sides.other, work, expected));
  const run = async (side: Side, times: number): Promise<Sample> => {
    const { wall = NaN, cpu = NaN } = await side.ask({ do: "run", times });
    return { wall: wall / times / repeats, cpu: cpu / times / repeats };
  };
  doing(`${work.name}: timing in turns`);
  await run(sides.now, 1); // drivers finish compiling in it
  await run(sides.other, 1);
  // As many runs in a sample for both, so that a pair compares the same.
  const { wall } = await run(sides.now, 1);
  const times = Math.max(1, Math.ceil(sampleLength / (wall * repeats)));
  return comparedOf(await pairsOf((version) => run(sides[version], times), { seconds }));
}

/** What the float64 reference of this version computes. */
async function referenceOf(work: Work): Promise<readonly Numbers[]> {
  const subject = await work.implementations.get("reference")?.();
  if (subject === undefined) throw new Error(`${work.name} has no reference`);
  try {
    return await subject.results();
  } finally {
    await subject.dispose();
  }
}

/** Makes a version ready for a work, and checks it. @returns how often a run does the work */
async function opened(side: Side, { name, bound }: Work, expected: readonly Numbers[]): Promise<number> {
  const { results = [], repeats = 1 } = await side.ask({ do: "open", work: name });
  checkEqual(`${name} by ${side.name}`, results, expected, bound);
  return repeats;
}

async function comparedFirstStep(
  network: string,
  homes: Both<string>,
  doing: (what: string) => void,
): Promise<Compared> {
  const name = firstStepName(network);
  doing(`${name}: reference`);
  const expected = await firstLossOf(network);
  const step = async (version: keyof Pair): Promise<Sample> => {
    const { milliseconds, cpu, loss } = await firstStepOf(
      network,
      "tessera",
      join(homes[version], "first-step.js"),
    );
    checkFirstLoss(name, loss, expected);
    return { wall: milliseconds, cpu };
  };
  doing(`${name}: processes in turns`);
  return comparedOf(
    await pairsOf(
      (version) => (version === "other" ? ofOther(step("other")) : step("now")),
      firstStepPatience,
    ),
  );
}

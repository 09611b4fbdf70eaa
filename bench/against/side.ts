// One version of Tessera in a process of its own: it makes works ready and runs them when it is told to. The same file
// runs over either version; which one `@tessera-gpu/tessera` is depends on where it lies (shims.ts).

import { answerQuestions } from "../harness/child.ts";
import type { Numbers } from "../harness/equality.ts";
import type { Subject } from "../harness/work.ts";
import { worksWith } from "../works/index.ts";

/** What is asked of a side. */
export type SideRequest =
  /** Makes a work ready and computes it; ends the work before it. */
  | { readonly do: "open"; readonly work: string }
  /** Runs the work so many times, one behind the other. */
  | { readonly do: "run"; readonly times: number };

export interface SideAnswer {
  /** Of `open`. */
  readonly results?: readonly Numbers[];
  /** Of `open`: how often a run does the work. */
  readonly repeats?: number;
  /** Of `run`: wall time, and time of all cores that this process used; milliseconds. */
  readonly wall?: number;
  readonly cpu?: number;
}

const works = worksWith(new Map());
let subject: Subject | undefined;

async function answer(request: SideRequest): Promise<SideAnswer> {
  if (request.do === "open") {
    await subject?.dispose();
    subject = undefined;
    const make = works.find(({ name }) => name === request.work)?.implementations.get("tessera");
    if (make === undefined) throw new Error(`no work is named ${request.work}`);
    subject = await make();
    const results = await subject.results();
    return { results, repeats: subject.repeats ?? 1 };
  }
  if (subject === undefined) throw new Error("no work is ready");
  const before = process.cpuUsage();
  const started = performance.now();
  for (let i = 0; i < request.times; i++) await subject.run();
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1000 };
}

answerQuestions((request) => answer(request as SideRequest));

// The first training step with a cold driver cache, each time in a fresh process.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { checkEqual } from "./equality.ts";
import { spreadOf } from "./statistics.ts";
import type { ImplementationName, Result } from "./work.ts";

/** Mesa compiles anew; other drivers keep what they have, so their numbers are those of a warm cache. */
const environment = { ...process.env, MESA_SHADER_CACHE_DISABLE: "true" };
/** What runs in such a process, of the benchmark that this file belongs to. */
export const firstStepProgram = fileURLToPath(new URL("../first-step.js", import.meta.url));

/** What such a process prints. */
export interface FirstStep {
  readonly milliseconds: number;
  /** Of all cores, in milliseconds. */
  readonly cpu: number;
  readonly loss: number;
}

/**
 * One process, to its end.
 *
 * @param network a name in `networks`
 * @param program `firstStepProgram`, or that of another version
 */
export async function firstStepOf(
  network: string,
  implementation: ImplementationName,
  program = firstStepProgram,
): Promise<FirstStep> {
  const words = [program, network, implementation];
  const { stdout } = await promisify(execFile)(process.execPath, words, { env: environment });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as FirstStep;
}

/** What the first step of a network is called among the works. */
export const firstStepName = (network: string): string => `${network}-first-step`;

export const firstStepImplementations: readonly ImplementationName[] = [
  "tessera",
  "tessera-naive",
  "tfjs-webgpu",
  "jax-js",
];

/**
 * Holds the loss of a first step against the reference's.
 * @returns the error in units of the bound
 * @throws UnequalError when it is another
 */
export function checkFirstLoss(what: string, loss: number, expected: number): number {
  return checkEqual(what, [[loss]], [[expected]], { kind: "values", relative: 1e-5 });
}

/**
 * @param network a name in `networks`
 * @param expectedLoss of the reference
 * @param samples processes per implementation, taking turns
 * @throws UnequalError when a loss is not the reference's
 */
export async function measureFirstStep(
  network: string,
  names: readonly ImplementationName[],
  expectedLoss: number,
  samples: number,
  doing: (what: string) => void,
): Promise<Result[]> {
  const work = firstStepName(network);
  const times = new Map<ImplementationName, number[]>();
  const errors = new Map<ImplementationName, number>();
  for (let turn = 0; turn < samples; turn++) {
    for (const name of names) {
      doing(`${work}: ${name}, process ${turn + 1} of ${samples}`);
      const { milliseconds, loss } = await firstStepOf(network, name);
      errors.set(name, checkFirstLoss(`${work} by ${name}`, loss, expectedLoss));
      times.set(name, [...(times.get(name) ?? []), milliseconds]);
    }
  }
  return [...times].map(([implementation, list]) => ({
    work,
    implementation,
    ...spreadOf(list),
    error: errors.get(implementation) ?? 0,
  }));
}

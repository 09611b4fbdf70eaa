// The first training step with a cold driver cache, each time in a fresh process.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { checkEqual } from "./equality.ts";
import { spreadOf } from "./statistics.ts";
import type { ImplementationName, Result } from "./work.ts";

/** Mesa compiles anew; other drivers keep what they have, so their numbers are those of a warm cache. */
const environment = { ...process.env, MESA_SHADER_CACHE_DISABLE: "true" };
const program = fileURLToPath(new URL("../first-step.js", import.meta.url));

export const firstStepImplementations: readonly ImplementationName[] = [
  "tessera",
  "tessera-naive",
  "tfjs-webgpu",
];

/**
 * @param expectedLoss of the reference
 * @param samples processes per implementation, taking turns
 * @throws UnequalError when a loss is not the reference's
 */
export async function measureFirstStep(
  names: readonly ImplementationName[],
  expectedLoss: number,
  samples: number,
  doing: (what: string) => void,
): Promise<Result[]> {
  const times = new Map<ImplementationName, number[]>();
  const errors = new Map<ImplementationName, number>();
  for (let turn = 0; turn < samples; turn++) {
    for (const name of names) {
      doing(`densenet-first-step: ${name}, process ${turn + 1} of ${samples}`);
      const { stdout } = await promisify(execFile)(process.execPath, [program, name], { env: environment });
      const line = stdout.trim().split("\n").at(-1) ?? "";
      const { milliseconds, loss } = JSON.parse(line) as { milliseconds: number; loss: number };
      const bound = { kind: "values", relative: 1e-5 } as const;
      errors.set(name, checkEqual(`densenet-first-step by ${name}`, [[loss]], [[expectedLoss]], bound));
      times.set(name, [...(times.get(name) ?? []), milliseconds]);
    }
  }
  return [...times].map(([implementation, list]) => ({
    work: "densenet-first-step",
    implementation,
    ...spreadOf(list),
    error: errors.get(implementation) ?? 0,
  }));
}

// The kernels in browsers and in Deno, on a part of the samples; where one is not on this machine, that the command says so and
// what to install. `npm run test:deno` and its sisters take all samples.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findRuntime, runtimes } from "../../scripts/runtimes/table.mjs";
import { root } from "../entries/entries.ts";

const script = join(root, "scripts", "runtimes", "main.mjs");

function run(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | string; readonly output: string; readonly errors: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    execFile(process.execPath, [script, ...parameters], { env }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : (error.code ?? 1), output, errors });
    });
  });
}

describe.each(Object.entries(runtimes))("%s", (name, { variable, install }) => {
  test("where it is not, the command says what to install", async () => {
    const { code, errors } = await run([name], { [variable]: "/no/such/program" });
    expect(code).toBe(3);
    expect(errors).toContain(`${name} is not on this machine: ${install}, or name it in ${variable}`);
  });

  const found = findRuntime(name) !== undefined;
  test.runIf(found)(
    "computes every operator as the reference does, and trains as Node does",
    async () => {
      const { code, output, errors } = await run([name, "--every", "60"]);
      expect(code, `${output}\n${errors}`).toBe(0);
      expect(output).toMatch(/^\d{3,} candidates in \d+ s, 0 differ from the reference$/m);
      expect(output).toMatch(/^the same in Node: .*; apart by at most [\d.]+e[-+]\d+$/m);
    },
    600_000,
  );
});

test("another name is refused with those there are", async () => {
  const { code, errors } = await run(["safari"]);
  expect(code).toBe(2);
  expect(errors).toContain("deno|firefox|chromium");
});

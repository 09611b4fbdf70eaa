// Whole processes: a program that used the GPU ends with its own exit code, survives heavy JavaScript, and rests when
// it has nothing to do. `npm run prove:exit` does the first 200 times.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

function run(program: string, ...parameters: string[]): Promise<Ended> {
  const path = fileURLToPath(new URL(`./programs/${program}`, import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--expose-gc", path, ...parameters]);
    let output = "";
    let errors = "";
    child.stdout.on("data", (data) => (output += String(data)));
    child.stderr.on("data", (data) => (errors += String(data)));
    child.on("close", (code, signal) => resolve({ code, signal, output, errors }));
  });
}

describe("a process that used the GPU", () => {
  for (const ending of ["close", "leave", "exit"]) {
    test(`ends with its own exit code (${ending})`, async () => {
      for (const code of [0, 3]) {
        const { code: ended, signal, errors } = await run("exit.mjs", String(code), ending);
        expect({ ended, signal }, errors).toEqual({ ended: code, signal: null });
      }
    });
  }

  test("survives heavy JavaScript between launches", async () => {
    const { code, signal, errors } = await run("heavy.mjs");
    expect({ code, signal }, errors).toEqual({ code: 7, signal: null });
  });

  for (const [whose, ...parameters] of [
    ["Tessera's Dawn"],
    ["the Dawn that the program put at navigator.gpu", "navigator"],
  ]) {
    test(`waiting takes no core: a software GPU needs it (${whose})`, async () => {
      const { code, output, errors } = await run("waiting.mjs", ...parameters);
      expect(code, errors).toBe(0);
      expect(Number(output)).toBeLessThan(0.5);
    });
  }

  test("takes no core while idle, and ends although its engine is open", async () => {
    const { code, output, errors } = await run("idle.mjs");
    expect(code, errors).toBe(0);
    expect(Number(output)).toBeLessThan(0.1);
  });
});

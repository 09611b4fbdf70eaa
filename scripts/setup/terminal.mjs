// What the set-up prints and how it runs commands: one line a phase with its time, on standard error, so that
// a command's own output stays clean.

import { spawn } from "node:child_process";

/** A set-up step that failed for a reason a person can act on: one line, and the last words of the command. */
export class SetupError extends Error {
  constructor(message, { details = [], aboutAdapter = false } = {}) {
    super(message);
    this.details = details;
    this.aboutAdapter = aboutAdapter;
  }
}

export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** The time since `start` (performance.now()), for a person. */
export function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** Runs `work` under a line that says what happens, counts the seconds on a terminal, and ends with the time. */
export async function phase(label, work) {
  const start = performance.now();
  const live = process.stderr.isTTY;
  if (!live) say(`${label} ...`);
  const draw = () => process.stderr.write(`\r\x1b[Ksetup: ${label} ... ${seconds(start)}`);
  if (live) draw();
  const timer = live ? setInterval(draw, 200) : undefined;
  const end = (word) => {
    clearInterval(timer);
    if (live) process.stderr.write("\r\x1b[K");
    say(`${label}: ${word} ${seconds(start)}`);
  };
  try {
    const result = await work();
    end("done in");
    return result;
  } catch (error) {
    end("failed after");
    throw error;
  }
}

/**
 * Runs a command to its end.
 *
 * @param {string[]} command program and arguments
 * @param {{ cwd?: string, input?: string, shell?: boolean }} options input: text for its standard input
 * @returns {Promise<{ ok: boolean, output: string }>} output: standard output and error as they came
 */
export function run([program, ...args], { input = "", ...options } = {}) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(program, args, { ...options, stdio: "pipe" });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => (output += text));
    }
    // A program that ends without reading its input is no error of ours.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.on("error", (error) => resolve({ ok: false, output: `${output}\n${error.message}` }));
    child.on("close", (code, signal) =>
      resolve({ ok: code === 0, output: signal ? `${output}\n${program} was ended by ${signal}` : output }),
    );
  });
}

/** The lines of a failed command's output that say why: its own error lines if it marks them, else the last. */
export function tellingLines(output) {
  const lines = output
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && line !== "npm error");
  const errors = lines.filter((line) => /^(E: |dpkg: error|npm error)/.test(line));
  const warnings = lines.filter((line) => /^(W: |Err:)/.test(line));
  // npm follows its errors with help texts, so the first lines say most.
  return errors.length > 0
    ? errors.slice(0, 6)
    : warnings.length > 0
      ? warnings.slice(0, 6)
      : lines.slice(-6);
}

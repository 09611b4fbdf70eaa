// How stages run programs, and how they speak: what they print goes to the stage's log, and lines that begin with "> "
// go into the summary as well.

import { spawn } from "node:child_process";
import { once } from "node:events";

/** A rehearsal on any adapter: small shapes, few tests. */
export const isRehearsal = process.env.REHEARSE === "1";

/** Something that a stage needs is not on this machine: nothing failed, and nothing was checked. */
export class AbsentError extends Error {}

/** Prints lines for the log and the summary; runs of spaces are cut, since tables are wide. */
export function tell(text) {
  for (const line of text.split("\n")) {
    if (line.trim() !== "") console.log(`> ${line.replace(/ {3,}/g, "  ")}`);
  }
}

/**
 * Runs a program to its end. What it prints goes on to the log as it comes.
 *
 * @param {string[]} command program and arguments
 * @param {{ env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<string>} its standard output
 * @throws Error when it fails or does not start
 */
export async function run([program, ...parameters], options = {}) {
  const child = spawn(program, parameters, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text) => {
    output += text;
    process.stdout.write(text);
  });
  child.stderr.pipe(process.stdout, { end: false });
  const [code, signal] = await once(child, "close");
  if (code === 0) return output;
  const command = [program, ...parameters].join(" ");
  throw new Error(`${command}: ${code === null ? `ended by ${signal}` : `exit code ${code}`}`);
}

/** The kit's own Node. */
export const node = (parameters, options) => run([process.execPath, ...parameters], options);

/** Tessera's command line. */
export const tessera = (...parameters) => node(["dist/cli/main.js", ...parameters]);

/**
 * Does everything in turn, also what comes after a failure: works that do not build on each other are all worth seeing.
 * @throws Error that names all failures
 */
export async function eachOf(works) {
  const failures = [];
  for (const work of works) {
    try {
      await work();
    } catch (error) {
      console.log(error.message);
      failures.push(error.message);
    }
  }
  if (failures.length > 0) throw new Error(failures.join("; "));
}

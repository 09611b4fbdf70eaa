// Would the tests notice if a kernel were wrong? `npm run mutate [-- --per-kernel 3] [-- --kernels matmul softmax] [-- --seed 0]`.
//
// Makes mutants of every shader (a bound shifted, an operator replaced, a barrier dropped, an index swapped, a constant, a stride or a
// knob changed), takes so many of each at random, and runs the parity tests of the operators that launch it on each: all candidates, all
// samples, on a checked engine. A mutant that ends the process, or takes longer than --patience seconds for a sample, is killed, too. Survivors that
// scripts/mutate/survivors.json explains are counted apart. Fails below --least (.97) killed, of those that are not explained.
// --out FILE writes all of it as JSON; --all takes every mutant, which takes hours.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { momentsOf } from "./moments.mjs";
import { runnerIn } from "./mutate/runner.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "per-kernel": { type: "string", default: "3" },
    kernels: { type: "string", multiple: true },
    kinds: { type: "string", multiple: true },
    all: { type: "boolean", default: false },
    seed: { type: "string", default: "0" },
    patience: { type: "string", default: "120" },
    least: { type: "string", default: "0.97" },
    out: { type: "string" },
  },
});
let told = 0;

/** Moments of a kernel's own: a change of one shader leaves the choice among the mutants of the others as it is. */
function momentsOfKernel(name) {
  const letters = [...`${options.seed} ${name}`].map((letter) => letter.codePointAt(0));
  return momentsOf(letters.reduce((sum, letter) => (31 * sum + letter) % 2147483646, 0));
}

/** @returns `count` of a list, at random, in its order */
function some(list, count, random) {
  const keys = list.map((each) => [random(), each]);
  const chosen = new Set(
    keys
      .toSorted(([a], [b]) => a - b)
      .slice(0, count)
      .map(([, each]) => each),
  );
  return list.filter((each) => chosen.has(each));
}

const folder = mkdtempSync(join(tmpdir(), "tessera-mutate-"));
const explained = JSON.parse(readFileSync(at("mutate/survivors.json"), "utf8"));
/** Of lines that a shader has several times, `nth` says which is meant. */
const explanationOf = ({ kernel, was, is, line }, all) => {
  const lines = [...new Set(all.filter((each) => each.was === was).map((each) => each.line))].sort(
    (a, b) => a - b,
  );
  const nth = lines.length > 1 ? lines.indexOf(line) + 1 : undefined;
  return explained.find(
    (each) => each.kernels.includes(kernel) && each.was === was && each.is === is && each.nth === nth,
  )?.why;
};

try {
  const module = await runnerIn(folder);
  const { mutants, unused } = await (await import(pathToFileURL(module).href)).allMutants();
  const wanted = options.kernels ?? positionals;
  const names = Object.keys(mutants).filter((name) => wanted.length === 0 || wanted.includes(name));
  const unknown = wanted.find((name) => !Object.hasOwn(mutants, name));
  if (unknown !== undefined) throw new Error(`no operator launches a kernel "${unknown}" here`);
  const isAsked = ({ kind }) => options.kinds === undefined || options.kinds.includes(kind);
  const chosen = names.flatMap((name) => {
    const all = mutants[name].filter(isAsked);
    return options.all ? all : some(all, Number(options["per-kernel"]), momentsOfKernel(name));
  });
  const total = Object.values(mutants).reduce((sum, { length }) => sum + length, 0);
  console.log(
    `${total} mutants of ${Object.keys(mutants).length} shaders, of which ${chosen.length} are run` +
      (unused.length === 0 ? "" : `; not launched on this adapter: ${unused.join(", ")}`),
  );
  const found = await runAll(module, chosen);
  const survivors = found.filter(({ killedBy }) => killedBy === undefined);
  const open = survivors.filter((mutant) => explanationOf(mutant, mutants[mutant.kernel]) === undefined);
  for (const mutant of survivors) {
    const { kernel, line, was, is } = mutant;
    console.log(
      `survived: ${kernel}.wgsl:${line}: ${was}  ->  ${is}  (${explanationOf(mutant, mutants[mutant.kernel]) ?? "not explained"})`,
    );
  }
  const counted = found.length - (survivors.length - open.length);
  const share = counted === 0 ? 1 : (counted - open.length) / counted;
  for (const kind of new Set(found.map((mutant) => mutant.kind))) {
    const each = found.filter((mutant) => mutant.kind === kind);
    const killed = each.filter(({ killedBy }) => killedBy !== undefined).length;
    console.log(`${kind}: ${killed} of ${each.length} killed`);
  }
  console.log(
    `${found.length - survivors.length} of ${found.length} killed; ${survivors.length - open.length} survivors are explained: ` +
      `${(100 * share).toFixed(1)} % of the others, seed ${options.seed}`,
  );
  if (options.out !== undefined)
    writeFileSync(options.out, `${JSON.stringify({ seed: options.seed, found }, null, 1)}\n`);
  if (!(share >= Number(options.least))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs mutants one after the other in a process of its own, and in another where one of them ends it or hangs. */
async function runAll(module, chosen) {
  const found = [];
  const started = performance.now();
  while (found.length < chosen.length) {
    const rest = chosen.slice(found.length);
    const how = await new Promise((resolve) => {
      const child = spawn(process.execPath, [at("mutate/child.mjs"), module], {
        stdio: ["pipe", "pipe", "ignore"],
      });
      let timer;
      const watch = () => {
        clearTimeout(timer);
        timer = setTimeout(
          () => {
            child.kill("SIGKILL");
            resolve("it hung");
          },
          1000 * Number(options.patience),
        );
      };
      watch();
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
        const lines = text.split("\n");
        text = lines.pop();
        for (const line of lines) {
          watch();
          if (line === "") continue; // a sample that it came through
          found.push({ ...chosen[found.length], killedBy: JSON.parse(line).killedBy });
          tell(found, chosen.length, started);
        }
      });
      child.on("close", (code, signal) => {
        clearTimeout(timer);
        resolve(`the process ended (${signal ?? code})`);
      });
      child.stdin.end(JSON.stringify(rest));
      child.stdin.on("error", () => undefined);
    });
    if (found.length < chosen.length) found.push({ ...chosen[found.length], killedBy: how });
  }
  return found;
}

function tell(found, total, started) {
  const now = performance.now();
  if (now - told < 10_000 && found.length < total) return;
  told = now;
  const left = (((now - started) / 1000 / found.length) * (total - found.length)).toFixed(0);
  const killed = found.filter(({ killedBy }) => killedBy !== undefined).length;
  console.error(`${found.length} of ${total}, ${killed} killed, some ${left} s left`);
}

// Proof that damaged files end in a typed error or a valid result: `npm run prove:formats [-- --copies 1000]`.
//
// Of every file format that is read, and of manifests, small valid files are written, and 1,000 damaged
// copies of each are read in a process of their own. Fails unless every copy ends in a DataError or ManifestError of one
// line, or in a result that is whole, within 10 s and 1 GiB. Copies that fail are kept.
// usage: node scripts/prove-formats.mjs [--copies N] [--seed N] [--only NAME]
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { Counter } from "../dist/cli/terminal/counter.js";
import { copier } from "./prove-formats/copies.mjs";
import { samples } from "./prove-formats/samples.mjs";

const { values } = parseArgs({
  options: {
    copies: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const copies = Number(values.copies);
const names = Object.keys(samples).filter((name) => name.startsWith(values.only ?? ""));
if (!(Number.isInteger(copies) && copies > 0) || names.length === 0) {
  console.error(`--copies is a whole number, --only one of ${Object.keys(samples).join(", ")}`);
  process.exit(2);
}

/** Milliseconds that a copy may take, and bytes that its process may have held at most. */
const mostTime = 10_000;
const mostMemory = 2 ** 30;

const program = fileURLToPath(new URL("prove-formats/reader.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tessera-formats-"));
const counter = new Counter("damaged copies", names.length * copies, false);
console.log(`${copies} copies each, seed ${values.seed}`);

const rows = [];
const failures = [];
for (const [n, name] of names.entries()) {
  const row = await prove(name, (i) => counter.update(n * copies + i, names.length * copies, name));
  rows.push(row);
}
counter[Symbol.dispose]();

const table = new Table({
  head: [
    "format",
    "copies",
    "typed errors",
    "valid",
    "wrong",
    "over 1 GiB",
    "crashes",
    "hangs",
    "peak MiB",
    "s",
  ],
  colAligns: ["left", ...Array(9).fill("right")],
  style: { head: [], border: [], compact: true },
});
for (const { name, counts, peak, seconds } of rows) {
  const { typed, valid, wrong, memory, crash, hang } = counts;
  const mebibytes = Math.ceil(peak / 2 ** 20);
  table.push([name, copies, typed, valid, wrong, memory, crash, hang, mebibytes, seconds.toFixed(1)]);
}
console.log(table.toString());
for (const { name, i, how, reason, kept } of failures) {
  console.log(`${name}, copy ${i} (${how}): ${reason}\n  kept in ${kept}`);
}
if (failures.length > 0) {
  console.error(`FAILED: ${failures.length} copies`);
  process.exitCode = 1;
} else {
  rmSync(folder, { recursive: true });
  console.log("passed");
}

/** Reads all copies of one format, in as many processes as it takes. */
async function prove(name, progress) {
  const counts = { typed: 0, valid: 0, wrong: 0, memory: 0, crash: 0, hang: 0 };
  const started = performance.now();
  const work = join(folder, `${name.replaceAll(" ", "-")}-work`);
  const copy = await copier(name, Number(values.seed));
  let peak = 0;
  let reader = await start(name, work);
  // Number -1 is the file itself: if that is refused, nothing is proved.
  for (let i = -1; i < copies; i++) {
    const { outcome, reason, used = 0 } = await ask(reader, i);
    peak = Math.max(peak, used);
    if (i >= 0) counts[outcome]++;
    const bad = i < 0 ? outcome !== "valid" : outcome !== "typed" && outcome !== "valid";
    if (bad) failures.push({ name, i, reason: reason ?? outcome, ...keep(name, i, copy(i)) });
    if (reader.exitCode !== null || reader.signalCode !== null) reader = await start(name, work);
    progress(i + 1);
  }
  reader.kill("SIGKILL");
  return { name, counts, peak, seconds: (performance.now() - started) / 1000 };
}

async function start(name, work) {
  const reader = fork(program, [name, values.seed, work], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  reader.said = "";
  reader.stderr.on("data", (text) => (reader.said = `${reader.said}${text}`.slice(-2000)));
  const [message] = await Promise.race([once(reader, "message"), once(reader, "exit")]);
  if (message !== "ready") throw new Error(`the reader of ${name} did not start: ${reader.said}`);
  return reader;
}

/** What becomes of copy i. A reader that hangs, or has held too much, has ended when this returns. */
async function ask(reader, i) {
  const waiting = new AbortController();
  const hung = setTimeout(() => reader.kill("SIGKILL"), mostTime);
  const asked = performance.now();
  reader.send(i);
  const [answer] = await Promise.race([
    once(reader, "message", waiting),
    once(reader, "exit", waiting).then(([code, signal]) => [{ ended: signal ?? code }]),
  ]).finally(() => {
    clearTimeout(hung);
    waiting.abort();
  });
  if (answer.ended !== undefined) {
    const outcome = performance.now() - asked >= mostTime ? "hang" : "crash";
    return { outcome, reason: `${outcome}: ended by ${answer.ended} ${reader.said}` };
  }
  if (answer.peak <= mostMemory) return { ...answer, used: answer.peak };
  const exit = once(reader, "exit");
  reader.kill("SIGKILL");
  await exit;
  const reason = `it took ${Math.ceil(answer.peak / 2 ** 20)} MiB`;
  return { outcome: "memory", reason, used: answer.peak };
}

/** Writes a copy where a person finds it. */
function keep(name, i, { files, how }) {
  const kept = join(folder, `${name.replaceAll(" ", "-")}-${i}`);
  mkdirSync(kept, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(kept, file)), { recursive: true });
    writeFileSync(join(kept, file), bytes);
  }
  return { how, kept };
}

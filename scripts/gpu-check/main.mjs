// Makes sure of the adapter, runs stages one after the other, each with a limit of its own, and prints a summary last.
// run.sh starts it in the root of the unpacked kit.
//
// usage: node scripts/gpu-check/main.mjs [STAGE:SECONDS ...]
//        node scripts/gpu-check/main.mjs --stage STAGE           one stage, in this process

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AbsentError } from "./commands.mjs";
import { stages } from "./stages.mjs";

const exitCodes = { usage: 2, noGpu: 3, absent: 77 };
const here = fileURLToPath(import.meta.url);
const out = process.env.OUT ?? "work";
const summary = join(out, "summary.txt");

const [first, ...rest] = process.argv.slice(2);
if (first === "--stage") await runStage(rest[0]);
else process.exit(await runAll(process.argv.slice(2)));

async function runStage(name) {
  try {
    await stages[name].run();
  } catch (error) {
    console.log(error instanceof AbsentError ? `> ${error.message}` : `${name}: ${error.message}`);
    process.exitCode = error instanceof AbsentError ? exitCodes.absent : 1;
  }
}

async function runAll(parameters) {
  let wanted;
  try {
    wanted = parameters.length > 0 ? parameters.map(parse) : Object.entries(stages);
  } catch (error) {
    console.error(`run: ${error.message}`);
    return exitCodes.usage;
  }
  writeFileSync(summary, "");
  const commit = existsSync("commit") ? readFileSync("commit", "utf8").trim() : "of no known commit";
  const driver = process.env.VK_DRIVER_FILES ?? "of the system";
  say(`kit ${commit}, node ${process.version}, ${availableParallelism()} cores, driver ${driver}`);
  if (!hasGpu()) return exitCodes.noGpu;

  const rows = [];
  for (const [name, { seconds }] of wanted) rows.push(await supervise(name, seconds));
  say("== summary");
  for (const { row } of rows) say(row);
  return rows.every(({ isOk }) => isOk) ? 0 : 1;
}

/** @throws Error that says what a parameter must be */
function parse(parameter) {
  const [, name, seconds] = /^([a-z]+):(\d+)$/.exec(parameter) ?? [];
  if (name === undefined || !Object.hasOwn(stages, name) || !(Number(seconds) > 0))
    throw new Error(`"${parameter}" is not STAGE:SECONDS; the stages are ${Object.keys(stages).join(", ")}`);
  return [name, { seconds: Number(seconds) }];
}

function say(text) {
  console.log(text);
  appendFileSync(summary, `${text}\n`);
}

/** Whether the adapter is a GPU (or, in a rehearsal, there is one at all); says what is known where it is not. */
function hasGpu() {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/gpu-check/adapter.mjs"], {
    encoding: "utf8",
  });
  writeFileSync(join(out, "adapter.log"), `${stdout}${stderr}`);
  const [adapter] = toldIn(stdout);
  if (adapter !== undefined) say(adapter);
  if (status === 0) return true;
  say(lastLines(stderr, 5).join("\n"));
  const diagnosis = spawnSync("bash", ["-c", "bash scripts/gpu-check/diagnosis.sh 2>&1"], {
    encoding: "utf8",
  });
  say(diagnosis.stdout.trimEnd());
  say("NO GPU ADAPTER: nothing was run; above is what there is to see");
  return false;
}

/** Runs a stage in a process group of its own, ends the whole group at the limit, and says how it went. */
async function supervise(name, seconds) {
  const log = join(out, `${name}.log`);
  const file = openSync(log, "w");
  const began = performance.now();
  const child = spawn(process.execPath, [here, "--stage", name], {
    detached: true,
    stdio: ["ignore", file, file],
  });
  const end = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has just ended by itself.
    }
  };
  let isLate = false;
  const limits = [
    setTimeout(() => {
      isLate = true;
      end("SIGTERM");
    }, 1000 * seconds),
    setTimeout(() => end("SIGKILL"), 1000 * (seconds + 5)),
  ];
  const stop = (signal) => {
    end("SIGKILL");
    console.error(`run: stopped by ${signal}`);
    process.exit(1);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  const [code, signal] = await once(child, "close");
  for (const limit of limits) clearTimeout(limit);
  for (const each of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(each, stop);
  closeSync(file);

  const text = readFileSync(log, "utf8");
  const { note, told = toldIn } = stages[name];
  const status = isLate ? "TIMED OUT" : statusOf(code, signal);
  say(`== ${name}: ${status}`);
  for (const line of told(text)) say(line.slice(0, 150));
  if (status !== "ok" && status !== "ABSENT") {
    const others = text.split("\n").filter((line) => !line.startsWith("> "));
    for (const line of lastLines(others.join("\n"), 8)) say(line.slice(0, 200));
  }
  const took = `${Math.round((performance.now() - began) / 1000)} of ${seconds} s`;
  const row = `${name.padEnd(12)} ${status.padEnd(11)} ${took.padStart(12)}  ${note?.(text) ?? ""}`;
  return { row: row.trimEnd(), isOk: status === "ok" };
}

function statusOf(code, signal) {
  if (code === 0) return "ok";
  if (code === exitCodes.absent) return "ABSENT";
  return `FAILED (${signal ?? code})`;
}

/** What a stage said for the summary. */
function toldIn(log) {
  return log.split("\n").flatMap((line) => (line.startsWith("> ") ? [line.slice(2)] : []));
}

function lastLines(text, count) {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-count);
}

// What ends a command on its way: Ctrl-C (SIGINT), SIGTERM as schedulers and containers send it, SIGHUP of a terminal that is closed.

import { longestWait } from "../../device/waits.ts";
import { barStream } from "./harmless-output.ts";

/** Exit codes as a shell has them: 128 and the signal's number. */
const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Ending = keyof typeof codes;

/** The controller that a signal aborts; undefined between two bodies. */
let running: AbortController | undefined;
let first: Ending | undefined;
let farewell = "";
let stopWatching = (): void => undefined;

/** Sets the text that is printed when a signal ends the process between two bodies. */
export function sayWhenStopped(text: string): void {
  farewell = text;
}

/** What the process exits with that a signal has stopped. */
export const stopCode = (): number => codes[first ?? "SIGINT"];

/** Seconds that a device has for its answer once a signal came: a step under way may end, one that hangs never does. */
const lastPatience = 30;

/**
 * Ends the process by the signal itself once all else is done: Node aborts where it is to give a terminal back that is gone. A shell has
 * the same code for it.
 */
function endByHangUp(): void {
  if (![process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)) return;
  process.on("exit", () => {
    process.removeAllListeners("SIGHUP");
    process.kill(process.pid, "SIGHUP");
  });
}

function interrupt(signal: NodeJS.Signals): void {
  const name = signal as Ending; // of those that it is told of
  // Of a terminal that is closed both the system and its shell tell.
  if (name === "SIGHUP" && first === "SIGHUP") return;
  if (first === undefined && name === "SIGHUP") endByHangUp();
  first ??= name;
  if (running === undefined && farewell !== "") process.stderr.write(`${farewell}\n`);
  if (running === undefined || running.signal.aborted) process.exit(stopCode());
  running.abort();
  const told = performance.now();
  const timer = setInterval(() => {
    const since = (performance.now() - told) / 1000;
    if (Math.min(since, longestWait()) < lastPatience) return;
    process.stderr.write(
      `the device has not answered for ${lastPatience} s and is left alone: what it did since the last checkpoint is lost\n`,
    );
    process.exit(stopCode());
  }, 1000);
  timer.unref();
  stopWatching = () => {
    clearInterval(timer);
  };
  const stopping =
    name === "SIGINT"
      ? "stopping after this step; press Ctrl-C again to stop at once"
      : `stopping after this step, as ${name} came; another signal stops it at once`;
  barStream.write(`${process.stderr.isTTY ? "\r\x1b[K" : "\n"}${stopping}\n`);
}

/**
 * Listens for signals for the rest of the process: one that comes while the thread is busy is delivered a turn of the event loop
 * later, and would be lost if its handler were gone by then. Between two bodies of `untilInterrupted` it ends the process at once.
 */
export function endBySignals(): void {
  for (const name of Object.keys(codes) as Ending[]) {
    if (!process.listeners(name).includes(interrupt)) process.on(name, interrupt);
  }
}

/** Runs `body` with a signal that Ctrl-C, SIGTERM or SIGHUP aborts; a second one ends the process at once. */
export async function untilInterrupted<Result>(
  body: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  endBySignals();
  const controller = new AbortController();
  running = controller;
  // A body that is begun again, as after a lost device, is stopped by what has stopped the one before.
  if (first !== undefined) controller.abort();
  try {
    return await body(controller.signal);
  } finally {
    running = undefined;
    stopWatching();
  }
}

/** As `untilInterrupted`, for a body that throws the signal's reason when it is aborted: undefined then. */
export function unlessInterrupted<Result>(
  body: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  return untilInterrupted(async (signal) => {
    try {
      return await body(signal);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    }
  });
}

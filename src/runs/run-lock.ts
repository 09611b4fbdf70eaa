// The lock of a run folder: two processes that wrote one run would mix their lines, and neither could go on with it. And claims to a run of
// a study, which processes of several machines share: a claim beats, so that a machine that is gone is noticed elsewhere.

import { createHash, randomBytes } from "node:crypto";
import {
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { lifeOf, processLives, spaceOf } from "../files/process-life.ts";
import { RunFolderError } from "../errors/training-errors.ts";

const lockName = "run.lock";
const holderName = "holder.json";

const holderSchema = z.strictObject({
  pid: z.int().min(1),
  host: z.string(),
  /** Which of all processes that ever had this number; null where the system does not say. */
  life: z.string().nullable(),
  /** Seconds between two signs of life; only of claims. */
  beat: z.number().positive().exactOptional(),
  /** Which of the claims of that process. */
  mark: z.string().exactOptional(),
  /** Where its number counts; only of claims. */
  space: z.string().exactOptional(),
});
type Holder = z.output<typeof holderSchema>;

/** Whether a name in a run folder is the lock's, or what a process left that was killed while it took it. */
export const isOfLock = (name: string): boolean => name === lockName || name.startsWith(`${lockName}.`);

/** Locks that this process holds, and how each is given back. */
const held = new Map<string, () => void>();

/** A process that a signal or an error ends gives its locks back, too. */
function giveAllBack(): void {
  for (const giveBack of held.values()) giveBack();
}

/** @throws RunFolderError when another process, or another run of this one, writes the folder now */
export function checkUnlocked(folder: string): void {
  const lock = join(realpathSync(folder), lockName);
  const holder = readHolder(lock)?.holder;
  if (holder !== undefined && lives(holder, lock)) refuse(folder, holder);
}

/**
 * Takes a folder for this process. A lock whose process has ended is taken over.
 *
 * The lock is a folder that is renamed into its place, since no file system puts one over another that holds a file: it is
 * there whole or not at all, also where there are no hard links.
 *
 * @param folder exists
 * @returns gives it back
 * @throws RunFolderError as `checkUnlocked`; what the file system does when it cannot be written
 */
export function lockFolder(folder: string): () => void {
  const lock = join(realpathSync(folder), lockName);
  const taken = take(lock, () => refuseLeft(folder));
  if ("pid" in taken) refuse(folder, taken);
  return taken.release;
}

/** A lock that this process holds. */
export interface Claim {
  /** Whether it is this process's still: a process that was halted for long may have lost it. */
  readonly isHeld: () => boolean;
  readonly release: () => void;
}

/**
 * Claims something for this process, and shows every few seconds that it is alive. A claim whose process has ended here, or has shown
 * nothing for eight of its beats elsewhere, is taken over.
 *
 * @param lock a path in a folder that exists, which all processes see by one file system
 * @param beat seconds between two signs of life
 * @returns undefined where another process has it
 */
export function claim(lock: string, beat = 15): Claim | undefined {
  const path = join(realpathSync(dirname(lock)), basename(lock));
  const taken = take(path, () => undefined, beat);
  if (taken === undefined || "pid" in taken) return undefined;
  const timer = setInterval(() => {
    try {
      if (taken.isHeld()) showLife(path);
    } catch {
      // A file system that is away for a moment; the next beat tells.
    }
  }, 1000 * beat);
  timer.unref();
  return {
    isHeld: taken.isHeld,
    release: () => {
      clearInterval(timer);
      taken.release();
    },
  };
}

/** Whether a process that lives has this claim. */
export function isClaimed(lock: string): boolean {
  const holder = readHolder(lock)?.holder;
  return holder !== undefined && lives(holder, lock);
}

/** @returns who holds it already, or what `left` does where it cannot be told */
function take<Left>(lock: string, left: () => Left, beat?: number): Claim | Holder | Left {
  const life = lifeOf(process.pid);
  const mark = `${process.pid}-${randomBytes(4).toString("hex")}`;
  const made = `${lock}.${mark}.part`;
  const holder = {
    pid: process.pid,
    host: hostname(),
    life,
    ...(beat === undefined ? {} : { beat, mark, space: spaceOf() }),
  };
  const text = JSON.stringify(holder);
  mkdirSync(made);
  try {
    writeFileSync(join(made, holderName), text);
    const until = performance.now() + patience;
    while (!renamed(made, lock)) {
      const found = readHolder(lock);
      if (found?.holder !== undefined && lives(found.holder, lock)) return found.holder;
      if (performance.now() > until) return left();
      if (found === undefined) removeEmpty(lock);
      else if (!removeLeft(lock, `${made}.stale`, found.text)) pause();
    }
  } finally {
    rmSync(made, { recursive: true, force: true }); // gone already where the lock was taken
  }
  const isHeld = (): boolean => readHolder(lock)?.text === text;
  const release = (): void => {
    if (!held.delete(lock)) return;
    // A claim may have been taken over meanwhile.
    if (beat !== undefined && !isHeld()) return;
    // At once: of a lock that is half removed nobody could say whose it is.
    try {
      renameSync(lock, `${made}.stale`);
    } catch {
      // The folder is gone.
    }
    rmSync(`${made}.stale`, { recursive: true, force: true });
  };
  held.set(lock, release);
  if (!process.listeners("exit").includes(giveAllBack)) process.on("exit", giveAllBack);
  return { isHeld, release };
}

function refuseLeft(folder: string): never {
  throw new RunFolderError(
    `${folder}: a process that took over the lock there was killed meanwhile; remove ${join(folder, lockName)} and what ` +
      `begins with ${lockName}. beside it`,
  );
}

function refuse(folder: string, { pid, host }: Holder): never {
  const here = host === hostname();
  const way = here
    ? "wait for it, stop it, or choose another folder with --out"
    : `whether it still runs is not known here; if it does not, remove ${join(folder, lockName)}`;
  throw new RunFolderError(
    `${folder}: process ${pid}${here ? "" : ` on ${host}`} writes a run there now; ${way}`,
  );
}

/** Whether it could be renamed; not where there is a lock already. */
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const inTheWay = ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(code ?? "");
    // Windows says that it is not permitted, whatever is in the way.
    if (inTheWay || (code === "EPERM" && readHolder(to) !== undefined)) return false;
    throw error;
  }
}

/**
 * Takes a lock away that a process left which is no more. Several may find it at once, and one that comes late must not take
 * away what another has put in its place: who makes the claim of this text removes it, and looks at it once more before.
 * @returns false where another process has the claim
 */
function removeLeft(lock: string, aside: string, text: string): boolean {
  const claim = `${lock}.${createHash("sha256").update(text).digest("hex").slice(0, 16)}.claim`;
  try {
    mkdirSync(claim);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (isAbandoned(claim)) removeEmpty(claim);
    return false;
  }
  try {
    if (readHolder(lock)?.text !== text) return true;
    renameSync(lock, aside);
    rmSync(aside, { recursive: true, force: true });
  } finally {
    removeEmpty(claim);
  }
  return true;
}

/** After so many milliseconds the process that made a claim to take a lock away is no more: it takes two renames. */
const longestClaim = 60_000;

function isAbandoned(claim: string): boolean {
  const made = statSync(claim, { throwIfNoEntry: false })?.mtimeMs;
  const now = timeOfFiles(claim);
  return made !== undefined && now !== undefined && now - made > longestClaim;
}

/** The time of the file system, in milliseconds, since clocks of machines differ; undefined where it cannot be asked. */
function timeOfFiles(lock: string): number | undefined {
  const clock = `${lock}.clock-${process.pid}`;
  try {
    writeFileSync(clock, "");
    return statSync(clock).mtimeMs;
  } catch {
    return undefined;
  } finally {
    rmSync(clock, { force: true });
  }
}

/** Where a lock has no holder: it is gone, or was never whole. One that has a holder by now stays. */
function removeEmpty(lock: string): void {
  for (const remove of [rmdirSync, unlinkSync]) {
    try {
      remove(lock);
    } catch {
      // It is gone, holds something, or is of the other kind.
    }
  }
}

/** Longer than any claim takes, in milliseconds. */
const patience = 2000;

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

/** Undefined without a lock; no holder where the lock says nothing that can be read, which no lock of ours does. */
function readHolder(
  lock: string,
): { readonly holder: Holder | undefined; readonly text: string } | undefined {
  let text: string;
  try {
    text = readFileSync(join(lock, holderName), "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EISDIR") return { holder: undefined, text: "" };
    if (["ENOENT", "ENOTDIR"].includes(code)) return undefined;
    throw error;
  }
  try {
    return { text, holder: holderSchema.parse(JSON.parse(text)) };
  } catch {
    return { text, holder: undefined };
  }
}

const beatName = "beat";

/** Leaves a file of this moment. */
function showLife(lock: string): void {
  try {
    writeFileSync(join(lock, beatName), "");
  } catch {
    // The folder is gone, or cannot be written: others will find no sign of life.
  }
}

/** Beats without a sign of life after which the machine of a claim is taken for gone. */
const silentBeats = 8;

function hasShownLife(lock: string, beat: number): boolean {
  const now = timeOfFiles(lock);
  if (now === undefined) return true; // nobody here knows
  const shown = [beatName, holderName].map((name) => lastWritten(join(lock, name)));
  return now - Math.max(...shown) <= 1000 * silentBeats * beat;
}

function lastWritten(file: string): number {
  try {
    return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
  } catch {
    return Infinity; // nobody here knows
  }
}

/** Whether the holder of a lock may still write; of another machine nobody here knows, but by the beats of a claim. */
function lives({ pid, host, life, beat, space }: Holder, lock: string): boolean {
  const isElsewhere = host !== hostname() || (beat !== undefined && space !== spaceOf());
  if (isElsewhere) return beat === undefined || hasShownLife(lock, beat);
  return pid === process.pid ? held.has(lock) : processLives(pid, life);
}

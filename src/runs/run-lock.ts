// The lock of a run folder: two processes that wrote one run would mix their lines, and neither could go on with it.

import { createHash, randomBytes } from "node:crypto";
import {
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { RunFolderError } from "../errors/training-errors.ts";

const lockName = "run.lock";
const holderName = "holder.json";

const holderSchema = z.strictObject({
  pid: z.int().min(1),
  host: z.string(),
  /** Which of all processes that ever had this number; null where the system does not say. */
  life: z.string().nullable(),
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
  const life = lifeOf(process.pid);
  const mark = `${process.pid}-${randomBytes(4).toString("hex")}`;
  const made = `${lock}.${mark}.part`;
  mkdirSync(made);
  try {
    const holder: Holder = { pid: process.pid, host: hostname(), life };
    writeFileSync(join(made, holderName), JSON.stringify(holder));
    const until = performance.now() + patience;
    while (!renamed(made, lock)) {
      const found = readHolder(lock);
      if (found?.holder !== undefined && lives(found.holder, lock)) refuse(folder, found.holder);
      if (performance.now() > until) refuseLeft(folder);
      if (found === undefined) removeEmpty(lock);
      else if (!removeLeft(lock, `${made}.stale`, found.text)) pause();
    }
  } finally {
    rmSync(made, { recursive: true, force: true }); // gone already where the lock was taken
  }
  const giveBack = (): void => {
    if (!held.delete(lock)) return;
    // At once: of a lock that is half removed nobody could say whose it is.
    try {
      renameSync(lock, `${made}.stale`);
    } catch {
      // The folder is gone.
    }
    rmSync(`${made}.stale`, { recursive: true, force: true });
  };
  held.set(lock, giveBack);
  if (!process.listeners("exit").includes(giveAllBack)) process.on("exit", giveAllBack);
  return giveBack;
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
    const inTheWay = ["ENOTEMPTY", "EEXIST"].includes(code ?? "");
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
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  try {
    if (readHolder(lock)?.text !== text) return true;
    renameSync(lock, aside);
    rmSync(aside, { recursive: true, force: true });
  } finally {
    rmdirSync(claim);
  }
  return true;
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
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  try {
    return { text, holder: holderSchema.parse(JSON.parse(text)) };
  } catch {
    return { text, holder: undefined };
  }
}

/** Whether the holder of a lock may still write; of another machine nobody here knows. */
function lives({ pid, host, life }: Holder, lock: string): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return held.has(lock);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is there, and another user's
  }
  const now = lifeOf(pid);
  return life === null || now === null || now === life;
}

/** Numbers of processes come again, at the latest when the machine starts anew: what tells two of one number apart. */
function lifeOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, which may hold anything, field 3 is the state; field 22 is when it started.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // One that was killed keeps its number until its parent asks for it.
    return fields[0] === "Z" ? "ended" : `${boot} ${fields[22 - 3]}`;
  } catch {
    return null; // no Linux
  }
}

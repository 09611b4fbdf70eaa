// Which shards of the cache are in use: each process keeps a file with those that it reads or writes, for as long as it lives, and whoever
// makes room leaves these alone.
//
//     <folder>/leases/<process>.txt    the process in the first line, then a shard in each: <settings>/<SHA-256 of the shard>
//
// A process notes a shard before it looks whether it is there; whoever removes one puts it aside first, looks for notes once more, and puts
// it back where there is one. So no shard goes away that a process has seen.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { codeOf } from "../../files/causes.ts";
import { makeFolders } from "../../files/folders.ts";
import { lifeOf, processLives, spaceOf } from "../../files/process-life.ts";

const holderSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  life: z.string().nullable(),
  space: z.string(),
});

/** Seconds between two signs of life, which processes of other machines and containers are known by. */
const beat = 300;
/** Seconds without a sign of life after which a process elsewhere is taken for gone. */
const silence = 12 * beat;

const isLease = (name: string): boolean => /^\d+-[0-9a-f]{8}\.txt$/u.test(name);
const leaseFolder = (folder: string): string => join(folder, "leases");

/** The shards that this process uses of one cache folder, until it ends. */
class Lease {
  readonly #file: string;
  readonly #noted = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(folder: string) {
    this.#file = join(leaseFolder(folder), `${process.pid}-${randomBytes(4).toString("hex")}.txt`);
    this.#begin();
    this.#timer = setInterval(() => {
      this.#showLife();
    }, 1000 * beat);
    this.#timer.unref();
  }

  note(shard: string): void {
    if (this.#noted.has(shard)) return;
    this.#noted.add(shard);
    let file: number;
    try {
      file = openSync(this.#file, constants.O_WRONLY | constants.O_APPEND);
    } catch (cause) {
      if (codeOf(cause) !== "ENOENT") throw cause;
      this.#begin(); // somebody has emptied the folder
      return;
    }
    try {
      writeSync(file, `${shard}\n`);
    } finally {
      closeSync(file);
    }
  }

  release(): void {
    clearInterval(this.#timer);
    rmSync(this.#file, { force: true });
  }

  #begin(): void {
    makeFolders(dirname(this.#file));
    const holder = { pid: process.pid, host: hostname(), life: lifeOf(process.pid), space: spaceOf() };
    writeFileSync(
      this.#file,
      `${JSON.stringify(holder)}\n${[...this.#noted].map((each) => `${each}\n`).join("")}`,
    );
  }

  #showLife(): void {
    try {
      const now = new Date();
      utimesSync(this.#file, now, now);
    } catch {
      // A file system that is away for a moment; the next beat tells.
    }
  }
}

const leases = new Map<string, Lease | undefined>();

function releaseAll(): void {
  for (const lease of leases.values()) lease?.release();
  leases.clear();
}

/**
 * Notes that this process uses a shard, until it ends. In a folder that cannot be written nothing is noted, and nobody makes room there.
 * @param folder of the cache
 * @param shard <settings>/<SHA-256>
 */
export function noteUse(folder: string, shard: string): void {
  if (!leases.has(folder)) leases.set(folder, begun(folder));
  try {
    leases.get(folder)?.note(shard);
  } catch {
    // The disk is full: whoever makes room there takes this shard as it would without a note.
  }
}

function begun(folder: string): Lease | undefined {
  if (!process.listeners("exit").includes(releaseAll)) process.on("exit", releaseAll);
  try {
    return new Lease(folder);
  } catch {
    return undefined;
  }
}

/** What living processes use. */
export interface Uses {
  /** <settings>/<SHA-256> */
  readonly shards: ReadonlySet<string>;
  /** Processes that use something. */
  readonly processes: number;
}

/** Reads the notes of all processes, and removes those of processes that have ended. */
export function usesOf(folder: string): Uses {
  const shards = new Set<string>();
  let processes = 0;
  for (const name of namesIn(leaseFolder(folder)).filter(isLease)) {
    const file = join(leaseFolder(folder), name);
    const [holder, ...noted] = linesOf(file);
    if (!holds(file, holder)) {
      try {
        rmSync(file, { force: true });
      } catch {
        // Another user's, in a folder that we may not write: it says nothing all the same.
      }
      continue;
    }
    if (noted.length > 0) processes++;
    for (const shard of noted) shards.add(shard);
  }
  return { shards, processes };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whole lines: of the last one, which may be half written, nobody has used the shard yet. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

/** Whether the process of a file of notes may live; of one whose first line says nothing, it may while the file is young. */
function holds(file: string, line: string | undefined): boolean {
  const holder = readHolder(line);
  if (holder === undefined || holder.host !== hostname() || holder.space !== spaceOf()) return isYoung(file);
  return processLives(holder.pid, holder.life);
}

function readHolder(line = ""): z.output<typeof holderSchema> | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function isYoung(file: string): boolean {
  try {
    return Date.now() - statSync(file).mtimeMs < 1000 * silence;
  } catch {
    return false; // it is gone
  }
}

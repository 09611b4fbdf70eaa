// Whether a process that has written its number down still lives: numbers come again, and count on one machine, in one container.
import { readFileSync, readlinkSync } from "node:fs";

/**
 * Whether a process of this machine lives.
 * @param life its `lifeOf` when it wrote its number down
 */
export function processLives(pid: number, life: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is there, and another user's
  }
  const now = lifeOf(pid);
  return life === null || now === null || now === life;
}

/** Where a number of a process means that process: since a machine was started, and in which container; machines may have one name. */
export function spaceOf(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "unknown"; // no Linux
  }
}

/** Numbers of processes come again, at the latest when the machine starts anew: what tells two of one number apart. */
export function lifeOf(pid: number): string | null {
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

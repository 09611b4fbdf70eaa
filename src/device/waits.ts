// What is being waited for, over all devices of this process: who ends it wants to know whether a device still answers.

const begun = new Set<{ readonly at: number }>();

/** Counts a wait for a device until it is settled. */
export async function noted<Result>(wait: Promise<Result>): Promise<Result> {
  const own = { at: performance.now() };
  begun.add(own);
  try {
    return await wait;
  } finally {
    begun.delete(own);
  }
}

/** Seconds that the oldest wait has taken so far; 0 where there is none. */
export function longestWait(): number {
  const now = performance.now();
  return [...begun].reduce((most, { at }) => Math.max(most, (now - at) / 1000), 0);
}

let hangs = false;

/** Notes that a device does not answer: what it was asked for stays open for ever. */
export function noteHang(): void {
  hangs = true;
}

/** Whether something is waited for that would keep this process when all else is done. */
export const isWaiting = (): boolean => hangs || begun.size > 0;

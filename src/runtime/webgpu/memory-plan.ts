// The memory plan of a lowered step: which buffers share memory, from the launches during which each is needed.

import type { BufferPlan, Purpose, StepPlan } from "../step-plan.ts";
import { pipelineKey } from "./pipelines.ts";
import { rootOf, type LoweredStep, type VirtualBuffer } from "./lowering.ts";

/** Memory that several buffers take turns in. */
export interface Slot {
  readonly bytes: number;
  readonly buffers: readonly VirtualBuffer[];
}

export interface MemoryPlan extends StepPlan {
  readonly slots: readonly Slot[];
}

interface Lifetime {
  readonly buffer: VirtualBuffer;
  first: number;
  last: number;
  readonly phases: { first: string; last: string };
}

const reused = (buffer: VirtualBuffer): boolean => buffer.role === "output" || buffer.role === "temporary";

/** Launches from the first to the last that uses each buffer; buffers inside another one count for that one. */
function lifetimesOf({ launches, buffers }: LoweredStep): Lifetime[] {
  const lifetimes = new Map<VirtualBuffer, Lifetime>();
  launches.forEach(({ bindings, phase }, at) => {
    for (const { target } of bindings) {
      if (!("role" in target)) continue;
      const buffer = rootOf(target);
      const known = lifetimes.get(buffer);
      if (known === undefined) {
        lifetimes.set(buffer, { buffer, first: at, last: at, phases: { first: phase, last: phase } });
      } else {
        known.last = at;
        known.phases.last = phase;
      }
    }
  });
  for (const buffer of buffers) {
    if (reused(buffer) || buffer.home !== undefined || lifetimes.has(buffer)) continue;
    const none = { first: "", last: "" };
    lifetimes.set(buffer, { buffer, first: 0, last: launches.length - 1, phases: none });
  }
  return [...lifetimes.values()];
}

function purposeOf({ buffer: { role }, phases }: Lifetime): Purpose {
  if (role === "temporary") return "scratch";
  if (role === "pack") return "packed";
  if (role === "result") return "results";
  if (role === "constant") return "constants";
  if (role === "feed") return "feeds";
  return phases.first === phases.last ? "working" : "activations";
}

/**
 * Gives every buffer a slot. Whole slots are shared, never parts of one: a launch may not bind one buffer both for
 * reading and for writing. The largest buffers choose first, and each takes the slot with the least idle time
 * around it, so slots are as few and as full as a greedy choice gets them.
 */
function assignSlots(lifetimes: readonly Lifetime[]): Slot[] {
  interface Open {
    readonly bytes: number;
    readonly tenants: Lifetime[];
  }
  const open: Open[] = [];
  const lasting: Slot[] = [];
  for (const lifetime of [...lifetimes].sort(
    (a, b) => b.buffer.bytes - a.buffer.bytes || a.first - b.first,
  )) {
    if (!reused(lifetime.buffer)) {
      lasting.push({ bytes: lifetime.buffer.bytes, buffers: [lifetime.buffer] });
      continue;
    }
    let best: Open | undefined;
    let leastIdle = Infinity;
    for (const slot of open) {
      if (slot.tenants.some(({ first, last }) => first <= lifetime.last && lifetime.first <= last)) continue;
      const before = Math.max(-1, ...slot.tenants.map(({ last }) => (last < lifetime.first ? last : -1)));
      const after = Math.min(
        ...slot.tenants.map(({ first }) => (first > lifetime.last ? first : Number.MAX_SAFE_INTEGER)),
      );
      const idle = Math.min(lifetime.first - before, after - lifetime.last);
      if (idle < leastIdle) [best, leastIdle] = [slot, idle];
    }
    if (best === undefined) open.push({ bytes: lifetime.buffer.bytes, tenants: [lifetime] });
    else best.tenants.push(lifetime);
  }
  return [
    ...lasting,
    ...open.map(({ bytes, tenants }) => ({ bytes, buffers: tenants.map(({ buffer }) => buffer) })),
  ];
}

/** The launch at which the most reused bytes are needed, and what for. */
function peakOf(plans: readonly BufferPlan[], launches: number): { bytes: number; by: Map<Purpose, number> } {
  const change = new Array<number>(launches + 1).fill(0);
  for (const { first, last, bytes } of plans) {
    change[first] += bytes;
    change[last + 1] -= bytes;
  }
  let [live, bytes, at] = [0, 0, 0];
  for (let launch = 0; launch < launches; launch++) {
    live += change[launch];
    if (live > bytes) [bytes, at] = [live, launch];
  }
  const by = new Map<Purpose, number>();
  for (const { first, last, purpose, bytes: size } of plans) {
    if (first <= at && at <= last) by.set(purpose, (by.get(purpose) ?? 0) + size);
  }
  return { bytes, by };
}

export function planMemory(step: LoweredStep): MemoryPlan {
  const lifetimes = lifetimesOf(step);
  const slots = assignSlots(lifetimes);
  const buffers = lifetimes.map((lifetime): BufferPlan => {
    const { buffer, first, last } = lifetime;
    return { label: buffer.label, purpose: purposeOf(lifetime), bytes: buffer.bytes, first, last };
  });
  const sharing = new Set<Purpose>(["activations", "working", "scratch"]);
  const peak = peakOf(
    buffers.filter(({ purpose }) => sharing.has(purpose)),
    step.launches.length,
  );
  const launches = new Map<string, number>();
  for (const { phase } of step.launches) launches.set(phase, (launches.get(phase) ?? 0) + 1);
  const pipelines = new Set(step.launches.map(({ kernel, knobs }) => pipelineKey(kernel, knobs)));
  const total = (list: readonly Slot[]): number => list.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    slots,
    launches,
    pipelines: pipelines.size,
    buffers,
    bytes: total(slots),
    reusedBytes: total(slots.filter(({ buffers: [first] }) => reused(first))),
    peakBytes: peak.bytes,
    peak: peak.by,
  };
}

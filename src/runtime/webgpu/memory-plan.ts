// The memory plan of a lowered step: which buffers share memory, from the launches during which each is needed.

import type { BufferPlan, Purpose, StepPlan } from "../step-plan.ts";
import { uniformAlignment } from "./buffers.ts";
import { pipelineKey } from "./pipelines.ts";
import { rootOf, type LoweredLaunch, type LoweredStep, type VirtualBuffer } from "./lowering.ts";
import { shareSlots, type Lifetime, type Slot } from "./slots.ts";

export interface MemoryPlan extends StepPlan {
  readonly slots: readonly Slot[];
}

interface PhasedLifetime extends Lifetime {
  readonly phases: { readonly first: string; readonly last: string };
}

const reused = (buffer: VirtualBuffer): boolean => buffer.role === "output" || buffer.role === "temporary";

/** Launches from the first to the last that uses each buffer; buffers inside another one count for that one. */
function lifetimesOf({ launches, buffers }: LoweredStep): PhasedLifetime[] {
  const lifetimes = new Map<VirtualBuffer, PhasedLifetime>();
  launches.forEach(({ bindings, phase }, at) => {
    for (const { target } of bindings) {
      if (!("role" in target)) continue;
      const buffer = rootOf(target);
      const { first, phases } = lifetimes.get(buffer) ?? { first: at, phases: { first: phase } };
      lifetimes.set(buffer, { buffer, first, last: at, phases: { first: phases.first, last: phase } });
    }
  });
  for (const buffer of buffers) {
    if (reused(buffer) || buffer.home !== undefined || lifetimes.has(buffer)) continue;
    const none = { first: "", last: "" };
    lifetimes.set(buffer, { buffer, first: 0, last: launches.length - 1, phases: none });
  }
  return [...lifetimes.values()];
}

function purposeOf({ buffer: { role }, phases }: PhasedLifetime): Purpose {
  if (role === "temporary") return "scratch";
  if (role === "pack") return "packed";
  if (role === "result") return "results";
  if (role === "constant") return "constants";
  if (role === "feed") return "feeds";
  return phases.first === phases.last ? "working" : "activations";
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

/** Whether a slot must keep its content from run to run: constants, and the zeros between the parts of a pack. */
export const isOwn = ({ buffers: [{ buffer }] }: Slot): boolean =>
  buffer.role === "pack" || buffer.role === "constant";

export function planMemory(step: LoweredStep): MemoryPlan {
  const lifetimes = lifetimesOf(step);
  const lasting = lifetimes
    .filter(({ buffer }) => !reused(buffer))
    .map(({ buffer }): Slot => ({ bytes: buffer.bytes, buffers: [{ buffer, offset: 0 }] }));
  const shared = shareSlots(
    lifetimes.filter(({ buffer }) => reused(buffer)),
    step.launches,
  );
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
  const slots = [...lasting, ...shared];
  return {
    slots,
    uniformBytes: uniformLayout(step.launches).bytes,
    pieces: slots
      .filter((slot) => !isOwn(slot))
      .map(({ bytes }) => bytes)
      .sort((a, b) => b - a),
    ownBytes: total(slots.filter(isOwn)),
    launches,
    pipelines: pipelines.size,
    buffers,
    bytes: total(lasting) + total(shared),
    reusedBytes: total(shared),
    peakBytes: peak.bytes,
    peak: peak.by,
  };
}

/** The uniform structs of a step's launches in one buffer; equal ones once. */
export interface UniformLayout {
  /** Of the buffer. */
  readonly bytes: number;
  /** What lies where in it. */
  readonly contents: readonly { readonly offset: number; readonly values: Uint8Array }[];
  /** Where those of each launch lie. */
  readonly places: readonly { readonly offset: number; readonly size: number }[];
}

export function uniformLayout(launches: readonly Pick<LoweredLaunch, "uniforms">[]): UniformLayout {
  const offsets = new Map<string, number>();
  const contents: { readonly offset: number; readonly values: Uint8Array }[] = [];
  let end = 0;
  const places = launches.map(({ uniforms }) => {
    const values = new Uint8Array(uniforms);
    const key = values.join();
    let offset = offsets.get(key);
    if (offset === undefined) {
      offset = end;
      offsets.set(key, offset);
      contents.push({ offset, values });
      end += Math.max(1, Math.ceil(values.length / uniformAlignment)) * uniformAlignment;
    }
    return { offset, size: values.length };
  });
  return { bytes: Math.max(end, uniformAlignment), contents, places };
}

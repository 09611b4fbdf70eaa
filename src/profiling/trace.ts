// A profile as a Chrome trace: a timeline for chrome://tracing, Perfetto or Speedscope.
// Format: "Trace Event Format", https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU

import { aRecord, expectArgument, type Requirement } from "../errors/arguments.ts";
import type { LaunchProfile, PhaseProfile, Profile } from "./profile.ts";

const aProfile: Requirement = {
  words: "what `profile` gives once it is awaited",
  fits: (value) => {
    if (!aRecord.fits(value)) return false;
    const { launches, classes, seconds, ceilings, resolution = 0 } = value as Partial<Profile>;
    const measured = (ceilings === undefined || aRecord.fits(ceilings)) && typeof resolution === "number";
    return Array.isArray(launches) && Array.isArray(classes) && typeof seconds === "number" && measured;
  },
};

/** An event of the trace; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface ChromeTrace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
  readonly otherData: Readonly<Record<string, unknown>>;
}

const tracks = { phases: 1, launches: 2 } as const;
const micro = 1e6;
const rounded = (value: number): number => Number(value.toPrecision(4));

/**
 * One replay of the step on two tracks: its phases, and under them its launches (category `launch`) by operator and
 * kernel, each with its layer class, sizes, knobs, workgroups, bytes and rates. `otherData` sums up the classes.
 * @param about what goes into the file beside: adapter, driver, what was run
 */
export function chromeTrace(profile: Profile, about: Readonly<Record<string, unknown>> = {}): ChromeTrace {
  expectArgument("chromeTrace", "the profile", profile, aProfile);
  expectArgument("chromeTrace", "what is said about it", about, aRecord);
  const { launches, classes, clock, resolution, replays, ceilings, seconds } = profile;
  const named = (tid: number, name: string): TraceEvent[] => [
    { name: "thread_name", ph: "M", pid: 1, tid, args: { name } },
    { name: "thread_sort_index", ph: "M", pid: 1, tid, args: { sort_index: tid } },
  ];
  return {
    traceEvents: [
      { name: "process_name", ph: "M", pid: 1, tid: 0, args: { name: "one step" } },
      ...named(tracks.phases, "phases"),
      ...named(tracks.launches, "launches"),
      ...phaseEvents(launches),
      ...launches.map(launchEvent),
    ],
    displayTimeUnit: "ms",
    otherData: {
      ...about,
      clock,
      ...(resolution === undefined ? {} : { timestampStepMicroseconds: rounded(resolution * 1e6) }),
      replays,
      stepMilliseconds: rounded(seconds * 1e3),
      classes: classes.map(({ layerClass, phases, ...rest }) => ({
        class: layerClass,
        ...sharesIn(rest),
        phases: Object.fromEntries(phases.map(({ phase, ...part }) => [phase, sharesIn(part)])),
      })),
      ...(ceilings === undefined
        ? {}
        : {
            ceilingGflops: rounded(ceilings.flops / 1e9),
            ceilingCopyGigabytesPerSecond: rounded(ceilings.bytes / 1e9),
          }),
    },
  };
}

/** Of some of the step's launches. */
function sharesIn({
  launches,
  seconds,
  share,
}: Omit<PhaseProfile, "phase">): Readonly<Record<string, number>> {
  return { launches, milliseconds: rounded(seconds * 1e3), percent: rounded(100 * share) };
}

/** A stretch of launches of one phase. */
function phaseEvents(launches: readonly LaunchProfile[]): TraceEvent[] {
  const events: TraceEvent[] = [];
  let first = 0;
  launches.forEach(({ phase, start, took }, i) => {
    if (i + 1 < launches.length && launches[i + 1].phase === phase) return;
    const from = launches[first].start;
    events.push({
      name: phase,
      ph: "X",
      cat: "phase",
      pid: 1,
      tid: tracks.phases,
      ts: from * micro,
      dur: (start + took - from) * micro,
      args: { launches: i + 1 - first },
    });
    first = i + 1;
  });
  return events;
}

function launchEvent(launch: LaunchProfile): TraceEvent {
  const { kernel, knobs, sizes, workgroups, operator, phase, start, took, seconds, fraction, near } = launch;
  return {
    name: operator === kernel ? kernel : `${operator}: ${kernel}`,
    ph: "X",
    cat: "launch",
    pid: 1,
    tid: tracks.launches,
    ts: start * micro,
    dur: took * micro,
    args: {
      ...{ operator, kernel, phase, class: launch.layerClass, knobs, sizes, workgroups },
      bytes: launch.bytes,
      operations: launch.operations,
      medianMicroseconds: rounded(seconds * micro),
      gigabytesPerSecond: rounded(launch.bytesPerSecond / 1e9),
      gflops: rounded(launch.flops / 1e9),
      ...(fraction === undefined ? {} : { percentOfCeiling: rounded(100 * fraction), ceiling: near }),
    },
  };
}

// Values that come back from a program that goes on running.

import type { HostArray } from "../tensor/host.ts";

/** Values of a tensor, run by run. */
export interface Readings {
  /** Runs whose values were not taken yet. */
  readonly pending: number;
  /** Groups of such runs that were asked for: the runs of a group come back together. */
  readonly batches: number;
  /** Asks for the values of all runs so far, without waiting; happens by itself when a group is full. */
  ask(): void;
  /**
   * The values after the oldest run that was not taken yet.
   * @throws LifetimeError when there is none
   */
  next(): Promise<HostArray>;
}

/** Buffers through which values come back: one fills, one is on its way, one is read. */
export const readingBuffers = 3;

/** Runs whose values come back together, where nobody says otherwise. */
export const defaultEvery = 16;

/** Bytes through which a tensor of so many is followed. */
export const readingBytes = (bytes: number, every = defaultEvery): number => readingBuffers * every * bytes;

// Times the shapes of bench.json: by timestamps where the device has them, else by how long the queue takes.

import { elementsOf } from "./launches.js";

/** How long one measurement should take at least, in seconds: by timestamps, by rounded ones, by the queue. */
const spans = { timestamps: 0.003, rounded: 0.012, queue: 0.03 };
const measurements = 11;
/** A shape that takes longer than this at once is measured that once. */
const tooLong = 1.5;
const mostRepeats = 2000;
/** Browsers round timestamps to this many nanoseconds, unless they are asked not to. */
const rounding = 100_000;
const usage = { mapRead: 1, copySource: 4, copyTarget: 8, queryResolve: 512 };

/** Numbers by counting: the same in every program (the finaliser of MurmurHash3). */
function hashed(i) {
  let h = Math.imul(i + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** The values of an input of the list: uniform between two numbers, whole ones below a number, or those given. */
export function filled(spec) {
  const { dtype, fill, values, from, to, below } = spec;
  if (fill === "values") return Float32Array.from(values);
  const data = new { f32: Float32Array, u32: Uint32Array, u8: Uint8Array }[dtype](elementsOf(spec));
  for (let i = 0; i < data.length; i++) {
    data[i] = fill === "whole" ? Math.floor(below * hashed(i)) : from + (to - from) * hashed(i);
  }
  return data;
}

const sorted = (values) => [...values].sort((a, b) => a - b);
function quantile(values, share) {
  const at = share * (values.length - 1);
  const [low, high] = [values[Math.floor(at)], values[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** A clock: how many seconds so many turns of some launches take. */
export class Clock {
  #device;
  #queries;
  #resolved;
  #staging;
  /** Seconds that the queue takes for nothing; 0 where timestamps are taken. */
  #nothing = 0;
  /** Whether every timestamp so far was a multiple of 100 µs. */
  isRounded;

  static async open(device) {
    const clock = new Clock(device);
    if (clock.hasTimestamps) {
      clock.isRounded = true;
      for (let i = 0; i < 5; i++) await clock.#timestamps(() => undefined);
    } else {
      const empty = [];
      for (let i = 0; i < 9; i++) empty.push(await clock.#queue(() => undefined));
      // The least of them: what a busy machine adds is no part of it.
      clock.#nothing = Math.min(...empty);
    }
    return clock;
  }

  constructor(device) {
    this.#device = device;
    this.hasTimestamps = device.features.has("timestamp-query");
    if (!this.hasTimestamps) return;
    this.#queries = device.createQuerySet({ type: "timestamp", count: 2 });
    this.#resolved = device.createBuffer({ size: 16, usage: usage.queryResolve | usage.copySource });
    this.#staging = device.createBuffer({ size: 16, usage: usage.mapRead | usage.copyTarget });
  }

  /** How it measures, and how long a measurement should be. */
  get method() {
    return !this.hasTimestamps ? "queue" : this.isRounded ? "rounded" : "timestamps";
  }

  async #timestamps(encode) {
    const commands = this.#device.createCommandEncoder();
    const timestampWrites = { querySet: this.#queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
    const pass = commands.beginComputePass({ timestampWrites });
    encode(pass);
    pass.end();
    commands.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
    commands.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 16);
    this.#device.queue.submit([commands.finish()]);
    await this.#staging.mapAsync(1);
    const [begun, ended] = new BigUint64Array(this.#staging.getMappedRange().slice(0));
    this.#staging.unmap();
    if (begun % BigInt(rounding) !== 0n || ended % BigInt(rounding) !== 0n) this.isRounded = false;
    return Number(ended - begun) / 1e9;
  }

  async #queue(encode) {
    const commands = this.#device.createCommandEncoder();
    const pass = commands.beginComputePass();
    encode(pass);
    pass.end();
    const buffer = commands.finish();
    const began = performance.now();
    this.#device.queue.submit([buffer]);
    await this.#device.queue.onSubmittedWorkDone();
    return Math.max(0, (performance.now() - began) / 1000 - this.#nothing);
  }

  /** Seconds of `turns` turns. */
  seconds(prepared, turns) {
    const encode = (pass) => {
      for (let i = 0; i < turns; i++) prepared.encode(pass);
    };
    return this.hasTimestamps ? this.#timestamps(encode) : this.#queue(encode);
  }

  /** Median and quartiles of the seconds of one turn, and by how many measurements of how many turns. */
  async measure(prepared, rest = () => undefined) {
    await this.seconds(prepared, 1); // the first turn pays for what a driver does late
    await rest();
    // The lesser of two: one that was held up would end the search too early.
    const probe = async (count) => {
      const first = await this.seconds(prepared, count);
      return first > tooLong ? first : Math.min(first, await this.seconds(prepared, count));
    };
    let turns = 1;
    let found = await probe(turns);
    while (found < spans[this.method] && turns < mostRepeats) {
      const wanted = Math.ceil((1.2 * turns * spans[this.method]) / Math.max(found, spans[this.method] / 10));
      turns = Math.min(mostRepeats, Math.max(wanted, turns + 1));
      await rest();
      found = await probe(turns);
    }
    const times = found < tooLong ? [] : [found / turns];
    while (times.length < measurements && found < tooLong) {
      await rest();
      times.push((await this.seconds(prepared, turns)) / turns);
    }
    const inOrder = sorted(times);
    return {
      median: quantile(inOrder, 0.5),
      low: quantile(inOrder, 0.25),
      high: quantile(inOrder, 0.75),
      measurements: times.length,
      turns,
    };
  }
}

/**
 * Times candidates of an item of bench.json and yields what came of each.
 * @param isWanted which candidates, by a function of the candidate
 * @param rest awaited between measurements, so that a page can breathe
 */
export async function* timeItem(launcher, clock, item, isWanted, rest) {
  const input = item.inputs.map((spec) => launcher.buffer(spec, filled(spec)));
  const output = item.outputs.map((spec) => launcher.buffer(spec));
  try {
    for (const candidate of item.candidates.filter(isWanted)) {
      const skipped = await launcher.whyNot(candidate);
      if (skipped !== undefined) {
        yield { candidate: candidate.name, skipped };
        continue;
      }
      let prepared;
      try {
        prepared = await launcher.prepare(candidate, { input, output });
        const time = await clock.measure(prepared, rest);
        const { operations, bytes } = item;
        yield {
          candidate: candidate.name,
          ...time,
          gflops: operations > 0 ? operations / time.median / 1e9 : null,
          gigabytes: bytes / time.median / 1e9,
        };
      } catch (error) {
        yield { candidate: candidate.name, message: error.message };
      } finally {
        prepared?.destroy();
      }
    }
  } finally {
    for (const buffer of [...input, ...output]) buffer.destroy();
  }
}

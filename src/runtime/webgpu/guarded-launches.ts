// A checked engine's launches. Each runs on copies of what it binds, with a guard band behind each copy, and then once more
// in reverse order, in a grid of several rows and with something else in the bands; what it did wrong is kept until somebody asks. Copies, since a band
// must lie behind whatever is bound: a whole buffer, a part of a gathered one, a place in a program's memory. And every copy
// is bound at an offset, as those parts are.

import { blankComments } from "../../kernels/comments.ts";
import { kernels } from "../../kernels/built-in-kernels.ts";
import { type Kernel } from "../../kernels/kernel.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import type { Bound } from "./bindings.ts";
import { usage } from "./buffers.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Range } from "./storage.ts";

/**
 * Bytes in front of each copy: the largest alignment of offsets that a WebGPU device may ask for. They hold NaN, and are not
 * looked at afterwards: WebGPU lets no launch reach in front of what it binds, and an offset of ours that was wrong would
 * make the results NaN, or another place's.
 */
export const frontBytes = 256;
/** Bytes behind each copy that no launch may touch. */
export const bandBytes = 1024;
const bandWords = bandBytes / 4;

/**
 * Signalling NaNs: arithmetic with one is NaN, and changes its bits, so that what is read behind an end shows in the result,
 * and what is added to there shows, too.
 */
const firstBand = 0x7fa00000;
/** Large numbers of both signs: a launch that reads behind an end computes something else than with NaNs. */
const secondBand = 0x7f000000;
const signs = [0, 0x80000000] as const;

/** Bindings of one launch, at most: each has words of its own in its band, so that a copy from band to band shows. */
const mostBindings = 64;

/** Findings of so many bindings are kept in one buffer. */
const placesPerBatch = 1024;
const wordsPerPlace = 3;
const nothing = 0xffffffff;

/** What is known of a binding that was looked at. */
interface Place {
  readonly launch: string;
  readonly binding: string;
  readonly bytes: number;
}

/** The run in order, and the one in reverse order. */
type Run = "first" | "second";

/** What a shader's text says of it that its launches depend on. */
interface ShaderTraits {
  readonly asksForLengths: boolean;
  readonly countsRows: boolean;
}

/** The copies of a binding; one that is read alone serves both runs. */
interface Copied extends Readonly<Record<Run, GPUBuffer>> {
  readonly index: number;
  readonly bytes: number;
  /** Bytes of the band behind them. */
  readonly band: number;
}

interface Batch {
  readonly found: GPUBuffer;
  readonly places: Place[];
}

export class GuardedLaunches {
  readonly #device: GPUDevice;
  readonly #traits: AdapterTraits;
  readonly #bands: GPUBuffer;
  readonly #compare: GPUComputePipeline;
  /** Copies by what they are for; they grow, and serve launch after launch. */
  readonly #copies = new Map<string, GPUBuffer>();
  /** Of kernels that were run: their texts are looked at once. */
  readonly #seen = new WeakMap<Kernel, ShaderTraits>();
  /** Used by launches that are not submitted yet, and by none after them. */
  #retired: GPUBuffer[] = [];
  #batches: Batch[] = [];
  #clashes: string[] = [];

  constructor(device: GPUDevice, traits: AdapterTraits) {
    this.#device = device;
    this.#traits = traits;
    const words = new Uint32Array(2 * mostBindings * bandWords);
    for (let at = 0; at < words.length / 2; at++) {
      words[at] = firstBand + at;
      words[at + words.length / 2] = secondBand + at + signs[at % 2];
    }
    this.#bands = this.#filled("bands", words, usage.storage | usage.copySource);
    this.#compare = device.createComputePipeline({
      label: "compareRuns.wgsl",
      layout: "auto",
      compute: { module: device.createShaderModule({ code: kernels.compareRuns.specialise() }) },
    });
  }

  /** Encodes a launch in its place in the order, in passes of its own. `uniform` is what it binds beside its buffers. */
  encode(encoder: GPUCommandEncoder, dispatch: Dispatch, uniform: readonly GPUBindGroupEntry[]): void {
    const { pipeline: entry, buffers, workgroups, label } = dispatch;
    const { kernel, layout, pipeline, reversed } = entry;
    if (pipeline === undefined || reversed === undefined) return; // the queue waited for both: cannot happen
    const launch = `${label}: ${kernel.name}.wgsl`;
    const nameOf = (index: number): string =>
      kernel.bindings.find((each) => each.index === index)?.name ?? "";
    const clash = clashOf(buffers);
    if (clash !== undefined) {
      const [one, other] = clash.map(nameOf);
      this.#clashes.push(`${launch} binds the same buffer as "${one}" and as "${other}", and writes to it`);
    }
    // A shader that asks how long a binding is must not be told that the band belongs to it.
    const { asksForLengths, countsRows } = this.#traitsOf(kernel);
    const band = asksForLengths ? 0 : bandBytes;
    const copies = buffers.map(({ index, writes, target }): Copied => {
      const first = this.#copy(encoder, `first ${index}`, target, band);
      const second = writes ? this.#copy(encoder, `second ${index}`, target, band) : first;
      return { index, bytes: target.size, band, first, second };
    });
    const run = (which: Run, code: GPUComputePipeline, grid: readonly [number, number]): void => {
      const entries = [...uniform, ...copies.map((copied) => this.#banded(encoder, copied, which))];
      const pass = encoder.beginComputePass();
      pass.setPipeline(code);
      pass.setBindGroup(0, this.#device.createBindGroup({ label: launch, layout, entries }));
      pass.dispatchWorkgroups(...grid);
      pass.end();
    };
    const limit = this.#traits.maxWorkgroupsPerDimension;
    run("first", pipeline, workgroups);
    run("second", reversed, countsRows ? inRows(workgroups, limit) : workgroups);
    buffers.forEach(({ index, writes, target }, i) => {
      if (!writes) return;
      this.#look(encoder, copies[i], { launch, binding: nameOf(index), bytes: target.size });
      encoder.copyBufferToBuffer(copies[i].first, frontBytes, target.buffer, target.offset, target.size);
    });
  }

  #traitsOf(kernel: Kernel): ShaderTraits {
    let traits = this.#seen.get(kernel);
    if (traits === undefined) {
      const { text } = kernel;
      const asksForLengths = /\barrayLength\b/.test(blankComments(text, "all"));
      this.#seen.set(kernel, (traits = { asksForLengths, countsRows: countsRows(text) }));
    }
    return traits;
  }

  /** To be called after each submit. */
  submitted(): void {
    for (const buffer of this.#retired) buffer.destroy();
    this.#retired = [];
  }

  /** What launches submitted since the last call did wrong, each kind once. */
  async violations(): Promise<string[]> {
    const clashes = this.#clashes.splice(0);
    const batches = this.#batches.splice(0);
    if (batches.length === 0) return [...new Set(clashes)];
    const bytes = 4 * wordsPerPlace * placesPerBatch;
    const size = batches.length * bytes;
    const staging = this.#device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget });
    const encoder = this.#device.createCommandEncoder();
    batches.forEach(({ found }, i) => {
      encoder.copyBufferToBuffer(found, 0, staging, i * bytes, bytes);
    });
    this.#device.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(1);
      const words = new Uint32Array(staging.getMappedRange());
      const broken = batches.flatMap(({ places }, i) =>
        places.flatMap((place, j) => {
          const at = wordsPerPlace * (i * placesPerBatch + j);
          return complaints(place, words.subarray(at, at + wordsPerPlace));
        }),
      );
      return [...new Set([...clashes, ...broken])];
    } finally {
      staging.destroy();
      for (const { found } of batches) found.destroy();
    }
  }

  destroy(): void {
    for (const { found } of this.#batches) found.destroy();
    for (const buffer of [this.#bands, ...this.#copies.values(), ...this.#retired]) buffer.destroy();
  }

  /** A copy of a range, with the band in front of it and room for the one behind it. */
  #copy(encoder: GPUCommandEncoder, name: string, from: Range, band: number): GPUBuffer {
    let copy = this.#copies.get(name);
    const size = frontBytes + from.size + band;
    if (copy === undefined || copy.size < size) {
      if (copy !== undefined) this.#retired.push(copy);
      copy = this.#device.createBuffer({
        label: name,
        size,
        usage: usage.storage | usage.copySource | usage.copyTarget,
      });
      this.#device.queue.writeBuffer(copy, 0, new Uint32Array(frontBytes / 4).fill(firstBand));
      this.#copies.set(name, copy);
    }
    encoder.copyBufferToBuffer(from.buffer, from.offset, copy, frontBytes, from.size);
    return copy;
  }

  /** What a run binds: a copy, with that run's band behind it. */
  #banded(encoder: GPUCommandEncoder, copied: Copied, which: Run): GPUBindGroupEntry {
    const { index, bytes, band, [which]: buffer } = copied;
    const behind = frontBytes + bytes;
    if (band > 0) encoder.copyBufferToBuffer(this.#bands, 4 * bandOf(which, index), buffer, behind, band);
    return { binding: index, resource: { buffer, offset: frontBytes, size: bytes + band } };
  }

  /** Compares what the two runs left of a binding. */
  #look(encoder: GPUCommandEncoder, { index, bytes, band, first, second }: Copied, place: Place): void {
    const batch = this.#batch();
    const sizes = {
      words: bytes / 4,
      bandWords: band / 4,
      firstBand: bandOf("first", index),
      secondBand: bandOf("second", index),
      place: batch.places.length,
    };
    batch.places.push(place);
    const { compareRuns } = kernels;
    const uniforms = this.#filled("sizes", new Uint32Array(compareRuns.pack(sizes)), usage.uniform);
    this.#retired.push(uniforms);
    const size = bytes + band;
    const entries = [
      { binding: 0, resource: { buffer: uniforms } },
      { binding: 1, resource: { buffer: first, offset: frontBytes, size } },
      { binding: 2, resource: { buffer: second, offset: frontBytes, size } },
      { binding: 3, resource: { buffer: this.#bands } },
      { binding: 4, resource: { buffer: batch.found } },
    ];
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.#compare);
    pass.setBindGroup(
      0,
      this.#device.createBindGroup({ layout: this.#compare.getBindGroupLayout(0), entries }),
    );
    pass.dispatchWorkgroups(...compareRuns.workgroups(sizes, {}, this.#traits.maxWorkgroupsPerDimension));
    pass.end();
  }

  #batch(): Batch {
    let batch = this.#batches.at(-1);
    if (batch === undefined || batch.places.length === placesPerBatch) {
      const words = new Uint32Array(wordsPerPlace * placesPerBatch).fill(nothing);
      batch = { found: this.#filled("found", words, usage.storage | usage.copySource), places: [] };
      this.#batches.push(batch);
    }
    return batch;
  }

  #filled(label: string, words: Uint32Array, use: number): GPUBuffer {
    const size = words.byteLength;
    const buffer = this.#device.createBuffer({ label, size, usage: use, mappedAtCreation: true });
    new Uint32Array(buffer.getMappedRange()).set(words);
    buffer.unmap();
    return buffer;
  }
}

/** Where the buffer of bands has the words that lie behind a binding. */
function bandOf(run: Run, index: number): number {
  return (run === "first" ? 0 : mostBindings * bandWords) + (index % mostBindings) * bandWords;
}

/** Two bindings that WebGPU forbids side by side: it would say so of the buffers themselves, but not of their copies. */
function clashOf(buffers: readonly Bound<Range>[]): [number, number] | undefined {
  for (const [i, one] of buffers.entries()) {
    for (const other of buffers.slice(i + 1)) {
      if (one.target.buffer !== other.target.buffer || !(one.writes || other.writes)) continue;
      const apart =
        one.target.offset + one.target.size <= other.target.offset ||
        other.target.offset + other.target.size <= one.target.offset;
      if (one.writes !== other.writes || !apart) return [one.index, other.index];
    }
  }
  return undefined;
}

/** What the two runs' results say about a binding. */
function complaints({ launch, binding, bytes }: Place, [read, order, band]: Uint32Array): string[] {
  const said: string[] = [];
  if (band !== nothing) {
    said.push(
      `${launch} writes behind the end of "${binding}" (${bytes} bytes), ${4 * band} bytes behind it`,
    );
  }
  if (read !== nothing) {
    said.push(
      `${launch} reads behind the end of a binding: "${binding}" is NaN at byte ${4 * read} where NaN lies there, and a ` +
        "number where numbers do",
    );
  }
  if (order !== nothing) {
    said.push(
      `${launch} computes another "${binding}" in reverse order, first at byte ${4 * order}: a barrier is missing, two ` +
        "invocations write one place, it reads behind the end of a binding, or it goes wrong in a grid of several rows",
    );
  }
  return said;
}

/**
 * Rows of the grid of a checked launch's second run, also of a launch that is far too small to be folded: what a kernel computes may not
 * depend on how its workgroups lie in the grid, and launches that are folded need more than 65,535 of them. A third row shows who takes one
 * extent of the grid for the other.
 */
const gridRows = 3;

/**
 * Whether a shader counts its workgroups over the rows of a grid: it takes the grid's extents and reads which row it is in. A
 * kernel that does not read it may rightly rely on the one row that its launches have.
 */
export function countsRows(text: string): boolean {
  const code = blankComments(text, "all");
  const id = /@\s*builtin\s*\(\s*workgroup_id\s*,?\s*\)\s*([^\s:]+)/.exec(code)?.[1];
  if (id === undefined || !/@\s*builtin\s*\(\s*num_workgroups\b/.test(code)) return false;
  return new RegExp(`\\b${id}\\s*\\.\\s*y\\b`).test(code);
}

/**
 * The same workgroups in three rows, and one to three of them past the end, which the kernel has to drop.
 * @param limit of a row's length; a launch whose rows would be longer stays as it is
 */
export function inRows(grid: readonly [x: number, y: number], limit: number): readonly [number, number] {
  const columns = Math.floor((grid[0] * grid[1]) / gridRows) + 1;
  return columns > limit || gridRows > limit ? grid : [columns, gridRows];
}

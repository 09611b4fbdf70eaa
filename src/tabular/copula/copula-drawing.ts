// Rows drawn from a copula, column after column: the latents of what is given first, together, then each latent from its exact
// normal distribution given those before it.

import { CholeskyDecomposition, inverse, type Matrix } from "ml-matrix";
import { randomStream, type Random } from "../../data/random-stream.ts";
import type { AllowedCodes, Drawing, DrawingOptions } from "../code-model.ts";
import { LatentDraw, type CodeCuts } from "./code-cuts.ts";

/** Gibbs sweeps over what is given. They start from a sequential draw, which is near already. */
const sweeps = 30;

/** Rows that are given cells of the same columns, and so share the order in which their latents are drawn. */
interface RowGroup {
  readonly rows: number[];
  /** The columns that are given something, then the others as they will be drawn. */
  readonly order: readonly number[];
  /** How many of the order are given. */
  readonly given: number;
  /** [C]: the place of each column in the order. */
  readonly place: Int32Array;
  /** [C, C], lower triangle: latents by place are this times independent normal numbers. */
  readonly factor: Float64Array;
  /** [given, given]: the inverse of the correlations of what is given. */
  readonly precision: readonly (readonly number[])[];
}

export class CopulaDrawing implements Drawing {
  readonly #cuts: readonly CodeCuts[];
  readonly #options: DrawingOptions;
  readonly #random: Random;
  readonly #groups: readonly RowGroup[];
  /** [rows, C]: independent normal numbers by row and place, those of what has been drawn. */
  readonly #parts: Float64Array;
  /** [rows, C]: codes by row and place, of what is given; -1 for a row whose conditions no code fulfils. */
  readonly #codes: Int32Array;
  readonly #draw = new LatentDraw();
  #next = 0;
  /** The groups of which a column has been drawn by what is given. */
  readonly #begun = new Set<RowGroup>();

  constructor(cuts: readonly CodeCuts[], correlations: Matrix, options: DrawingOptions) {
    this.#cuts = cuts;
    this.#options = options;
    this.#random = randomStream(options.seed, "copula");
    this.#groups = groupsOf(correlations, options);
    this.#parts = new Float64Array(options.rows * cuts.length);
    this.#codes = new Int32Array(options.rows * cuts.length);
    for (const group of this.#groups) this.#drawGiven(group);
  }

  next(allowed?: AllowedCodes): Promise<Int32Array> {
    const { order, rows } = this.#options;
    if (this.#next >= order.length) return Promise.reject(new RangeError("every column has been drawn"));
    const column = order[this.#next++];
    const drawn = new Int32Array(rows);
    for (const group of this.#groups) {
      if (group.place[column] < group.given) this.#takeGiven(group, column, drawn, allowed);
      else {
        this.#drawColumn(group, column, drawn, allowed);
        this.#begun.add(group);
      }
    }
    return Promise.resolve(drawn);
  }

  close(): void {
    this.#next = this.#options.order.length;
  }

  #takeGiven(group: RowGroup, column: number, drawn: Int32Array, allowed?: AllowedCodes): void {
    const { rows, place } = group;
    const count = this.#cuts[column].codeAt.length;
    const condition = this.#options.given.get(column);
    for (const row of rows) {
      const code = this.#codes[row * this.#cuts.length + place[column]];
      const isFixed = code < 0 || this.#knownCode(column, row) >= 0 || allowed === undefined;
      if (isFixed || allowed[row * count + code] === 1) {
        drawn[row] = code;
        continue;
      }
      // What it was drawn by does not allow it: once more, given the others, unless more was drawn by it already.
      const own = allowed.subarray(row * count, (row + 1) * count);
      const both = condition === undefined ? own : own.map((each, at) => each & condition[at]);
      const isDrawn = !this.#begun.has(group) && this.#redrawGiven(group, column, row, both);
      drawn[row] = isDrawn ? this.#draw.code : -1;
    }
  }

  #redrawGiven(group: RowGroup, column: number, row: number, allowed: Uint8Array): boolean {
    const { given, place } = group;
    const latents = this.#latentsOf(group, row);
    const [mean, scale] = conditional(group, latents, place[column]);
    if (!this.#draw.draw(this.#cuts[column], mean, scale, this.#random, allowed)) return false;
    latents[place[column]] = this.#draw.latent;
    for (let at = 0; at < given; at++) this.#setPart(group, row, at, latents[at]);
    return true;
  }

  #latentsOf({ given, factor }: RowGroup, row: number): Float64Array {
    const size = this.#cuts.length;
    return Float64Array.from({ length: given }, (_, at) => {
      return this.#mean(factor, row, at) + factor[at * size + at] * this.#parts[row * size + at];
    });
  }

  /** The mean of the latent at a place, given those before it. */
  #mean(factor: Float64Array, row: number, place: number): number {
    const size = this.#cuts.length;
    let mean = 0;
    for (let before = 0; before < place; before++) {
      mean += factor[place * size + before] * this.#parts[row * size + before];
    }
    return mean;
  }

  #setPart({ factor }: RowGroup, row: number, place: number, latent: number): void {
    const size = this.#cuts.length;
    this.#parts[row * size + place] =
      (latent - this.#mean(factor, row, place)) / factor[place * size + place];
  }

  #drawColumn(group: RowGroup, column: number, drawn: Int32Array, allowed?: AllowedCodes): void {
    const { rows, place, factor } = group;
    const at = place[column];
    const scale = factor[at * this.#cuts.length + at];
    const cuts = this.#cuts[column];
    for (const row of rows) {
      const mean = this.#mean(factor, row, at);
      const isDrawn = this.#draw.draw(cuts, mean, scale, this.#random, allowed, row * cuts.codeAt.length);
      this.#setPart(group, row, at, isDrawn ? this.#draw.latent : mean);
      drawn[row] = isDrawn ? this.#draw.code : -1;
    }
  }

  /** The latents of what is given, by Gibbs sweeps: each from its normal distribution given the others, within its codes. */
  #drawGiven(group: RowGroup): void {
    const { rows, order, given, factor } = group;
    const size = this.#cuts.length;
    const latents = new Float64Array(given);
    for (const row of rows) {
      let isPossible = true;
      // Each given those before it, to begin with.
      for (let place = 0; place < given; place++) {
        const mean = this.#mean(factor, row, place);
        const scale = factor[place * size + place];
        isPossible = this.#drawWithin(order[place], row, mean, scale) && isPossible;
        latents[place] = this.#draw.latent;
        this.#setPart(group, row, place, latents[place]);
        this.#codes[row * size + place] = this.#draw.code;
      }
      if (!isPossible) {
        this.#codes.fill(-1, row * size, row * size + given);
        continue;
      }
      for (let sweep = 0; sweep < (given > 1 ? sweeps : 0); sweep++) {
        for (let place = 0; place < given; place++) {
          const [mean, scale] = conditional(group, latents, place);
          this.#drawWithin(order[place], row, mean, scale);
          latents[place] = this.#draw.latent;
          this.#codes[row * size + place] = this.#draw.code;
        }
      }
      // Back to independent numbers, for the columns that follow.
      for (let place = 0; place < given; place++) this.#setPart(group, row, place, latents[place]);
    }
  }

  #drawWithin(column: number, row: number, mean: number, scale: number): boolean {
    const known = this.#knownCode(column, row);
    if (known < 0) {
      return this.#draw.draw(this.#cuts[column], mean, scale, this.#random, this.#options.given.get(column));
    }
    this.#draw.drawCode(this.#cuts[column], known, mean, scale, this.#random);
    return true;
  }

  #knownCode(column: number, row: number): number {
    return this.#options.known?.get(column)?.[row] ?? -1;
  }
}

/** Mean and deviation of a latent that is given, given all others that are. */
function conditional({ precision, given }: RowGroup, latents: Float64Array, place: number): [number, number] {
  const weights = precision[place];
  let sum = 0;
  for (let other = 0; other < given; other++) if (other !== place) sum += weights[other] * latents[other];
  return [-sum / weights[place], 1 / Math.sqrt(weights[place])];
}

function groupsOf(correlations: Matrix, { rows, order, given, known }: DrawingOptions): RowGroup[] {
  const size = order.length;
  const groups = new Map<string, RowGroup>();
  for (let row = 0; row < rows; row++) {
    const isGiven = order.map((column) => given.has(column) || (known?.get(column)?.[row] ?? -1) >= 0);
    const key = isGiven.map(Number).join("");
    let group = groups.get(key);
    if (group === undefined) {
      const first = order.filter((_, place) => isGiven[place]);
      const own = [...first, ...order.filter((_, place) => !isGiven[place])];
      const place = new Int32Array(size);
      own.forEach((column, at) => (place[column] = at));
      const { lowerTriangularMatrix } = new CholeskyDecomposition(correlations.selection(own, own));
      const factor = Float64Array.from(lowerTriangularMatrix.to1DArray());
      const precision = first.length === 0 ? [] : inverse(correlations.selection(first, first)).to2DArray();
      group = { rows: [], order: own, given: first.length, place, factor, precision };
      groups.set(key, group);
    }
    group.rows.push(row);
  }
  return [...groups.values()];
}

// Rows drawn from a copula, column after column: the latents of what is given first, together, then each latent from its exact
// normal distribution given those before it. Columns whose ranks hang together are a family, and drawn at once.

import { CholeskyDecomposition, inverse, type Matrix } from "ml-matrix";
import { randomStream, type Random } from "../../data/random-stream.ts";
import type { AllowedCodes, Drawing, DrawingOptions } from "../code-model.ts";
import { codeAtLatent, LatentDraw, type CodeCuts, type CodeWeights } from "./code-cuts.ts";
import { familiesOf, weightsIn, type ColumnRanks } from "./ranks.ts";

/** Gibbs sweeps over what is given. They start from a sequential draw, which is near already. */
const sweeps = 30;

/** Rows that are given cells of the same columns, and so share the order in which their latents are drawn. */
interface RowGroup {
  readonly rows: number[];
  /** The families of columns that are given something, then the others as they will be drawn. */
  readonly order: readonly number[];
  /** How many of the order are given. */
  readonly given: number;
  /** How many have been drawn, those that are given among them. */
  drawn: number;
  /** [C]: the place of each column in the order. */
  readonly place: Int32Array;
  /** [C, C], lower triangle: latents by place are this times independent normal numbers. */
  readonly factor: Float64Array;
  /** [given, given]: the inverse of the correlations of what is given. */
  readonly precision: readonly (readonly number[])[];
}

/** The codes that are left to a column of a row. */
interface Limit {
  readonly codes: Uint8Array;
  /** The only one; -1 where there are more, or none. */
  readonly only: number;
}

type Weights = ReadonlyMap<number, CodeWeights>;
const noWeights: Weights = new Map();

export class CopulaDrawing implements Drawing {
  readonly #ranks: readonly ColumnRanks[];
  readonly #children: readonly (readonly number[])[];
  /** By column, the one that it is in. */
  readonly #family: readonly (readonly number[])[];
  readonly #options: DrawingOptions;
  readonly #random: Random;
  readonly #groups: readonly RowGroup[];
  /** [rows, C]: independent normal numbers by row and place, those of what has been drawn. */
  readonly #parts: Float64Array;
  /** [rows, C]: codes by row and column, of what has been drawn; -1 for a row that none could be found for. */
  readonly #codes: Int32Array;
  readonly #draw = new LatentDraw();
  /** By column, that of its condition. */
  readonly #conditions: readonly (Limit | undefined)[];
  /** By column and code, those of known cells. */
  readonly #known = new Map<number, Limit[]>();
  /** By family and what of it is known. */
  readonly #weights = new Map<string, Weights>();
  /** Columns that were asked for. */
  readonly #asked = new Set<number>();

  constructor(ranks: readonly ColumnRanks[], correlations: Matrix, options: DrawingOptions) {
    this.#ranks = ranks;
    this.#children = ranks.map((_, column) =>
      ranks.flatMap(({ parent }, child) => (parent === column ? [child] : [])),
    );
    const families = familiesOf(ranks.map(({ parent }) => parent));
    this.#family = ranks.map((_, column) => families.find((family) => family.includes(column)) ?? [column]);
    this.#options = options;
    this.#random = randomStream(options.seed, "copula");
    this.#groups = groupsOf(correlations, this.#family, options);
    this.#parts = new Float64Array(options.rows * ranks.length);
    this.#codes = new Int32Array(options.rows * ranks.length);
    this.#conditions = ranks.map((_, column) => limitOf(options.given.get(column)));
    for (const group of this.#groups) this.#drawGiven(group);
  }

  next(allowed?: AllowedCodes): Promise<Int32Array> {
    const { order, rows } = this.#options;
    if (this.#asked.size >= order.length)
      return Promise.reject(new RangeError("every column has been drawn"));
    const column = order[this.#asked.size];
    const drawn = new Int32Array(rows);
    for (const group of this.#groups) {
      if (group.place[column] >= group.drawn) this.#drawColumn(group, column, allowed);
      for (const row of group.rows) drawn[row] = this.#codeOf(group, column, row, allowed);
    }
    this.#asked.add(column);
    return Promise.resolve(drawn);
  }

  close(): void {
    for (const column of this.#options.order) this.#asked.add(column);
  }

  /** The code that was drawn, where it is allowed; else another one. */
  #codeOf(group: RowGroup, column: number, row: number, allowed?: AllowedCodes): number {
    const code = this.#codes[row * this.#ranks.length + column];
    if (code < 0 || allowed === undefined || this.#knownCode(column, row) >= 0) return code;
    const count = this.#countOf(column);
    if (allowed[row * count + code] === 1) return code;
    const own = allowed.subarray(row * count, (row + 1) * count);
    const isDrawn =
      group.place[column] < group.given
        ? this.#redrawGiven(group, column, row, own)
        : this.#redraw(group, column, row, own);
    return isDrawn ? this.#codes[row * this.#ranks.length + column] : -1;
  }

  /** What it was drawn by does not allow it: once more, given the others, unless more was drawn by it already. */
  #redrawGiven(group: RowGroup, column: number, row: number, allowed: Uint8Array): boolean {
    if (group.drawn > group.given) return false;
    const latents = this.#latentsOf(group, row);
    const codes = this.#suited(group, column, latents, (each, code) =>
      each === column
        ? allowed[code] === 1 && this.#limitOf(each, row)?.codes[code] !== 0
        : this.#asked.has(each)
          ? code === this.#codes[row * this.#ranks.length + each]
          : this.#limitOf(each, row)?.codes[code] !== 0,
    );
    const [mean, scale] = conditional(group, latents, group.place[column]);
    if (!this.#draw.draw(this.#cutsOf(column, row), mean, scale, this.#random, codes)) return false;
    latents[group.place[column]] = this.#draw.latent;
    this.#settle(group, column, row, latents, this.#draw.code);
    for (let at = 0; at < group.given; at++) this.#setPart(group, row, at, latents[at]);
    return true;
  }

  /** The family once more, by what is allowed for a column of it; those that were asked for stay. Unless more was drawn by it already. */
  #redraw(group: RowGroup, column: number, row: number, allowed: Uint8Array): boolean {
    const family = this.#family[column];
    if (group.drawn !== group.place[family[0]] + family.length) return false;
    const weights = weightsIn(family, this.#ranks, (each) => {
      if (each === column) return allowed;
      if (!this.#asked.has(each)) return undefined;
      return this.#only(each, this.#codes[row * this.#ranks.length + each]).codes;
    });
    return this.#drawFamily(group, family, row, weights);
  }

  /** Draws a column, and the family that it is the first of. */
  #drawColumn(group: RowGroup, column: number, allowed?: AllowedCodes): void {
    const family = this.#family[column];
    const count = this.#countOf(column);
    const own = (row: number): Uint8Array | undefined => allowed?.subarray(row * count, (row + 1) * count);
    group.drawn += family.length;
    for (const row of group.rows) {
      const fit = own(row);
      const weights =
        fit === undefined
          ? noWeights
          : family.length === 1
            ? new Map([[column, fit]])
            : weightsIn(family, this.#ranks, (each) => (each === column ? fit : undefined));
      this.#drawFamily(group, family, row, weights);
    }
  }

  /** From parents to children, each given what was drawn before. @returns whether all have a code */
  #drawFamily(group: RowGroup, family: readonly number[], row: number, weights: Weights): boolean {
    const size = this.#ranks.length;
    let isPossible = true;
    for (const column of family) {
      const at = group.place[column];
      const mean = this.#mean(group.factor, row, at);
      const scale = group.factor[at * size + at];
      isPossible &&= this.#draw.draw(
        this.#cutsOf(column, row),
        mean,
        scale,
        this.#random,
        weights.get(column),
      );
      this.#setPart(group, row, at, isPossible ? this.#draw.latent : mean);
      this.#codes[row * size + column] = this.#draw.code;
    }
    if (!isPossible) for (const column of family) this.#codes[row * size + column] = -1;
    return isPossible;
  }

  /** The latents of what is given, by Gibbs sweeps: each from its normal distribution given the others, within its codes. */
  #drawGiven(group: RowGroup): void {
    const { rows, order, given } = group;
    const size = this.#ranks.length;
    const families = [...new Set(order.slice(0, given).map((column) => this.#family[column]))];
    const isWithin = (row: number) => (column: number, code: number) =>
      this.#limitOf(column, row)?.codes[code] !== 0;
    for (const row of rows) {
      const isPossible = families.every((family) =>
        this.#drawFamily(group, family, row, this.#weightsOf(family, row)),
      );
      if (!isPossible) {
        for (const family of families) for (const column of family) this.#codes[row * size + column] = -1;
        continue;
      }
      const latents = this.#latentsOf(group, row);
      for (let sweep = 0; sweep < (given > 1 ? sweeps : 0); sweep++) {
        for (const column of order.slice(0, given)) {
          const [mean, scale] = conditional(group, latents, group.place[column]);
          const cuts = this.#cutsOf(column, row);
          const limit = this.#limitOf(column, row);
          if (limit !== undefined && limit.only >= 0)
            this.#draw.drawCode(cuts, limit.only, mean, scale, this.#random);
          else {
            const codes =
              this.#children[column].length === 0
                ? limit?.codes
                : this.#suited(group, column, latents, isWithin(row));
            // The code that it has is one of these.
            this.#draw.draw(cuts, mean, scale, this.#random, codes);
          }
          latents[group.place[column]] = this.#draw.latent;
          this.#settle(group, column, row, latents, this.#draw.code);
        }
      }
      // Back to independent numbers, for the columns that follow.
      for (let at = 0; at < given; at++) this.#setPart(group, row, at, latents[at]);
    }
  }

  #weightsOf(family: readonly number[], row: number): Weights {
    const key = family.map((column) => this.#knownCode(column, row)).join();
    const known = this.#weights.get(`${family[0]}: ${key}`);
    if (known !== undefined) return known;
    const weights = weightsIn(family, this.#ranks, (column) => this.#limitOf(column, row)?.codes);
    this.#weights.set(`${family[0]}: ${key}`, weights);
    return weights;
  }

  /** [K]: 1 for codes of a column with which it, and its descendants by their latents as they are, suit what is asked. */
  #suited(
    group: RowGroup,
    column: number,
    latents: Float64Array,
    suits: (column: number, code: number) => boolean,
  ): Uint8Array {
    const isSuited = (each: number, code: number): boolean =>
      suits(each, code) &&
      this.#children[each].every((child) => {
        const cuts = this.#ranks[child].cuts[code];
        return isSuited(child, codeAtLatent(cuts, latents[group.place[child]]));
      });
    return Uint8Array.from(this.#ranks[column].shares[0], (_, code) => Number(isSuited(column, code)));
  }

  /** A column has a code now: so its descendants have those that their latents mean beside it. */
  #settle(group: RowGroup, column: number, row: number, latents: Float64Array, code: number): void {
    this.#codes[row * this.#ranks.length + column] = code;
    for (const child of this.#children[column]) {
      const cuts = this.#ranks[child].cuts[code];
      this.#settle(group, child, row, latents, codeAtLatent(cuts, latents[group.place[child]]));
    }
  }

  #countOf(column: number): number {
    return this.#ranks[column].shares[0].length;
  }

  #cutsOf(column: number, row: number): CodeCuts {
    const { parent, cuts } = this.#ranks[column];
    return cuts[parent < 0 ? 0 : Math.max(0, this.#codes[row * this.#ranks.length + parent])];
  }

  #latentsOf({ given, factor }: RowGroup, row: number): Float64Array {
    const size = this.#ranks.length;
    return Float64Array.from({ length: given }, (_, at) => {
      return this.#mean(factor, row, at) + factor[at * size + at] * this.#parts[row * size + at];
    });
  }

  /** The mean of the latent at a place, given those before it. */
  #mean(factor: Float64Array, row: number, place: number): number {
    const size = this.#ranks.length;
    let mean = 0;
    for (let before = 0; before < place; before++) {
      mean += factor[place * size + before] * this.#parts[row * size + before];
    }
    return mean;
  }

  #setPart({ factor }: RowGroup, row: number, place: number, latent: number): void {
    const size = this.#ranks.length;
    this.#parts[row * size + place] =
      (latent - this.#mean(factor, row, place)) / factor[place * size + place];
  }

  /** What is given of a column in a row; undefined where nothing is. */
  #limitOf(column: number, row: number): Limit | undefined {
    const known = this.#knownCode(column, row);
    return known < 0 ? this.#conditions[column] : this.#only(column, known);
  }

  #only(column: number, code: number): Limit {
    const own = this.#known.get(column) ?? [];
    this.#known.set(column, own);
    own[code] ??= {
      codes: Uint8Array.from(this.#ranks[column].shares[0], (_, k) => Number(k === code)),
      only: code,
    };
    return own[code];
  }

  #knownCode(column: number, row: number): number {
    return this.#options.known?.get(column)?.[row] ?? -1;
  }
}

function limitOf(codes: Uint8Array | undefined): Limit | undefined {
  if (codes === undefined) return undefined;
  const count = codes.reduce((sum, each) => sum + each, 0);
  return { codes, only: count === 1 ? codes.indexOf(1) : -1 };
}

/** Mean and deviation of a latent that is given, given all others that are. */
function conditional({ precision, given }: RowGroup, latents: Float64Array, place: number): [number, number] {
  const weights = precision[place];
  let sum = 0;
  for (let other = 0; other < given; other++) if (other !== place) sum += weights[other] * latents[other];
  return [-sum / weights[place], 1 / Math.sqrt(weights[place])];
}

function groupsOf(
  correlations: Matrix,
  familyOf: readonly (readonly number[])[],
  { rows, order, given, known }: DrawingOptions,
): RowGroup[] {
  const families = [...new Set(order.map((column) => familyOf[column]))];
  const groups = new Map<string, RowGroup>();
  for (let row = 0; row < rows; row++) {
    const isGiven = families.map((family) =>
      family.some((column) => given.has(column) || (known?.get(column)?.[row] ?? -1) >= 0),
    );
    const key = isGiven.map(Number).join("");
    let group = groups.get(key);
    if (group === undefined) {
      const first = families.filter((_, at) => isGiven[at]).flat();
      const own = [...first, ...families.filter((_, at) => !isGiven[at]).flat()];
      const place = new Int32Array(own.length);
      own.forEach((column, at) => (place[column] = at));
      const { lowerTriangularMatrix } = new CholeskyDecomposition(correlations.selection(own, own));
      const factor = Float64Array.from(lowerTriangularMatrix.to1DArray());
      const precision = first.length === 0 ? [] : inverse(correlations.selection(first, first)).to2DArray();
      const counts = { given: first.length, drawn: first.length };
      group = { rows: [], order: own, ...counts, place, factor, precision };
      groups.set(key, group);
    }
    group.rows.push(row);
  }
  return [...groups.values()];
}

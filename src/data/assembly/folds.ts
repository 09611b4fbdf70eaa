// Divides images into folds for a cross-validation, by patient: no patient is in two.

import { sha256 } from "#sha256";
import { counted } from "../../errors/counted.ts";
import { DataError } from "../../errors/data-errors.ts";
import { expectArgument, wholeFrom } from "../../errors/arguments.ts";
import { positive } from "../../labels/states.ts";
import { patientIndices } from "../../metrics/patient-indices.ts";
import { randomStream } from "../random-stream.ts";
import { imageSets, type ImageSet, type Pixels } from "./assembly.ts";
import { pixelsAt } from "../cache/stored-pixels.ts";
import { pieces } from "./digest.ts";
import { permutation } from "./order.ts";

/** A patient of one source: how many images there are, and of how many the label of a class is positive. */
interface Patient {
  readonly at: number;
  images: number;
  readonly positives: Uint32Array;
}

/**
 * The fold of each image. A patient of several sources is in one fold; an image without a patient is a patient of its own, together with
 * images without a patient that have the same pixels. Source after source, folds get as near as can be the same number of images and of
 * positive labels of each class, rarest classes first (iterative stratification: Sechidis, Tsoumakas and Vlahavas 2011).
 *
 * @param classCount K of the sets' states
 * @param folds 2 to 255
 * @param seed of the order in which equal patients are dealt out
 * @returns by set, [count] from 0
 * @throws DataError for a source with fewer patients than folds
 */
export async function foldsOf(
  sets: readonly ImageSet[],
  classCount: number,
  folds: number,
  seed: number,
): Promise<readonly Uint8Array[]> {
  expectArgument("foldsOf", "the sets", sets, imageSets);
  expectArgument("foldsOf", "the number of classes", classCount, wholeFrom(1));
  expectArgument("foldsOf", "the number of folds", folds, wholeFrom(2));
  const names: string[] = [];
  for (const set of sets) names.push(...(await patientNames(set)));
  const { count, of } = patientIndices("foldsOf", names.length, names);
  const foldOf = new Int16Array(count).fill(-1);
  let first = 0;
  return sets.map((set) => {
    const own = of.subarray(first, first + set.count);
    first += set.count;
    const patients = patientsOf(set, own, classCount);
    if (patients.length < folds) {
      throw new DataError(
        set.source,
        `has ${counted(patients.length, "patient")} to train on, too few for ${folds} folds, each of which tests on one at least`,
      );
    }
    const order = permutation(patients.length, randomStream(seed, "folds", set.source));
    const dealt = Array.from(order, (at) => patients[at]);
    deal(dealt, foldOf, classCount, folds);
    return Uint8Array.from(own, (patient) => foldOf[patient]);
  });
}

/** A name for whose image each is, also where nobody says. */
async function patientNames({
  count,
  patients,
  pixels,
  height,
  width,
  channels,
}: ImageSet): Promise<string[]> {
  const named = Array.from({ length: count }, (_, row) => patients?.[row]);
  const bytesEach = height * width * channels;
  const digests = named.includes(undefined) ? await imageDigests(pixels, count, bytesEach) : [];
  return named.map((name, row) => (name === undefined ? `image ${digests[row]}` : `patient ${name}`));
}

async function imageDigests(pixels: Pixels, count: number, bytesEach: number): Promise<string[]> {
  const digests: string[] = [];
  for await (const piece of pieces(pixels, count, bytesEach)) {
    for (let at = 0; at < piece.length; at += bytesEach) {
      digests.push(
        sha256()
          .update(piece.subarray(at, at + bytesEach))
          .hex(),
      );
    }
  }
  return digests;
}

function patientsOf({ states, count }: ImageSet, of: Uint32Array, classCount: number): Patient[] {
  const found = new Map<number, Patient>();
  for (let row = 0; row < count; row++) {
    const at = of[row];
    const patient = found.get(at) ?? { at, images: 0, positives: new Uint32Array(classCount) };
    found.set(at, patient);
    patient.images++;
    for (let k = 0; k < classCount; k++) {
      if (states[row * classCount + k] === positive) patient.positives[k]++;
    }
  }
  return [...found.values()];
}

/** Gives each patient a fold; those of an earlier source keep theirs, and count. */
function deal(patients: readonly Patient[], foldOf: Int16Array, classCount: number, folds: number): void {
  // Row k < K is what each fold still wants of positive labels of class k, row K of images.
  const total = (row: number): number =>
    patients.reduce((sum, each) => sum + (row < classCount ? each.positives[row] : each.images), 0);
  const wanted = Array.from({ length: classCount + 1 }, (_, row) =>
    new Float64Array(folds).fill(total(row) / folds),
  );
  const give = ({ at, images, positives }: Patient, fold: number): void => {
    foldOf[at] = fold;
    for (let k = 0; k < classCount; k++) wanted[k][fold] -= positives[k];
    wanted[classCount][fold] -= images;
  };
  for (const each of patients) if (foldOf[each.at] >= 0) give(each, foldOf[each.at]);
  let left = patients.filter(({ at }) => foldOf[at] < 0);
  // Everybody first gets what no later choice could give: the rarest class of those that are left.
  while (left.length > 0) {
    const holders = wanted
      .slice(0, classCount)
      .map((_, k) => ({ k, count: left.filter(({ positives }) => positives[k] > 0).length }));
    const [rarest] = holders.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count || a.k - b.k);
    const row = (rarest as (typeof holders)[number] | undefined)?.k ?? classCount;
    const isOf = ({ positives }: Patient): boolean => row === classCount || positives[row] > 0;
    for (const patient of left.filter(isOf)) give(patient, neediest(wanted[row], wanted[classCount]));
    left = left.filter((patient) => !isOf(patient));
  }
}

/** The fold that wants most of a class, and of those that want as much the one that wants most images. */
function neediest(wanted: Float64Array, images: Float64Array): number {
  let best = 0;
  for (let fold = 1; fold < wanted.length; fold++) {
    if (wanted[fold] > wanted[best] || (wanted[fold] === wanted[best] && images[fold] > images[best]))
      best = fold;
  }
  return best;
}

/** Some images of a set, in the order of their indices; pixels stay where they are. */
export function chosenImages(set: ImageSet, rows: readonly number[]): ImageSet {
  const { count, height, width, channels, pixels, maps, states, voxelVolumes, origins, patients, ids } = set;
  const classCount = states.length / count;
  const pixelsOf = (all: Pixels, bytesEach: number): Pixels =>
    pixelsAt(
      bytesEach,
      rows.map((row) => (all instanceof Uint8Array ? { home: all, slot: row } : all.row(row))),
    );
  return {
    ...set,
    count: rows.length,
    pixels: pixelsOf(pixels, height * width * channels),
    states: Uint8Array.from(
      { length: rows.length * classCount },
      (_, at) => states[rows[Math.floor(at / classCount)] * classCount + (at % classCount)],
    ),
    ...(maps === undefined ? {} : { maps: pixelsOf(maps, height * width) }),
    ...(voxelVolumes === undefined
      ? {}
      : { voxelVolumes: Float64Array.from(rows, (row) => voxelVolumes[row]) }),
    ...(origins === undefined
      ? {}
      : { origins: { names: origins.names, of: Uint16Array.from(rows, (row) => origins.of[row]) } }),
    ...(patients === undefined ? {} : { patients: rows.map((row) => patients[row]) }),
    ...(ids === undefined ? {} : { ids: rows.map((row) => ids[row]) }),
  };
}

// Which patient each image is of, as a number: metrics over patients, and intervals that draw patients, count by it.

import { aList, expectArgument } from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";

/**
 * [N] whose image each is; names must differ between sources that know nothing of each other's patients. Undefined: a patient
 * of its own.
 */
export type Patients = readonly (string | number | undefined)[];

export interface PatientIndices {
  readonly count: number;
  /** [N] from 0, in the order in which patients come first. */
  readonly of: Uint32Array;
}

/** @throws ShapeError when there are not as many names as images */
export function patientIndices(what: string, images: number, patients?: Patients): PatientIndices {
  if (patients !== undefined) expectArgument(what, "the patients", patients, aList);
  if (patients !== undefined && patients.length !== images) {
    throw new ShapeError(`${what}: ${patients.length} patients for ${images} images`);
  }
  const indices = new Map<string | number, number>();
  let count = 0;
  const of = Uint32Array.from({ length: images }, (_, image) => {
    const name = patients?.[image];
    if (name === undefined) return count++;
    const known = indices.get(name);
    if (known !== undefined) return known;
    indices.set(name, count);
    return count++;
  });
  return { count, of };
}

// The thresholds that validation patients chose, as they are kept with a model. In the file they are logits before any temperature, so
// that fitting or removing one changes no decision; people see them as probabilities.

import { z } from "zod";
import { probabilitiesOf } from "../assemble/model-metrics.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import type { Part } from "../data/catalogue/listing.ts";
import {
  operatingNote,
  operatingPoints,
  operatingRules,
  usualRate,
  type OperatingPoints,
  type OperatingRule,
} from "../metrics/operating-points.ts";
import { patientIndices } from "../metrics/patient-indices.ts";

/** The part of a manifest whose images chose something after training; left out where it was validation, as it should be. */
export const chosenOn = z.enum(["train", "test"] satisfies Exclude<Part, "validation">[]).optional();

const rate = z.number().min(0).max(1);
const point = z
  .strictObject({ threshold: z.number(), sensitivity: rate.nullable(), specificity: rate.nullable() })
  .nullable();
const count = z.int().min(0);
const pointsSchema = z.strictObject({
  ...{ positives: count, negatives: count },
  ...({ youden: point, sensitivity: point, specificity: point } satisfies Record<OperatingRule, unknown>),
});
const chosen = {
  /** The sensitivity, or specificity, that was asked for. */
  at: rate,
  /** Patients who chose, of validation unless `part` says otherwise. */
  patients: count,
  part: chosenOn,
};

/** In a model file: thresholds are logits, in the order of the classes. */
export const thresholdsSchema = z.strictObject({ ...chosen, byClass: z.array(pointsSchema) });
export type KeptThresholds = z.output<typeof thresholdsSchema>;

/** In summary.json: thresholds are probabilities, by class. */
export const shownThresholdsSchema = z.object({
  ...chosen,
  byClass: z.record(z.string(), pointsSchema.extend({ note: z.string().nullable() })),
});
export type ShownThresholds = z.output<typeof shownThresholdsSchema>;

/**
 * Chooses thresholds on validation images.
 * @param logits [N, K] before any temperature
 * @throws UsageError for a rate outside [0, 1]
 */
export function chosenThresholds(
  logits: Float32Array,
  { states, patients }: { readonly states: Uint8Array; readonly patients?: ImageSet["patients"] | undefined },
  classes: number,
  at = usualRate,
): KeptThresholds {
  const people = patientIndices("chosenThresholds", states.length / classes, patients);
  const byClass = operatingPoints({ scores: logits, states, patients }, classes, { at });
  return { at, patients: people.count, byClass: byClass.map(plain) };
}

/** As JSON holds it. */
const plain = ({ positives, negatives, youden, sensitivity, specificity }: OperatingPoints) => ({
  ...{ positives, negatives, youden, sensitivity, specificity },
});

interface Kept {
  readonly classes: readonly string[];
  readonly thresholds?: KeptThresholds | undefined;
  readonly temperature?: { readonly value: number } | undefined;
}

/**
 * The thresholds of a rule by class, as logits divided by the model's temperature; null for a class without one, and undefined for a
 * model without any.
 */
export function thresholdsBy(rule: OperatingRule, model: Kept): (number | null)[] | undefined {
  const { thresholds, temperature = { value: 1 } } = model;
  const found = thresholds?.byClass.map((points) => {
    const own = points[rule];
    // As logits themselves are: f32, so that an image at the threshold stays there.
    return own === null ? null : Math.fround(own.threshold / temperature.value);
  });
  return found?.some((each) => each !== null) === true ? found : undefined;
}

/** As people see them. */
export function shownThresholds(model: Kept & { readonly thresholds: KeptThresholds }): ShownThresholds {
  const { classes, thresholds } = model;
  const { at, patients, part, byClass } = thresholds;
  const logits = operatingRules.map((rule) => [rule, thresholdsBy(rule, model)] as const);
  return {
    ...{ at, patients, ...(part === undefined ? {} : { part }) },
    byClass: Object.fromEntries(
      classes.map((name, k) => {
        const points = byClass[k];
        const byRule = logits.map(([rule, byClass]) => {
          const own = points[rule];
          const logit = byClass?.[k] ?? null;
          return [
            rule,
            own === null || logit === null ? null : { ...own, threshold: probabilityOf(logit) },
          ] as const;
        });
        const { positives, negatives } = points;
        const rules = Object.fromEntries(byRule) as Pick<typeof points, OperatingRule>;
        return [name, { positives, negatives, ...rules, note: operatingNote(points, part) }];
      }),
    ),
  };
}

const probabilityOf = (logit: number): number => probabilitiesOf([logit])[0];

// Which test patients a segmenter finds: sensitivity and specificity at thresholds of validation patients, and ROC curves over
// patients with the threshold's place on them.

import type { PatientResults } from "../../assemble/patient-metrics.ts";
import type { Proportion } from "../../metrics/detections.ts";
import { patientScores } from "../../metrics/patients.ts";
import type { TestPredictions } from "../../runs/test-predictions.ts";
import { notesOfClasses } from "../../labels/wording.ts";
import { rocCurves, type OperatingRates } from "../figures/roc-curves.ts";
import type { Markup } from "../html/markup.ts";
import { digits, fixed, interval, none, whole } from "../html/number-text.ts";
import { drawn, note, table } from "../html/page.ts";

/** @param predictions undefined where the run has none */
export function patientSection(
  found: PatientResults,
  classes: readonly string[],
  predictions: TestPredictions | undefined,
): Markup[] {
  const level = `${Math.round(100 * found.level)} % interval`;
  return [
    table({
      caption: "By class, over patients",
      head: ["class", "with", "without", "AUC", level, "AUC by area"],
      rows: classes.map((name) => {
        const { positives, negatives, auc, areaAuc } = found.byClass[name];
        return [
          ...[name, whole(positives), whole(negatives)],
          ...[fixed(auc.value, 4), interval(auc.interval, 3), fixed(areaAuc, 4)],
        ];
      }),
    }),
    ...(classes.every((name) => found.byClass[name].threshold === null)
      ? []
      : [
          table({
            caption: "At the thresholds of validation patients",
            head: ["class", "threshold", "sensitivity", level, "specificity", level, "located"],
            rows: classes.map((name) => {
              const { threshold, located, ...own } = found.byClass[name];
              return [
                ...[name, threshold === null ? none : digits(threshold, 3)],
                ...[...rate(own.sensitivity), ...rate(own.specificity)],
                located === null ? none : `${located.hits} of ${located.of}`,
              ];
            }),
          }),
        ]),
    note(
      `A patient's score of a class is the largest of the images' scores, and an image's score the mean of its 20 largest ` +
        "probabilities, or of as many as make a millilitre. By area: the AUC of what is predicted in all of a patient's " +
        `images, in ${found.areaUnit ?? "pixels"}. ` +
        "Thresholds hold a specificity of " +
        `${digits(100 * found.specificity, 3)} % on the validation patients; no test patient had a say. Intervals of sensitivity and ` +
        "specificity are Clopper and Pearson's, exact. Located: of the detected patients with an outline at the network's size, those in whom one of the pixels that the score is " +
        "of lies in it. Ignored pixels and the border of padded images are in no score.",
    ),
    ...notesOfClasses(classes, (name) => found.byClass[name].note).map((text) => note(text)),
    ...notesOfClasses(classes, (name) => found.byClass[name].auc.note).map((text) => note(`AUC of ${text}`)),
    ...drawn(predictions && patientRoc(found, classes, predictions)),
  ];
}

const rate = (of: Proportion | null): string[] =>
  of?.rate == null ? [none, none] : [`${fixed(of.rate, 3)} (${of.hits}/${of.of})`, interval(of.interval, 3)];

function patientRoc(
  found: PatientResults,
  classes: readonly string[],
  { probabilities, states, images }: TestPredictions,
): ReturnType<typeof rocCurves> {
  const patients = images.map(({ patient }) => (patient === "" ? undefined : patient));
  const scored = patientScores({ scores: probabilities, states, patients }, classes.length);
  const points = new Map<string, OperatingRates>();
  for (const name of classes) {
    const { sensitivity, specificity } = found.byClass[name];
    if (sensitivity?.rate == null || specificity?.rate == null) continue;
    points.set(name, { sensitivity: sensitivity.rate, specificity: specificity.rate });
  }
  return rocCurves(
    {
      classes,
      images: Array.from({ length: scored.count }, () => ({ source: "", image: "", patient: "" })),
      probabilities: scored.scores,
      states: scored.states,
    },
    {
      ...{ id: "patient-roc", title: "ROC curves over patients", of: "patients", points },
      pointText: "Dots are the thresholds that validation patients chose.",
    },
  );
}

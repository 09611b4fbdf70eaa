// The ROC figure of a study: its own arms in one picture, their controls in another, and a text.

import type { Arm } from "../../studies/scores.ts";
import { leftOutText } from "../figures/left-out.ts";
import { rocPictures, rocWindow, type RocWindow } from "../figures/mean-roc.ts";
import { fixed, listed } from "../html/number-text.ts";
import type { Figure, TableContent } from "../html/page.ts";
import { inParts } from "./parts.ts";
import type { StudyRoc } from "../../studies/study-report-data.ts";

type ArmRoc = StudyRoc["arms"][number];

/** The table has every tenth point of a curve. */
const thinned = 10;

/** Columns of sensitivity at a specificity, read off single curves and then averaged as the curves are. */
export function sensitivityTable({ arms, specificities }: StudyRoc): TableContent {
  return {
    caption: "Mean sensitivity at a specificity of at least",
    head: ["arm", ...specificities.map(String), "seeds"],
    rows: arms.map(({ arm, sensitivities, seeds }) => [
      ...[arm, ...sensitivities.map((value) => fixed(value, 4)), String(seeds)],
    ]),
  };
}

/** @returns undefined where no arm has a curve */
export function meanRocCurves(arms: readonly Arm[], roc: StudyRoc): Figure | undefined {
  const { falsePositiveRates, specificities } = roc;
  const found = arms.flatMap(({ name }) => roc.arms.filter(({ arm }) => arm === name));
  if (found.length === 0) return undefined;
  // A control is drawn like the arm that it controls.
  const lookOf = new Map(arms.map(({ name, controlOf }) => [name, controlOf ?? name]));
  const looks = [...new Set(lookOf.values())];
  const parts = inParts(arms, found, ({ arm }) => [arm]).map(({ title = "Arms", items }) => ({
    title,
    lines: items.map(({ arm, curve }) => ({
      ...{ name: arm, curve },
      look: looks.indexOf(lookOf.get(arm) ?? arm),
    })),
  }));
  const window = rocWindow(
    falsePositiveRates,
    found.map(({ curve }) => curve),
  );
  const told = ({ arm, sensitivities }: ArmRoc): string =>
    `${arm}: ${listed(sensitivities.map((value, i) => `${fixed(value, 4)} at ${specificities[i]}`))}`;
  const every = <Value>(values: readonly Value[]): Value[] => values.filter((_, i) => i % thinned === 0);
  return {
    ...{ id: "roc", title: "Mean ROC curves by arm", text: textOf(found, window, parts.length > 1) },
    numbers: `Mean sensitivity at a specificity: ${found.map(told).join("; ")}.`,
    drawing: rocPictures(falsePositiveRates, parts, window),
    table: {
      caption: "Points of the curves: mean sensitivity at a 1 − specificity",
      head: ["arm", ...every(falsePositiveRates).map(String)],
      rows: found.map(({ arm, curve }) => [arm, ...every(curve).map((value) => fixed(value, 4))]),
    },
  };
}

function textOf(found: readonly ArmRoc[], { right, bottom }: RocWindow, controls: boolean): string {
  const sentences = [
    "Sensitivity against 1 − specificity on the test images: means, at equal 1 − specificity, of the ROC curves of all " +
      "classes that an arm is judged by, and over seeds.",
  ];
  if (right < 1) {
    const from = bottom === 0 ? "" : `, and sensitivity from ${bottom} to 1`;
    sentences.push(`Enlarged: 1 − specificity is shown from 0 to ${right}${from}.`);
  }
  if (bottom < right) sentences.push("The dashed diagonal is guessing.");
  if (controls) sentences.push("A control looks as the arm that it is the control of.");
  const same = found.flatMap(({ arm, curve }, i) => {
    const equal = found.slice(0, i).find((each) => each.curve.every((value, at) => value === curve[at]));
    return equal === undefined ? [] : [`${equal.arm} and ${arm}`];
  });
  if (same.length > 0) sentences.push(`The same curve to the last digit: ${same.join("; ")}.`);
  const all = new Set(found.flatMap(({ classes }) => classes));
  const fewer = found.filter(({ classes }) => classes.length < all.size);
  if (fewer.length > 0) {
    const each = fewer.map(({ arm, classes }) => `${arm} (${classes.join(", ")})`);
    sentences.push(`Judged by some of the classes alone: ${each.join("; ")}.`);
  }
  const most = Math.max(...found.map(({ seeds }) => seeds));
  const behind = found.filter(({ seeds }) => seeds < most);
  if (behind.length > 0) {
    const each = behind.map(({ arm, seeds }) => `${arm} (${seeds})`);
    sentences.push(`Over fewer than ${most} seeds: ${each.join("; ")}.`);
  }
  const without = leftOutText(found.map(({ arm, leftOut }) => ({ name: arm, leftOut })));
  if (without !== "") {
    sentences.push(`Where a class has no curve in a seed, the mean of that seed is without it: ${without}.`);
  }
  return sentences.join(" ");
}

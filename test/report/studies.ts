// A study to make pages of: its scores, and what its folder may hold beside them.

import type { Course, StudyScores } from "../../src/studies/scores.ts";
import type { StudyReportData } from "../../src/studies/study-report-data.ts";
import type { StudyContents } from "../../src/report/pages.ts";
import { oddClasses, studyOf } from "./pages.ts";

export const scores = studyOf(oddClasses);
export const study: StudyContents = {
  path: "/s",
  scores,
  settings: { study: "overlap", seeds: [0, 1, 2, 3] },
  reportData: undefined,
};

export const settings: StudyContents["settings"] = {
  ...{ study: "overlap", seeds: [0, 1, 2, 3, 4], margin: 0.003 },
  manifest: { file: "own/<m>.yaml", text: "classes: [<b>bold</b>]\ntest: {}\n" },
};
export const course = (run: string, seed: number, bce: number[], pseudo: number[]): Course => ({
  ...{ arm: run[0], seed, run, losses: { bce, pseudo, consistency: bce.map(() => 0) } },
});
export const measured = {
  queries: [
    {
      arm: "a",
      classes: ["k", "l"],
      cosines: [
        [1, -0.25],
        [-0.25, 1],
      ],
    },
    { arm: "c", classes: ["alone"], cosines: [[1]] },
  ],
  courses: [
    course("a", 0, [0.9, 0.5, 0.3], [0, 0, 0]),
    course("a", 1, [0.7, 0.3, 0.1], [0, 0, 0]),
    course("c-one", 0, [0.6, 0.4], [0, 0.5]),
    course("c-two", 0, [0.8, 0.2], [0, 0]),
  ],
} satisfies Partial<StudyScores>;

const rising = (by: number) => ({
  ...{ curve: [0.5 + by, 0.93 + by, 1], sensitivities: [0.9 + by, 0.6 + by] },
  ...{ seeds: 4, classes: oddClasses, leftOut: [oddClasses[2]] },
});
export const predicted = {
  ...{ finished: 11, read: 10 },
  roc: {
    ...{ falsePositiveRates: [0, 0.1, 1], specificities: [0.9, 0.99] },
    arms: [
      { arm: "a", ...rising(0) },
      { arm: "b<b>", ...rising(0.06), leftOut: [] },
      { arm: "c", ...rising(0), seeds: 3, classes: oddClasses.slice(0, 1), leftOut: [] },
    ],
  },
  mistakes: {
    ...{ runs: 10, arms: ["a", "b<b>"], seed: 0 },
    found: [
      {
        ...{ class: oddClasses[0], label: "negative", probability: 0.75, source: "<i>s</i>", image: "7" },
        ...{ patient: "", png: "iVBORw0KGgo=", byArm: [0.9, null] },
      },
    ],
  },
} satisfies NonNullable<StudyReportData["predicted"]>;
export const labels = { positive: 1, negative: 2, absent: 0, soft: 0, uncertain: 0 };
export const reportData: StudyReportData = {
  // The assembly may have more classes than the study tells of.
  ...{ version: 1, classes: ["first", ...oddClasses], predicted },
  coverage: [
    {
      ...{ source: "s", part: "train", images: 9 },
      classes: [{ ...labels, positive: 7 }, ...oddClasses.map(() => labels)],
    },
  ],
};

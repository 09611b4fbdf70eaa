// How the runs of a study went: a small picture an arm, with its losses over the course of a run.

import * as Plot from "@observablehq/plot";
import type { Arm, Course } from "../../studies/scores.ts";
import { draw, grid, label, pageWidth, type Drawing } from "../html/drawing.ts";
import { digits } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";
import { ink, palette } from "../html/style.ts";

/** Dashes tell them apart, too, where colours do not. */
const terms = [
  { name: "bce", title: "bce, of given labels", dashes: "none" },
  { name: "pseudo", title: "pseudo-labels", dashes: "6 3" },
  { name: "consistency", title: "consistency", dashes: "2 2" },
] as const;
type Term = (typeof terms)[number]["name"];

/** The courses of one run of an arm with all seeds, as their mean. */
interface RunCourse extends Readonly<Record<Term, readonly number[]>> {
  readonly arm: string;
  readonly run: string;
  readonly seeds: number;
}

/** Small pictures beside each other on a page. */
const columns = 3;
const gap = 12;
const width = Math.floor((pageWidth - (columns - 1) * gap) / columns);

/** @returns undefined where no run says how it went */
export function armCourses(arms: readonly Arm[], courses: readonly Course[]): Figure | undefined {
  const runs = arms.flatMap(({ name }) => meansOf(courses.filter(({ arm }) => arm === name)));
  if (runs.length === 0) return undefined;
  const used = terms.filter(({ name }) => runs.some((run) => taught(run, name)));
  const greatest = Math.max(...runs.flatMap((run) => used.flatMap(({ name }) => run[name])));
  const panels = arms.flatMap(({ name }) => {
    const own = runs.filter(({ arm }) => arm === name);
    return own.length === 0 ? [] : [panel(name, own, greatest)];
  });
  const told = (run: RunCourse): string =>
    used
      .filter(({ name }) => taught(run, name))
      .map(({ name }) => `${name} from ${digits(run[name][0])} to ${digits(run[name].at(-1))}`)
      .join(", ");
  const several = panels.length < runs.length;
  return {
    id: "losses",
    title: "Losses in the course of a run, by arm",
    text:
      "Means over seeds, from the first step of a run to its last; all pictures have the same scale. A loss that teaches " +
      `nothing has no line.${several ? " An arm of several runs has lines for each." : ""}`,
    numbers: `${runs.map((run) => `${nameOf(run)}: ${told(run)}`).join("; ")}.`,
    drawing: grid([legend(used), grid(panels, columns, gap)], 1, 6),
    table: {
      caption: "The first and the last point of each line",
      head: ["arm", "run", ...used.flatMap(({ name }) => [`${name}, first`, `${name}, last`]), "seeds"],
      words: 2,
      rows: runs.map((run) => [
        ...[run.arm, run.run],
        ...used.flatMap(({ name }) => [digits(run[name][0]), digits(run[name].at(-1))]),
        String(run.seeds),
      ]),
    },
  };
}

const nameOf = ({ arm, run }: RunCourse): string => (arm === run ? arm : `${arm}, ${run}`);

/** The supervised loss is drawn even where it is nothing: every run has it. */
const taught = (run: RunCourse, term: Term): boolean =>
  term === "bce" || run[term].some((value) => value !== 0);

/** Of an arm's runs; a point is the mean of the seeds that came so far. */
function meansOf(courses: readonly Course[]): RunCourse[] {
  return [...new Set(courses.map(({ run }) => run))].flatMap((run): RunCourse[] => {
    const own = courses.filter((each) => each.run === run);
    const mean = (term: Term): number[] =>
      Array.from({ length: Math.max(...own.map((each) => each[term].length)) }, (_, i) => {
        const values = own.flatMap((each) => each[term].slice(i, i + 1));
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      });
    const [bce, pseudo, consistency] = [mean("bce"), mean("pseudo"), mean("consistency")];
    return bce.length === 0 ? [] : [{ arm: own[0].arm, run, seeds: own.length, bce, pseudo, consistency }];
  });
}

function panel(name: string, runs: readonly RunCourse[], greatest: number): Drawing {
  return draw({
    ...{ width, height: 150, marginLeft: 34, marginRight: 10, marginTop: 24, marginBottom: 24 },
    x: {
      ...{ domain: [0, 1], ticks: [0, 0.5, 1], label: null, tickSize: 3 },
      tickFormat: (at: number) => (at === 0 ? "start" : at === 1 ? "end" : "half"),
    },
    y: { domain: [0, greatest > 0 ? greatest : 1], label: null, ticks: 4, grid: true, tickSize: 0 },
    marks: [
      ...runs.flatMap((run) =>
        terms.flatMap(({ name: term, dashes }, i) => {
          if (!taught(run, term)) return [];
          const values = run[term];
          // A point is the mean over a part of the run, and stands in its middle.
          const points = values.map((y, at) => ({ x: (at + 0.5) / values.length, y }));
          const colour = palette[i];
          return [
            Plot.lineY(points, {
              ...{ x: "x", y: "y", stroke: colour, strokeWidth: 1.6, strokeDasharray: dashes },
            }),
            // One point is no line.
            Plot.dot(points.length === 1 ? points : [], { x: "x", y: "y", r: 2.5, fill: colour }),
          ];
        }),
      ),
      Plot.text([label(name, 30)], {
        ...{ frameAnchor: "top-left", dy: -18, dx: -30, text: (text: string) => text, fontWeight: 600 },
      }),
    ],
  });
}

function legend(used: readonly { readonly name: Term; readonly title: string }[]): Drawing {
  const [height, step] = [22, 170];
  return draw({
    ...{ width: pageWidth, height, marginLeft: 0, marginRight: 0, marginTop: 0, marginBottom: 0 },
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    marks: terms
      .map((term, i) => ({ ...term, colour: palette[i] }))
      .filter(({ name }) => used.some((each) => each.name === name))
      .flatMap(({ title, colour, dashes }, at) => {
        const [x, y] = [4 + at * step, height / 2];
        return [
          Plot.link([{ x1: x, x2: x + 26, y1: y, y2: y }], {
            ...{ x1: "x1", x2: "x2", y1: "y1", y2: "y2", stroke: colour },
            ...{ strokeWidth: 2, strokeDasharray: dashes },
          }),
          Plot.text([{ x: x + 33, y }], {
            ...{ x: "x", y: "y", text: () => title, textAnchor: "start", fill: ink },
          }),
        ];
      }),
  });
}

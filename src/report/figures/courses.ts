// The losses of a study's runs over time: a small picture for each arm.

import * as Plot from "@observablehq/plot";
import type { Arm, Course } from "../../studies/scores.ts";
import { draw, grid, label, pageWidth, type Drawing } from "../html/drawing.ts";
import { digits } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";
import { ink, palette } from "../html/style.ts";
import { termLegend, termName } from "./term-titles.ts";

/** Dashes tell terms apart, too, where colours do not. */
const dashes = ["none", "6 3", "2 2", "8 3 2 3", "1 4", "12 4"] as const;

/** A term and its line. */
interface TermLine {
  readonly term: string;
  /** Whether it is drawn where it is nothing, too: the first, which every run has. */
  readonly always: boolean;
  readonly colour: string;
  readonly dashes: string;
}

/** The mean over seeds of the losses of one run of an arm. */
interface RunCourse {
  readonly arm: string;
  readonly run: string;
  readonly seeds: number;
  /** By term, of those that it has. */
  readonly losses: ReadonlyMap<string, readonly number[]>;
}

/** Number of small pictures in a row. */
const columns = 3;
const gap = 12;
const width = Math.floor((pageWidth - (columns - 1) * gap) / columns);

/** @returns undefined where no run has recorded its losses */
export function armCourses(arms: readonly Arm[], courses: readonly Course[]): Figure | undefined {
  const terms = [...new Set(courses.flatMap(({ losses }) => Object.keys(losses)))];
  const runs = arms.flatMap(({ name }) =>
    meansOf(
      terms,
      courses.filter(({ arm }) => arm === name),
    ),
  );
  if (runs.length === 0) return undefined;
  const used = terms
    .map((term, i) => ({
      term,
      always: i === 0,
      colour: palette[i % palette.length],
      dashes: dashes[i % dashes.length],
    }))
    .filter((line) => runs.some((run) => drawn(run, line) !== undefined));
  const greatest = Math.max(...runs.flatMap((run) => used.flatMap((line) => drawn(run, line) ?? [])));
  const panels = arms.flatMap(({ name }) => {
    const own = runs.filter(({ arm }) => arm === name);
    return own.length === 0 ? [] : [panel(name, own, used, greatest)];
  });
  const told = (run: RunCourse): string =>
    used
      .flatMap((line) => {
        const values = drawn(run, line);
        return values === undefined
          ? []
          : [`${termName(line.term)} from ${digits(values[0])} to ${digits(values.at(-1))}`];
      })
      .join(", ");
  const several = panels.length < runs.length;
  return {
    id: "losses",
    title: "Losses over the course of a run, by arm",
    text:
      "Means over seeds, from the first step of a run to its last; all pictures have the same scale. A loss without " +
      `weight has no line.${several ? " An arm of several runs has lines for each." : ""}`,
    numbers: `${runs.map((run) => `${nameOf(run)}: ${told(run)}`).join("; ")}.`,
    drawing: grid([legend(used), grid(panels, columns, gap)], 1, 6),
    table: {
      caption: "The first and the last point of each line",
      head: [
        ...["arm", "run"],
        ...used.flatMap(({ term }) => [`${termName(term)}, first`, `${termName(term)}, last`]),
        "seeds",
      ],
      words: 2,
      rows: runs.map(({ arm, run, losses, seeds }) => [
        ...[arm, run],
        ...used.flatMap(({ term }) => [digits(losses.get(term)?.[0]), digits(losses.get(term)?.at(-1))]),
        String(seeds),
      ]),
    },
  };
}

/** The points of a line; undefined for a loss that teaches nothing. */
function drawn({ losses }: RunCourse, { term, always }: TermLine): readonly number[] | undefined {
  const values = losses.get(term);
  return always || values?.some((value) => value !== 0) === true ? values : undefined;
}

const nameOf = ({ arm, run }: RunCourse): string => (arm === run ? arm : `${arm}, ${run}`);

/** The courses of an arm's runs; a point is the mean over the seeds that have it. */
function meansOf(terms: readonly string[], courses: readonly Course[]): RunCourse[] {
  return [...new Set(courses.map(({ run }) => run))].flatMap((run): RunCourse[] => {
    const own = courses.filter((each) => each.run === run);
    const mean = (term: string): number[] => {
      const all = own.map(({ losses }) => losses[term] ?? []);
      return Array.from({ length: Math.max(...all.map(({ length }) => length)) }, (_, i) => {
        const values = all.flatMap((each) => each.slice(i, i + 1));
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      });
    };
    const losses = terms.map((term) => [term, mean(term)] as const).filter(([, values]) => values.length > 0);
    return losses.length === 0 ? [] : [{ arm: own[0].arm, run, seeds: own.length, losses: new Map(losses) }];
  });
}

function panel(
  name: string,
  runs: readonly RunCourse[],
  used: readonly TermLine[],
  greatest: number,
): Drawing {
  return draw({
    ...{ width, height: 150, marginLeft: 34, marginRight: 10, marginTop: 24, marginBottom: 24 },
    x: {
      ...{ domain: [0, 1], ticks: [0, 0.5, 1], label: null, tickSize: 3 },
      tickFormat: (at: number) => (at === 0 ? "start" : at === 1 ? "end" : "half"),
    },
    y: { domain: [0, greatest > 0 ? greatest : 1], label: null, ticks: 4, grid: true, tickSize: 0 },
    marks: [
      ...runs.flatMap((run) =>
        used.flatMap((line) => {
          const { colour, dashes: strokeDasharray } = line;
          const values = drawn(run, line);
          if (values === undefined) return [];
          // A point is the mean over a part of the run, and is drawn in the middle of it.
          const points = values.map((y, at) => ({ x: (at + 0.5) / values.length, y }));
          return [
            Plot.lineY(points, { ...{ x: "x", y: "y", stroke: colour, strokeWidth: 1.6, strokeDasharray } }),
            // A single point makes no line.
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

function legend(used: readonly TermLine[]): Drawing {
  const [high, step] = [22, 170];
  const perRow = Math.floor(pageWidth / step);
  return draw({
    ...{ width: pageWidth, height: high * Math.ceil(used.length / perRow) },
    ...{ marginLeft: 0, marginRight: 0, marginTop: 0, marginBottom: 0 },
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    marks: used.flatMap(({ term, colour, dashes: strokeDasharray }, at) => {
      const [x, y] = [4 + (at % perRow) * step, high * (Math.floor(at / perRow) + 0.5)];
      return [
        Plot.link([{ x1: x, x2: x + 26, y1: y, y2: y }], {
          ...{ x1: "x1", x2: "x2", y1: "y1", y2: "y2", stroke: colour, strokeWidth: 2, strokeDasharray },
        }),
        Plot.text([{ x: x + 33, y }], {
          ...{ x: "x", y: "y", text: () => termLegend(term), textAnchor: "start", fill: ink },
        }),
      ];
    }),
  });
}

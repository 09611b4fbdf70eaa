// The output of `tessera inspect`: a table of labels for each source, then the findings, then the checks that found nothing.

import Table from "cli-table3";
import {
  findingKinds,
  type FindingCase,
  type InspectionFinding,
  type NamedSample,
  type Severity,
} from "../data/inspection/finding-kinds.ts";
import type { Inspection } from "../data/inspection/findings.ts";
import type { LabelCount, ListCount } from "../data/inspection/counts.ts";
import { counted } from "../errors/counted.ts";
import { visible } from "../labels/wording.ts";
import { plainTable } from "./tables.ts";

/** Cases of a finding that are printed; --json has all. */
const shownCases = 3;

const number = (value: number): string => value.toLocaleString("en");

/**
 * The labels of each source by class.
 *
 * @param policy the state that the manifest gives to an uncertain label of a source
 * @param sizes the sizes of a source's images, in words
 */
export function labelTables(
  classes: readonly string[],
  counts: readonly ListCount[],
  words: {
    readonly policy: (source: string, className: string) => string;
    readonly sizes: (source: string) => string;
    /** How many classes are above each class, where they are a tree. */
    readonly depths?: readonly number[] | undefined;
  },
): string {
  const titles = classes.map((name, k) => `${"  ".repeat(words.depths?.[k] ?? 0)}${name}`);
  const sources = [...new Set(counts.map(({ source }) => source))];
  return sources
    .map((source) => {
      const lists = counts.filter((count) => count.source === source);
      const known = classes.map((_, k) => lists.some((list) => list.classes[k].absent < list.images));
      const lines = [`${source}: ${describe(lists, words.sizes(source))}`];
      if (known.includes(true)) lines.push(labelTable(titles, lists, known));
      lines.push(...pixelLines(classes, lists, known));
      const uncertain = classes.flatMap((name, k) => {
        const total = lists.reduce((sum, list) => sum + list.classes[k].uncertain, 0);
        return total === 0 ? [] : `${name} ${number(total)} (taken as ${words.policy(source, name)})`;
      });
      if (uncertain.length > 0) lines.push(`Uncertain in the source: ${uncertain.join(", ")}.`);
      const unknown = classes.filter((_, k) => !known[k]);
      if (unknown.length > 0) lines.push(`Absent on all its images: ${unknown.join(", ")}.`);
      return lines.join("\n");
    })
    .join("\n\n");
}

function describe(lists: readonly ListCount[], sizes: string): string {
  const images = lists.map(({ part, images: count }) => `${number(count)} ${part}`).join(", ");
  const one = lists.length === 1 && lists[0].images === 1;
  const facts = [`${images} image${one ? "" : "s"}`];
  if (sizes !== "") facts.push(sizes);
  const patients = lists.filter((list) => list.patients > 0);
  if (patients.length > 0) {
    const each = patients.map((list) => number(list.patients)).join(" + ");
    const nameless = lists.reduce((sum, list) => sum + list.withoutPatient, 0);
    const word = patients.length === 1 && patients[0].patients === 1 ? "patient" : "patients";
    facts.push(`${each} ${word}${nameless === 0 ? "" : ` (${counted(nameless, "image")} without)`}`);
  }
  const unlabelled = lists.reduce((sum, list) => sum + list.unlabelled, 0);
  if (unlabelled > 0) facts.push(`${counted(unlabelled, "image")} with no label at all`);
  return facts.join("; ");
}

/**
 * The columns of a table: kinds of labels, soft and uncertain ones only where they occur.
 * @param titles of the classes, those below others indented
 */
function labelTable(
  titles: readonly string[],
  lists: readonly ListCount[],
  known: readonly boolean[],
): string {
  const any = (kind: keyof LabelCount): boolean =>
    lists.some((list) => list.classes.some((count, k) => known[k] && count[kind] > 0));
  const kinds = [
    { kind: "positive", sign: "+" },
    { kind: "negative", sign: "-" },
    ...(any("soft") ? [{ kind: "soft", sign: "soft" } as const] : []),
    ...(any("absent") ? [{ kind: "absent", sign: "absent" } as const] : []),
  ] as const;
  const table = new Table({
    ...plainTable,
    head: [
      "",
      ...lists.flatMap(({ part }) =>
        kinds.map(({ kind, sign }) => (lists.length === 1 ? kind : `${part} ${sign}`)),
      ),
    ],
    colAligns: ["left", ...lists.flatMap(() => kinds.map(() => "right" as const))],
  });
  for (const [k, title] of titles.entries()) {
    if (known[k])
      table.push([title, ...lists.flatMap((list) => kinds.map(({ kind }) => number(list.classes[k][kind])))]);
  }
  return table.toString();
}

/** The share of each class among the pixels of a source's masks, and what of them is background or has no label. */
function pixelLines(
  classes: readonly string[],
  lists: readonly ListCount[],
  known: readonly boolean[],
): string[] {
  const counts = lists.flatMap(({ pixels }) => pixels ?? []);
  if (counts.length === 0) return [];
  const total = counts.reduce((sum, each) => sum + each.total, 0);
  const ofClass = classes.map((_, k) => counts.reduce((sum, each) => sum + each.classes[k], 0));
  const ignored = counts.reduce((sum, each) => sum + each.ignored, 0);
  const background = total - ignored - ofClass.reduce((sum, count) => sum + count, 0);
  const share = (count: number): string =>
    `${((100 * count) / total).toFixed(count * 1000 < total ? 3 : 1)} %`;
  const shares = [
    ...classes.flatMap((name, k) => (known[k] ? [`${name} ${share(ofClass[k])}`] : [])),
    `background ${share(background)}`,
    ...(ignored === 0 ? [] : [`without a label ${share(ignored)}`]),
  ];
  return [`Pixels of its masks: ${shares.join(", ")}.`];
}

/** The word for each severity, in front of a sentence. */
const marks: Readonly<Record<Severity, string>> = {
  leak: "LEAK",
  conflict: "CONFLICT",
  "empty class": "CLASS",
  duplicates: "COPIES",
  undecodable: "UNDECODABLE",
  "not understood": "WORDS",
  "left out": "LEFT OUT",
  pixels: "PIXELS",
  guess: "GUESS",
};

/** Findings with their first cases, the gravest first, then the checks that found nothing. */
export function findingLines({ findings, clean }: Pick<Inspection, "findings" | "clean">): string {
  const lines = findings.flatMap((finding) => {
    const cases = finding.cases
      .filter(({ name }) => name === undefined || !finding.sentence.includes(visible(name)))
      .map((each) => describeCase(finding, each))
      .filter((text) => text !== "");
    const shown = cases.slice(0, shownCases).map((text) => `    ${text}`);
    const more = cases.length - shown.length;
    return [
      `${marks[findingKinds[finding.kind]]}: ${finding.sentence}`,
      ...shown,
      ...(more > 0 ? [`    and ${number(more)} more (see --json)`] : []),
    ];
  });
  return [...lines, ...clean].join("\n");
}

function describeCase(
  { kind }: InspectionFinding,
  { samples, patient, name, count, reason }: FindingCase,
): string {
  if (name !== undefined) {
    const often = count === undefined ? "" : ` (${number(count)})`;
    return `${visible(name)}${often}${reason === undefined ? "" : `: ${reason}`}`;
  }
  const named = samples.filter(({ id }) => id !== "");
  if (named.length === 0) return "";
  const texts = named.map(showSample(named));
  if (kind === "conflicting-labels") return `${texts[0]} is positive, ${texts[1]} negative`;
  if (patient !== undefined) return `patient ${patient}: ${texts.join(" and ")}`;
  return reason === undefined ? texts.join(" = ") : `${texts.join(" = ")}: ${reason}`;
}

/** A sample by its names, without those that all samples of a case share. */
function showSample(all: FindingCase["samples"]): (sample: NamedSample) => string {
  const oneSource = all.every(({ source }) => source === all[0].source);
  const onePart = all.every(({ part }) => part === all[0].part);
  return ({ source, part, id }) => {
    const where = [...(oneSource ? [] : [source]), ...(onePart ? [] : [part])];
    return where.length === 0 ? id : `${id} (${where.join(", ")})`;
  };
}

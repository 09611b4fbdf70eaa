// From what a source says of its own labels to the label states of the manifest's classes: which label speaks of which
// class, what several labels of one class say together, and what becomes of "uncertain" and of nothing said.
import { suggestion } from "../../errors/nearest.ts";
import { absent, negative, positive, softState } from "../../labels/states.ts";
import type { BlankPolicy, ByClass, UncertainPolicy } from "../manifest/entry-schema.ts";
import { rawLabel } from "../../labels/raw-labels.ts";

/** Refuses a field of an entry: the path below the entry, and what is wrong with it. */
export type Refuse = (path: readonly PropertyKey[], reason: string) => never;

/** The fields of an entry that settle what its labels mean. */
export interface LabelRules {
  readonly mapping?: Readonly<Record<string, string>> | undefined;
  readonly knows?: readonly string[] | undefined;
  readonly uncertain: ByClass<UncertainPolicy>;
  readonly blank: ByClass<BlankPolicy>;
}

export interface ClassMapping {
  /** [labels] the column of the class that a label speaks of; -1 for a label that no class has asked for. */
  readonly columns: readonly number[];
  /** [K] the classes that the source has labels of; the others are absent on all its images. */
  readonly known: readonly boolean[];
}

/**
 * Which class each label of a source speaks of. A label that is called like a class needs no line in `mapping`.
 *
 * @param refuse is told of a label or a class that there is not, with the nearest one that there is
 */
export function mapLabels(
  labelNames: readonly string[],
  classes: readonly string[],
  { mapping = {}, knows }: Pick<LabelRules, "mapping" | "knows">,
  refuse: Refuse,
): ClassMapping {
  for (const label of Object.keys(mapping)) {
    if (!labelNames.includes(label)) {
      refuse(
        ["mapping", label],
        `maps a label that this source does not have; ${listLabels(labelNames)}${suggestion(label, labelNames)}`,
      );
    }
  }
  const columns = labelNames.map((label) =>
    classes.indexOf(Object.hasOwn(mapping, label) ? (mapping[label] ?? "") : label),
  );
  for (const [i, name] of (knows ?? []).entries()) {
    if (!columns.includes(classes.indexOf(name))) {
      refuse(
        ["knows", i],
        `names "${name}", but no label of this source means it: name the one that does under mapping; ` +
          `${listLabels(labelNames)}${suggestion(name, labelNames)}`,
      );
    }
  }
  return { columns, known: classes.map((name, k) => knows?.includes(name) ?? columns.includes(k)) };
}

/**
 * What a source says of each class: positive where any of its labels is, else uncertain where any is, else unknown, else
 * blank, else negative.
 *
 * @param told [records, labels]: one of `rawLabel`
 * @returns [records, K]: one of `rawLabel`; blank for classes that the source does not know
 */
export function combineLabels(told: Uint8Array, { columns, known }: ClassMapping): Uint8Array {
  const records = columns.length === 0 ? 0 : told.length / columns.length;
  const combined = new Uint8Array(records * known.length).fill(rawLabel.blank);
  const seen = new Uint8Array(known.length);
  for (let i = 0; i < records; i++) {
    seen.fill(0);
    for (const [label, k] of columns.entries()) {
      if (k < 0 || !known[k]) continue;
      const code = told[i * columns.length + label];
      const at = i * known.length + k;
      if (seen[k] === 0 || strength(code) > strength(combined[at])) combined[at] = code;
      seen[k] = 1;
    }
  }
  return combined;
}

/** Which of two answers for one class counts: the stronger. */
function strength(code: number): number {
  return strongestLast.indexOf(code);
}
const strongestLast: readonly number[] = [
  rawLabel.negative,
  rawLabel.blank,
  rawLabel.unknown,
  rawLabel.uncertain,
  rawLabel.positive,
];

/**
 * Label states from what a source says of each class.
 *
 * @param combined [records, K]: one of `rawLabel`
 * @returns [records, K] label states; absent for every class that the source does not know, and for `unknown`
 */
export function settle(
  combined: Uint8Array,
  classes: readonly string[],
  { known }: Pick<ClassMapping, "known">,
  { uncertain, blank }: Pick<LabelRules, "uncertain" | "blank">,
): Uint8Array {
  const tables = classes.map((name, k) => {
    const table = new Uint8Array(256).fill(absent);
    if (!known[k]) return table;
    table[rawLabel.negative] = negative;
    table[rawLabel.positive] = positive;
    table[rawLabel.uncertain] = uncertainState(forClass(uncertain, name) ?? "absent");
    table[rawLabel.blank] = forClass(blank, name) === "negative" ? negative : absent;
    return table;
  });
  return combined.map((code, at) => tables[at % classes.length][code]);
}

/** The state that a policy gives an uncertain label; a number is the probability of a soft label. */
function uncertainState(policy: UncertainPolicy): number {
  if (typeof policy === "number") return softState(policy);
  return { absent, negative, positive }[policy];
}

/** A setting that is one for all classes or one a class; undefined for a class that it leaves out. */
export function forClass<Value extends string | number>(
  setting: ByClass<Value>,
  name: string,
): Value | undefined {
  if (typeof setting !== "object") return setting;
  return Object.hasOwn(setting, name) ? setting[name] : undefined;
}

/** At most a dozen names, for messages. */
export function listLabels(labelNames: readonly string[]): string {
  const more = labelNames.length > 12 ? ` and ${labelNames.length - 12} more` : "";
  return `its labels are ${labelNames.slice(0, 12).join(", ")}${more}`;
}

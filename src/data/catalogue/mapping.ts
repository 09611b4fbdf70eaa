// From a source's own labels to the label states of the manifest's classes: which label means which class, what several labels
// of one class give together, and what uncertain and blank labels become.
import { suggestion } from "../../errors/nearest.ts";
import { absent, firstSoft, isSoft, lastSoft, negative, positive, softState } from "../../labels/states.ts";
import { canonicalName, inManifest, nearMatches, placeOf, visible } from "../../labels/wording.ts";
import type { BlankPolicy, ByClass, UncertainPolicy } from "../manifest/entry-schema.ts";
import { ancestorsOf, type Parents } from "../../labels/class-tree.ts";
import { rawLabel } from "../../labels/raw-labels.ts";

/** Refuses a field of an entry: the field's path below the entry, and the fault. */
export type Refuse = (path: readonly PropertyKey[], reason: string) => never;

/** The fields of an entry that define what its labels mean. */
export interface LabelRules {
  readonly mapping?: Readonly<Record<string, string>> | undefined;
  readonly knows?: readonly string[] | undefined;
  /** Labels that mean something else than every class. */
  readonly others?: readonly string[] | undefined;
  readonly uncertain: ByClass<UncertainPolicy>;
  readonly blank: ByClass<BlankPolicy>;
}

export interface ClassMapping {
  /** [labels] The column of the class that a label means; -1 for a label that is not used. */
  readonly columns: readonly number[];
  /** [K] the classes that the source has labels of; the others are absent on all its images. */
  readonly known: readonly boolean[];
  /** [K] the known classes that have no label of their own and follow from those below them, where classes are a tree. */
  readonly follows?: readonly boolean[];
}

/**
 * The class that each label of a source means. A label with the name of a class needs no line in `mapping`. Labels and classes
 * meet in canonical form (labels/wording.ts): "1.0" is the class 1.
 *
 * @param refuse called for an unknown label or class, with the nearest known name; and for a label that no class takes and that is
 *   nearly called like one, which would make a negative of what may well be a positive
 * @param parents the class above each class, where classes are a tree
 */
export function mapLabels(
  labelNames: readonly string[],
  classes: readonly string[],
  { mapping = {}, knows, others = [] }: Pick<LabelRules, "mapping" | "knows" | "others">,
  refuse: Refuse,
  parents?: Parents,
): ClassMapping {
  const labelAt = placeOf(labelNames);
  const classAt = placeOf(classes);
  const mapped = Object.keys(mapping);
  const targets = mapped.map((label) => classes.indexOf(mapping[label] ?? ""));
  const mappedAt = placeOf(mapped);
  const isOther = placeOf(others);
  const columns = labelNames.map((label) => {
    const line = mappedAt(label);
    if (line >= 0) return targets[line];
    return isOther(label) >= 0 ? -1 : classAt(label);
  });
  refuseNearLabels(labelNames, columns, { classes, mapping, others }, refuse);
  for (const label of mapped) {
    if (labelAt(label) < 0) {
      refuse(
        ["mapping", label],
        `maps a label that this source does not have; ${listLabels(labelNames)}${suggestion(label, labelNames)}`,
      );
    }
  }
  for (const [i, name] of (knows ?? []).entries()) {
    const k = classes.indexOf(name);
    const isMeant = (column: number): boolean =>
      column === k || (parents !== undefined && column >= 0 && ancestorsOf(parents, column).includes(k));
    if (!columns.some(isMeant)) {
      refuse(
        ["knows", i],
        `names "${name}", but no label of this source means it: name the one that does under mapping; ` +
          `${listLabels(labelNames)}${suggestion(name, labelNames)}`,
      );
    }
  }
  return { columns, known: classes.map((name, k) => knows?.includes(name) ?? columns.includes(k)) };
}

/** What may stand between two labels of one cell that was taken for one word. */
const joints = /[,;|/+&]/u;

function refuseNearLabels(
  labelNames: readonly string[],
  columns: readonly number[],
  of: Required<Pick<LabelRules, "mapping" | "others">> & { readonly classes: readonly string[] },
  refuse: Refuse,
): void {
  const { classes, mapping = {}, others = [] } = of;
  const nearClass = nearMatches(classes);
  const nearMapped = nearMatches(Object.keys(mapping));
  const isOther = placeOf(others);
  const isMeant = placeOf([...classes, ...Object.keys(mapping)]);
  const nearMeant = nearMatches([...classes, ...Object.keys(mapping)]);
  for (const [at, label] of labelNames.entries()) {
    if (columns[at] >= 0 || isOther(label) >= 0) continue;
    const own = inManifest(label);
    const piece = label
      .split(joints)
      .slice(label.search(joints) < 0 ? 1 : 0)
      .find((each) => isMeant(each) >= 0 || nearMeant(each) !== undefined);
    if (piece !== undefined) {
      refuse(
        [],
        `has the label ${visible(label)}, of which ${visible(canonicalName(piece))} is a name that the manifest gives a meaning: if ` +
          "these are several labels, name the text between them under separator; write " +
          `mapping: {${own}: ...} if it means one class, or others: [${own}] if it means none`,
      );
    }
    const className = nearClass(label);
    const meant = className ?? nearMapped(label);
    if (meant === undefined) continue;
    const what = className === undefined ? "the label" : "the class";
    refuse(
      [],
      `has the label ${visible(label)}, which is nearly ${what} ${visible(meant)}: write ` +
        `mapping: {${own}: ${inManifest(className ?? mapping[meant])}} if it means the same, or others: [${own}] if it does not`,
    );
  }
}

/**
 * The source's label of each class: positive where any of its labels is, else uncertain where any is, else unknown, else
 * blank, else the greatest probability that it gives, else negative. A class is blank beside a probability: the label of which
 * nothing is said may be the one that the image shows.
 *
 * @param told [records, labels] raw labels
 * @returns [records, K] raw labels; blank for classes that the source does not know
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

/** The order of labels of one class: the strongest counts. */
function strength(code: number): number {
  const rank = strongestLast.indexOf(code);
  if (rank >= 0) return mostStates + rank;
  return isSoft(code) ? code : -1;
}
const mostStates = 256;
const strongestLast: readonly number[] = [
  rawLabel.blank,
  rawLabel.unknown,
  rawLabel.uncertain,
  rawLabel.positive,
];

/**
 * Label states from the source's label of each class. A probability that the source gives is the soft label of it.
 *
 * @param combined [records, K] raw labels
 * @returns [records, K] label states; absent for every class that the source does not know or has no label of its own of, and
 *   for `unknown`
 */
export function settle(
  combined: Uint8Array,
  classes: readonly string[],
  { known, follows = [] }: Pick<ClassMapping, "known" | "follows">,
  { uncertain, blank }: Pick<LabelRules, "uncertain" | "blank">,
): Uint8Array {
  const tables = classes.map((name, k) => {
    const table = new Uint8Array(256).fill(absent);
    // No cell of a class that follows from others is blank: it has none.
    if (!known[k] || follows[k]) return table;
    for (let state = firstSoft; state <= lastSoft; state++) table[state] = state;
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

/** The setting of a class, where it is one for all classes or one for each; undefined for a class that is left out. */
export function forClass<Value extends string | number>(
  setting: ByClass<Value>,
  name: string,
): Value | undefined {
  if (typeof setting !== "object") return setting;
  return Object.hasOwn(setting, name) ? setting[name] : undefined;
}

/** At most a dozen names, for messages. */
export function listLabels(labelNames: readonly string[], what = "its labels"): string {
  const more = labelNames.length > 12 ? ` and ${labelNames.length - 12} more` : "";
  return `${what} are ${labelNames.slice(0, 12).join(", ")}${more}`;
}

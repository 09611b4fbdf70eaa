// What labels say of the classes above and below their own. A source labels at its own depth: what follows with certainty at the
// others is filled in here, once for all who read labels; where a source contradicts the tree, nothing follows.
import {
  ancestorsOf,
  childrenFirst,
  childrenOf,
  grownKnowledge,
  type Parents,
} from "../../labels/class-tree.ts";
import { absent, negative, positive } from "../../labels/states.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ClassMapping } from "./mapping.ts";
import type { Remark } from "./remarks.ts";

/**
 * A mapping with a tree: an entry that `knows` a class of which no label of its own is has its labels by the classes below it.
 * Where it knows some of these, too, the class follows from them; where it knows none, their labels are taken for labels of it.
 * In a list of what an image shows, they are so beside the class's own label, too, which nobody says where one below it is named.
 *
 * @param mapping with the columns of all labels, whether the entry knows their classes or not
 * @param listed whether the source lists what it finds
 */
export function mapThroughTree(
  mapping: ClassMapping,
  parents: Parents | undefined,
  listed: boolean,
): ClassMapping {
  if (parents === undefined) return mapping;
  const { columns, known } = mapping;
  const above = parents.map((_, k) => ancestorsOf(parents, k));
  const isLabelled = parents.map((_, k) => columns.includes(k));
  const isDerived = parents.map((_, k) => known[k] && !isLabelled[k]);
  const knowsBelow = (k: number): boolean => parents.some((_, c) => known[c] && above[c].includes(k));
  const byItself = parents.map((_, k) => (isDerived[k] || (listed && known[k])) && !knowsBelow(k));
  return {
    columns: columns.map((k) => (k < 0 || known[k] ? k : (above[k].find((a) => byItself[a]) ?? k))),
    known,
    follows: isDerived.map((derived, k) => derived && !byItself[k]),
  };
}

/** The classes that an entry has labels of, be it only by those above or below them. */
export function knownOf({ known }: ClassMapping, parents: Parents | undefined): readonly boolean[] {
  return parents === undefined ? known : grownKnowledge(known, parents);
}

/**
 * What is to be told of classes whose labels are those of classes below them: where these are not all that there is of it, an
 * image without any of them may show another. Undefined where they are all.
 */
export function standInRemark(
  source: string,
  { columns }: Pick<ClassMapping, "columns">,
  mapped: Pick<ClassMapping, "columns">,
  classes: readonly string[],
  parents: Parents,
): Remark | undefined {
  const children = childrenOf(parents);
  const isCovered = (k: number): boolean =>
    columns.includes(k) || (children[k].length > 0 && children[k].every(isCovered));
  const cases = classes.flatMap((name, k) => {
    const labels = classes.filter(
      (_, c) => c !== k && columns.some((from, at) => from === c && mapped.columns[at] === k),
    );
    const open = classes.filter((_, c) => parents[c] === k && !isCovered(c));
    if (columns.includes(k) || labels.length === 0 || open.length === 0) return [];
    const example = `labels of ${labels.join(", ")}, and none of ${open.join(", ")}`;
    return [{ name, count: labels.length, example }];
  });
  const [first] = cases;
  if (first === undefined) return undefined;
  const more = cases.length === 1 ? "" : `, and ${cases.length - 1} more classes like it`;
  return {
    kind: "guess",
    source,
    sentence:
      `"${source}" has no label of ${first.name}, and for it ${first.example}${more}: images on which all of these are negative ` +
      "are taken for negative there and for all below it.",
    cases,
  };
}

/** A pair of classes whose labels on one image cannot both be right. */
interface Contradiction {
  readonly row: number;
  /** Not there, as the source says, and above one that is; or there, and none of its children is. */
  readonly above: number;
  /** The class below; undefined where all children are meant. */
  readonly below: number | undefined;
}

/** A tree as the labels of one image are worked on: for each class those above it, the nearest first, and those below it. */
interface Relatives {
  readonly above: readonly (readonly number[])[];
  readonly below: readonly (readonly number[])[];
  readonly children: readonly (readonly number[])[];
  /** Every class behind those below it. */
  readonly upwards: readonly number[];
}

/**
 * Fills in, on every image, what follows from its labels: all below a negative class is negative, all above a positive one is
 * positive; a class that `follows` is negative where all its children are. Below a positive class nothing follows. Labels that
 * a source gives are never changed, soft ones neither follow nor let anything follow, and from labels that contradict each
 * other nothing does. What a source does not list, or leaves blank, is negative only by the way it is read: it is positive
 * where a class below it is, and absent below a class that is listed without any that is below it.
 *
 * @param states [records, K], changed in place
 * @param combined [records, K] raw labels behind the states
 * @param listed whether the source lists what it finds, so that its negatives are what it does not list
 * @param told [records, K] raw labels, those of classes that the entry does not know among them
 */
export function followTree(
  states: Uint8Array,
  combined: Uint8Array,
  listed: boolean,
  { follows = [] }: Pick<ClassMapping, "follows">,
  parents: Parents,
  told?: Uint8Array,
): readonly Contradiction[] {
  const width = parents.length;
  const above = parents.map((_, k) => ancestorsOf(parents, k));
  const below = parents.map((_, k) => [...parents.keys()].filter((c) => above[c].includes(k)));
  const tree = { above, below, children: childrenOf(parents), upwards: childrenFirst(parents) };
  const found: Contradiction[] = [];
  for (let at = 0; at < states.length; at += width) {
    const row = states.subarray(at, at + width);
    // The source names it, be it a class that the entry does not know.
    const isNamed = (k: number): boolean => row[k] === positive || told?.[at + k] === rawLabel.positive;
    const isRead = (k: number): boolean =>
      row[k] === negative &&
      (combined[at + k] === rawLabel.blank || (listed && combined[at + k] === rawLabel.negative));
    makeRoom(row, { isRead, isNamed }, tree);
    found.push(...followRow(row, follows, tree).map((each) => ({ row: at / width, ...each })));
  }
  return found;
}

/** Takes out what is negative only by the way a source is read, where a label that it gives leaves it open. */
function makeRoom(
  row: Uint8Array,
  { isRead, isNamed }: Readonly<Record<"isRead" | "isNamed", (k: number) => boolean>>,
  { above, below }: Relatives,
): void {
  const shows = (k: number): boolean => row[k] === positive;
  const open = [...row.keys()].filter(isRead).filter((k) => {
    if (below[k].some(isNamed)) return true;
    // Classes between that nobody speaks of, or that make room themselves, do not part it from the class that is listed.
    const speaking = above[k].find((a) => shows(a) || (row[a] === negative && !isRead(a)));
    return speaking !== undefined && shows(speaking) && !below[speaking].some(isNamed);
  });
  for (const k of open) row[k] = absent;
}

/** Fills in what follows on one image. @returns what contradicts, from which nothing does */
function followRow(
  row: Uint8Array,
  follows: readonly boolean[],
  { above, below, children, upwards }: Relatives,
): Omit<Contradiction, "row">[] {
  const found: Omit<Contradiction, "row">[] = [];
  const isDoubted = new Uint8Array(row.length);
  const doubt = (head: number, others: readonly number[], one: number | undefined): void => {
    for (const k of [head, ...others]) isDoubted[k] = 1;
    found.push({ above: head, below: one });
  };
  const isEmpty = (k: number): boolean =>
    children[k].length > 0 && children[k].every((c) => row[c] === negative);
  for (const k of row.keys()) {
    if (row[k] === negative) for (const c of below[k].filter((c) => row[c] === positive)) doubt(k, [c], c);
    if (row[k] === positive && isEmpty(k)) doubt(k, children[k], undefined);
  }
  const given = row.slice();
  for (const k of upwards) {
    if (follows[k] && row[k] === absent && isEmpty(k) && children[k].every((c) => isDoubted[c] === 0))
      row[k] = negative;
  }
  // A class may be empty by what follows alone.
  for (const k of row.keys()) {
    if (given[k] !== positive || !isEmpty(k) || children[k].every((c) => given[c] === negative)) continue;
    doubt(k, children[k], undefined);
    for (const c of children[k]) row[c] = given[c];
  }
  const isCertain = (k: number, state: number): boolean => given[k] === state && isDoubted[k] === 0;
  for (const k of row.keys()) {
    if (row[k] !== absent) continue;
    if (below[k].some((c) => isCertain(c, positive))) row[k] = positive;
    else if (above[k].some((a) => isCertain(a, negative))) row[k] = negative;
  }
  return found;
}

/** What `inspect` and `train` tell of the contradictions of an entry; undefined where there are none. */
export function treeRemark(
  source: string,
  found: readonly Contradiction[],
  classes: readonly string[],
  idOf: (row: number) => string,
): Remark | undefined {
  const [first] = found;
  if (first === undefined) return undefined;
  const nameOf = ({ above, below }: Contradiction): string =>
    below === undefined
      ? `${classes[above]}, and none of the classes below it`
      : `${classes[below]}, and not ${classes[above]}, which is above it`;
  const cases = new Map<string, { name: string; count: number; example: string }>();
  for (const each of found) {
    const name = nameOf(each);
    const known = cases.get(name) ?? { name, count: 0, example: idOf(each.row) };
    known.count++;
    cases.set(name, known);
  }
  const images = new Set(found.map(({ row }) => row)).size;
  const count = images === 1 ? "1 image" : `${images} images`;
  return {
    kind: "contradicts-tree",
    source,
    sentence:
      `Labels of "${source}" contradict the tree of the classes on ${count}, as on ${idOf(first.row)}: ${nameOf(first)}. ` +
      "They stay as they are given, and nothing follows from them.",
    cases: [...cases.values()],
  };
}

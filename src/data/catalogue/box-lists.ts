// The boxes of an entry: a table with a row for each box, whose images and words are matched with those of the source.
import { counted } from "../../errors/counted.ts";
import type { DataError } from "../../errors/data-errors.ts";
import { nearest } from "../../errors/nearest.ts";
import { brief, requireColumns, rowError, type Table } from "../../files/csv.ts";
import { isMissing, placeOf, visible } from "../../labels/wording.ts";
import { locateTable } from "../formats/table-rows.ts";
import type { BoxTable } from "../manifest/box-fields.ts";
import type { ListContext, Listing } from "./listing.ts";
import type { ClassMapping, Refuse } from "./mapping.ts";
import { nameOnList } from "./name-on-list.ts";

/** A box around something on an image, in pixels of the picture that it was drawn on. */
export interface GivenBox {
  /** Number of the class. */
  readonly k: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The size of that picture; undefined for the image file's own. */
  readonly size: BoxTable["size"];
  /** Makes an error about the row. */
  readonly complain: (reason: string) => DataError;
}

/** Words and images that are named in a sentence; all are counted. */
const shown = 6;
/** What was rounded may lie this far outside. */
const tolerance = 1;

/**
 * @param mapping from labels of the source to classes, by which words of the table are understood, too
 * @returns by record of the listing
 * @throws DataError, unless bad records are left out, for a box that is none or lies outside of `size`
 */
export async function readBoxes(
  boxes: BoxTable,
  { records, labelNames }: Listing,
  mapping: ClassMapping,
  context: ListContext,
  refuse: Refuse,
): Promise<ReadonlyMap<number, readonly GivenBox[]>> {
  const table = await locateTable(boxes.table, context);
  const { what, edges, size } = boxes;
  requireColumns(table, [boxes.image, ...("column" in what ? [what.column] : []), ...edges.columns]);
  const find = finder(records.map(({ id }) => id));
  const classOf = understood(boxes, { labelNames, mapping, classes: context.classes });
  const found = new Map<number, GivenBox[]>();
  const strangers = new Map<string, number>();
  const words = new Map<string, number>();
  for (const [row, { cells }] of table.rows.entries()) {
    const complain = (reason: string): DataError => rowError(table, row, reason);
    const image = cells[boxes.image];
    if (isMissing(image)) {
      context.bad(complain("names no image"));
      continue;
    }
    const index = find(image);
    if (index === undefined) {
      strangers.set(image, (strangers.get(image) ?? 0) + 1);
      continue;
    }
    if (Array.isArray(index)) {
      const [a, b] = index.map((at) => JSON.stringify(records[at].id));
      context.bad(
        complain(`names ${brief(image)}, which may be ${a} or ${b}: write images' names with their folders`),
      );
      continue;
    }
    // Tables of findings have rows for images without any.
    if (edges.columns.every((column) => isMissing(cells[column]))) continue;
    const word = "column" in what ? cells[what.column] : what.class;
    const k = classOf(word);
    if (k < 0) {
      words.set(word, (words.get(word) ?? 0) + 1);
      continue;
    }
    const box = readBox(cells, boxes, complain);
    if ("fault" in box) context.bad(box.fault);
    else found.set(index, [...(found.get(index) ?? []), { ...box, k, size, complain }]);
  }
  if (found.size === 0) refuse(["boxes"], whyNone(table, records[0].id, strangers, words));
  // Labels of the source that the manifest does not use are told of nowhere else either.
  const isUnused = placeOf([...labelNames, ...(context.others ?? [])]);
  tell({ strangers, words: new Map([...words].filter(([word]) => isUnused(word) < 0)) }, context);
  return found;
}

/** By a name: a record, several that it may be, or none. */
function finder(ids: readonly string[]): (name: string) => number | number[] | undefined {
  const last = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
  const bare = (name: string): string => last(name).replace(/\.[a-z0-9]{1,5}$/iu, "");
  const forms = [(name: string) => name, last, bare];
  const rows = forms.map((form) => {
    const byName = new Map<string, number[]>();
    for (const [row, id] of ids.entries()) {
      const key = form(nameOnList(id));
      byName.set(key, [...(byName.get(key) ?? []), row]);
    }
    return byName;
  });
  return (name) => {
    const key = nameOnList(name);
    // A name with a folder is no other folder's image.
    const able = key.includes("/") ? rows.slice(0, 1) : rows;
    const found = able.map((byName) => byName.get(key)).find((some) => some !== undefined);
    return found?.length === 1 ? found[0] : found;
  };
}

/** The class of a word: as the boxes' own mapping says, as a label of the source, or by the class's name; -1 for none. */
function understood(
  { mapping: own = {} }: BoxTable,
  source: {
    readonly labelNames: readonly string[];
    readonly mapping: ClassMapping;
    readonly classes: readonly string[];
  },
): (word: string) => number {
  const mapped = Object.keys(own);
  const places = [mapped, source.labelNames, source.classes].map(placeOf);
  return (word) => {
    const [line, label, k] = places.map((place) => place(word));
    if (line >= 0) return source.classes.indexOf(own[mapped[line]]);
    return label >= 0 ? source.mapping.columns[label] : k;
  };
}

type ReadBox = Pick<GivenBox, "left" | "top" | "width" | "height">;

function readBox(
  cells: Readonly<Record<string, string>>,
  { edges: { kind, columns }, size }: BoxTable,
  complain: GivenBox["complain"],
): ReadBox | { readonly fault: DataError } {
  const odd = columns.find((column) => isMissing(cells[column]) || !Number.isFinite(Number(cells[column])));
  if (odd !== undefined) return { fault: complain(`${odd} is ${brief(cells[odd])}, which is no number`) };
  const [left, top, third, fourth] = columns.map((column) => Number(cells[column]));
  const [width, height] = kind === "box" ? [third, fourth] : [third - left, fourth - top];
  const box = { left, top, width, height };
  const why = whyNoBox(box) ?? (size && whyOutsideOf(box, size));
  return why === undefined ? box : { fault: complain(why) };
}

const whyNoBox = ({ width, height }: ReadBox): string | undefined =>
  width > 0 && height > 0
    ? undefined
    : `its box is ${width} wide and ${height} high, and both must be above 0`;

/** Why a box does not lie on a picture of a size; undefined where it does. */
export function whyOutsideOf(
  { left, top, width, height }: ReadBox,
  size: { readonly height: number; readonly width: number },
): string | undefined {
  const isInside =
    left >= -tolerance &&
    top >= -tolerance &&
    left + width <= size.width + tolerance &&
    top + height <= size.height + tolerance;
  if (isInside) return undefined;
  const rounded = [left, top, left + width, top + height].map((value) => Number(value.toFixed(1)));
  return (
    `its box reaches from (${rounded[0]}, ${rounded[1]}) to (${rounded[2]}, ${rounded[3]}), out of a picture of ${size.width} x ` +
    `${size.height} (width x height): boxes are in pixels of the picture that they were drawn on, whose size the field size of boxes says`
  );
}

const listOf = (counts: ReadonlyMap<string, number>): string => {
  const all = [...counts];
  const few = all.slice(0, shown).map(([name, count]) => `${visible(name)} ${count.toLocaleString("en")}`);
  return `${few.join(", ")}${all.length > few.length ? ` and ${all.length - few.length} more` : ""}`;
};

function whyNone(
  { file }: Table,
  example: string,
  strangers: ReadonlyMap<string, number>,
  words: ReadonlyMap<string, number>,
): string {
  if (words.size > 0) {
    return `have no word of a class: ${file} has ${listOf(words)}; say under mapping of boxes which class each means`;
  }
  const [other] = strangers.keys();
  return (
    `have none on an image of this source, such as ${visible(example)}` +
    (other === undefined ? `: ${file} has no box` : `; ${file} names others, such as ${visible(other)}`)
  );
}

function tell(
  {
    strangers,
    words,
  }: { readonly strangers: ReadonlyMap<string, number>; readonly words: ReadonlyMap<string, number> },
  { entry, remark, classes }: ListContext,
): void {
  const casesOf = (counts: ReadonlyMap<string, number>): { name: string; count: number }[] =>
    [...counts].map(([name, count]) => ({ name, count }));
  if (words.size > 0) {
    const near = [...words.keys()].map((word) => nearest(word, classes)).find((name) => name !== undefined);
    remark({
      kind: "words-without-class",
      sentence:
        `The boxes of ${visible(entry)} have words that no class takes, and are left out: ${listOf(words)}` +
        `${near === undefined ? "" : ` (did you mean ${visible(near)}?)`}. Name them under mapping of boxes if they mean a class.`,
      cases: casesOf(words),
    });
  }
  if (strangers.size === 0) return;
  remark({
    kind: "unmatched-list",
    sentence:
      `The boxes of ${visible(entry)} name ${counted(strangers.size, "image")} that it does not have, such as ` +
      `${visible([...strangers.keys()][0])}.`,
    cases: casesOf(strangers),
  });
}

// The lists of COVIDx, COVIDx-CT and their relatives, parted by blanks: what a line holds, and which kind of list it is, decided
// by all of its lines.
import { suggestion } from "../../errors/nearest.ts";
import { DataError } from "../../errors/data-errors.ts";
import { readText } from "../../files/bytes.ts";
import { brief } from "../../files/csv.ts";
import type { Table, TableRow } from "../../files/csv.ts";
import { canonicalWord, isMissing } from "../../labels/wording.ts";
import { isImageName } from "../images/image-names.ts";

/** Over twice the lists that exist, and their lines. */
const most = { bytes: 2 ** 26, lines: 1_000_000, line: 10_000 };

/** What the words of a line are, in their order. */
const layouts = {
  /** X-rays: a line is read from its end, because the patient's id may hold blanks; older lists have no source. */
  radiograph: {
    columns: ["patientid", "filename", "class", "source"],
    form: '"patientid filename class source"',
  },
  /** Slices of CT scans, with the body's box. */
  slice: {
    columns: ["filename", "class", "xmin", "ymin", "xmax", "ymax"],
    form: '"filename class xmin ymin xmax ymax"',
  },
} as const satisfies Record<string, { readonly columns: readonly string[]; readonly form: string }>;
type LayoutName = keyof typeof layouts;

/** The classes of a kind of list, in the lists' own words. */
interface Kind {
  readonly words: readonly string[];
  readonly layout: LayoutName;
}

const kinds = {
  /** Does an image show the disease? */
  binary: { words: ["positive", "negative"], layout: "radiograph" },
  /** Which of three states does it show? */
  threefold: { words: ["normal", "pneumonia", "COVID-19"], layout: "radiograph" },
  /** How much of the lung is opaque? */
  severity: { words: ["Mild", "Moderate", "Severe"], layout: "radiograph" },
  /** How typical of the disease does it look? */
  appearance: { words: ["Typical", "Indeterminate", "Atypical", "Negative"], layout: "radiograph" },
  /** The three states of a CT slice, by number. */
  slice: { words: ["0", "1", "2"], layout: "slice" },
} as const satisfies Record<string, Kind>;
export type KindName = keyof typeof kinds;

/** What a line holds: the cells of a layout, or what is wrong with it, or words that are of no layout. */
type Content =
  | { readonly layout: LayoutName; readonly cells: Readonly<Record<string, string>> }
  | { readonly fault: string; readonly words: readonly string[] }
  | { readonly words: readonly string[] };
type Line = Pick<TableRow, "record" | "line"> & Content;

/** Its rows are every line that is not empty and no header; one of no known form has empty cells, pieces and a fault. */
export interface CovidList extends Table {
  readonly kind: KindName;
  /** Of the kind of list. */
  readonly words: readonly string[];
  /** The class of each row: an index of `words`, or -1 where the word says nothing, or the line is faulty. */
  readonly classes: readonly number[];
  /** Words of another kind of list that has all the classes that occur here, too. */
  readonly alternative: readonly string[] | undefined;
}

/**
 * The kind is the one whose words most lines have, so that a bad line turns nothing; all other lines are faulty.
 * @throws DataError for a text of no line, or over the limits
 */
export async function readCovidList(file: string): Promise<CovidList> {
  const lines = linesIn(file, await readText(file, { most: most.bytes }));
  if (lines.length === 0) throw new DataError(file, "is empty; it should list an image a line");
  const names = Object.keys(kinds) as KindName[];
  const counts = names.map((name) => lines.filter((line) => indexIn(kinds[name], line) >= 0).length);
  const best = Math.max(...counts);
  const [found, other] = names.filter((_, i) => best > 0 && counts[i] === best);
  const layout = found === undefined ? likelierLayout(lines) : kinds[found].layout;
  const kind = found ?? names.find((name) => kinds[name].layout === layout) ?? "binary";

  const { columns, form } = layouts[layout];
  // Where no line has a class that is known, nobody knows which kind of list it is.
  const words: readonly string[] =
    found === undefined
      ? [...new Set(names.flatMap((name) => (kinds[name].layout === layout ? kinds[name].words : [])))]
      : kinds[found].words;
  const forms = found === undefined ? Object.values(layouts).map((each) => each.form) : [form];
  const nothing = Object.fromEntries(columns.map((column) => [column, ""]));
  const faultOf = (line: Line): string | undefined => {
    if ("fault" in line) return line.fault;
    if ("words" in line) {
      return `is not ${forms.join(", nor ")}, with an image's file name: ${brief(line.words.join(" "))}`;
    }
    if (line.layout !== layout) return `is not ${form}, as other lines are: ${brief(textOf(line.cells))}`;
    const word = line.cells["class"];
    return indexIn(kinds[kind], line) >= 0 || isMissing(word) ? undefined : wrongClass(word, words);
  };
  const rows = lines.map((line): TableRow => {
    const fault = faultOf(line);
    return {
      ...{ record: line.record, line: line.line },
      cells: "layout" in line && line.layout === layout ? line.cells : nothing,
      ...("words" in line ? { pieces: line.words } : {}),
      ...("layout" in line && line.layout !== layout ? { pieces: Object.values(line.cells) } : {}),
      ...(fault === undefined
        ? {}
        : { fault: new DataError(file, `line ${line.line}: ${fault}`, { record: line.record }) }),
    };
  });
  const classes = lines.map((line) => indexIn(kinds[kind], line));
  const alternative = other === undefined ? undefined : kinds[other].words;
  return { file, kind, words: kinds[kind].words, columns, rows, faults: [], classes, alternative };
}

/** Which class of a kind of list a line has; -1 for none of them. Capitals mean nothing. */
function indexIn({ words, layout }: Kind, line: Line): number {
  if (!("layout" in line) || line.layout !== layout) return -1;
  const own = canonicalWord(line.cells["class"]).toLowerCase();
  return words.findIndex((word) => word.toLowerCase() === own);
}

function wrongClass(word: string, words: readonly string[]): string {
  return `the class is ${brief(word)}; in this list it is one of ${words.join(", ")}${suggestion(word, words)}`;
}

/** The layout of a list in which no class is known. */
function likelierLayout(lines: readonly Line[]): LayoutName {
  const count = (layout: LayoutName): number =>
    lines.filter((line) => "layout" in line && line.layout === layout).length;
  return count("slice") > count("radiograph") ? "slice" : "radiograph";
}

function textOf(cells: Readonly<Record<string, string>>): string {
  return Object.values(cells)
    .filter((cell) => cell !== "")
    .join(" ");
}

function linesIn(file: string, text: string): Line[] {
  const lines: Line[] = [];
  let line = 0;
  for (const content of eachLine(text)) {
    line++;
    const words = content.split(/\s+/u).filter((word) => word !== "");
    if (words.length === 0 || (lines.length === 0 && isHeader(words))) continue;
    if (lines.length >= most.lines) throw new DataError(file, `has over ${most.lines} lines`);
    const place = { record: lines.length, line };
    if (content.length > most.line) {
      lines.push({ ...place, fault: `is longer than ${most.line} characters`, words: words.slice(0, 100) });
    } else lines.push({ ...place, ...readLine(words) });
  }
  return lines;
}

/** File names hold no blanks in any published list, and end in .png, .jpg or .jpeg. */
function readLine(words: readonly string[]): Content {
  const [first, number, ...box] = words;
  if (isImageName(first) && (words.length === 2 || words.length === 6)) {
    const wrong = box.find((side) => !/^\d{1,6}$/u.test(side));
    if (wrong !== undefined)
      return { fault: `has ${brief(wrong)} in its box, which is no whole number`, words };
    const [xmin = "", ymin = "", xmax = "", ymax = ""] = box;
    return { layout: "slice", cells: { filename: first, class: number, xmin, ymin, xmax, ymax } };
  }
  const at = [words.length - 3, words.length - 2].find((place) => place >= 1 && isImageName(words[place]));
  if (at === undefined) return { words };
  const [filename, word, source = ""] = words.slice(at);
  return {
    layout: "radiograph",
    cells: { patientid: words.slice(0, at).join(" "), filename, class: word, source },
  };
}

/** Whether a line names columns: of the file and of the class, and none that is a file. */
function isHeader(words: readonly string[]): boolean {
  const names = words.map((word) => word.toLowerCase().replace(/[^a-z]/gu, ""));
  return (
    !words.some(isImageName) &&
    names.some((name) => ["filename", "file", "image", "imagename", "img"].includes(name)) &&
    names.some((name) => ["class", "label", "finding", "severity"].includes(name))
  );
}

/** One at a time: an array of all lines of a damaged file could take more memory than the file many times over. */
function* eachLine(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    yield text.slice(start, end);
    start = end + 1;
  }
}

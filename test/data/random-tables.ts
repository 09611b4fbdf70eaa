// Random label tables, and what each says of every image: worked out row by row in the plainest way, with nothing of what is
// tested. A table is kept as its rows were meant, so that no parser is needed to know what a damaged line was about.
import { randomStream } from "../../src/data/random-stream.ts";
import type { Random } from "../../src/data/random-stream.ts";

export const classes = ["Lump", "Fluid", "hernia"];
const labels = ["mass", "effusion", "hernia", "nodule"];
const policies = [undefined, undefined, "any", "all", "majority", "mean", "uncertain"] as const;
const missing = ["", "nan", "None", "N/A", "?"];

/**
 * What is wrong with a line: a cell too few or too many, a quote inside a cell or never closed, a mark that is none, its image
 * in no folder; and, so that nobody knows the image: no name, or a first cell that is lost.
 */
const damages = ["few", "many", "quote", "open", "mark", "outside", "nameless", "headless"] as const;

export interface Row {
  readonly image: string;
  readonly patient: string;
  readonly cells: readonly string[];
  readonly damage?: (typeof damages)[number];
}

export interface RandomTable {
  readonly rows: readonly Row[];
  readonly kind: "words" | "columns";
  readonly columns: readonly string[];
  readonly repeated?: (typeof policies)[number];
  readonly mapping: Readonly<Record<string, string>>;
  readonly knows?: readonly string[];
  readonly words?: readonly string[];
  readonly unlabelled: boolean;
  readonly probabilities: boolean;
  readonly uncertain: string | number;
  readonly blank: "absent" | "negative";
}

export function randomTable(seed: number): RandomTable {
  const random = randomStream(seed, "table");
  const one = <Item>(items: readonly Item[]): Item => items[random.below(items.length)];
  const chance = (share: number): boolean => random.uniform() < share;
  const some = <Item>(items: readonly Item[], share: number): Item[] => items.filter(() => chance(share));

  const kind = one(["words", "columns"] as const);
  const columns = kind === "words" ? ["finding"] : ["mass", ...some(labels.slice(1), 0.7)];
  const speakers = kind === "words" ? labels : columns;
  const targets = { mass: "Lump", effusion: "Fluid", nodule: "Lump" };
  const mapping = Object.fromEntries(
    some(Object.entries(targets), 0.7).filter(([label]) => speakers.includes(label)),
  );
  const reached = classes.filter(
    (name) => Object.values(mapping).includes(name) || (name === "hernia" && speakers.includes(name)),
  );
  const knows = some(reached, 0.7);
  const options = {
    ...{ kind, columns, mapping },
    repeated: one(policies),
    ...(knows.length > 0 && chance(0.5) ? { knows } : {}),
    ...(kind === "words" && chance(0.4) ? { words: labels } : {}),
    unlabelled: kind === "words" && chance(0.5),
    probabilities: kind === "columns" && chance(0.5),
    uncertain: one(["absent", "positive", "negative", 0.6]),
    blank: one(["absent", "absent", "negative"] as const),
  };
  const damaged = one([0, 0, 0.1, 0.3]);
  const agreeing = chance(0.5);
  const images = Array.from({ length: 1 + random.below(6) }, (_, i) => `i${i}.png`);
  const first = new Map<string, Row>();
  const rows = Array.from({ length: images.length + random.below(5) }, (_, at): Row => {
    const image = images[at] ?? one(images);
    const patient = chance(0.9) ? `p${images.indexOf(image)}` : one([...missing, "p9"]);
    const cells = columns.map(() => randomCell(options, random));
    const row = { image, patient, cells };
    const before = first.get(image) ?? row;
    first.set(image, before);
    const damage = chance(damaged) ? one(damages) : undefined;
    if (damage === undefined) return agreeing ? { ...row, cells: before.cells } : row;
    if (damage !== "mark") return { ...row, damage };
    const mark =
      kind === "columns" ? "maybe" : options.words ? "wrod" : options.unlabelled ? "todo|mass" : "";
    return mark === "" ? row : { ...row, cells: [mark, ...cells.slice(1)], damage };
  });
  return { ...options, rows };
}

function randomCell(
  { kind, probabilities }: Pick<RandomTable, "kind" | "probabilities">,
  random: Random,
): string {
  const one = <Item>(items: readonly Item[]): Item => items[random.below(items.length)];
  if (random.uniform() < 0.15) return one(missing);
  if (kind === "columns") {
    return one(["1", "1.0", "yes", "0", "0.0", "no", "-1", "u", ...(probabilities ? ["0.25", ".75"] : [])]);
  }
  return one([...labels, ...labels, "mass|effusion", "hernia|nodule", "mass|nan", "todo", "?|"]);
}

/** The table as a file. */
export function textOf({ rows, columns }: RandomTable): string {
  const lines = rows.map(({ image, patient, cells, damage }) => {
    const whole = [image, patient, ...cells];
    const last = cells.at(-1) ?? "";
    switch (damage) {
      case "few":
        return whole.slice(0, -1).join(",");
      case "many":
        return [...whole, "1"].join(",");
      case "quote":
        return [...whole.slice(0, -1), `${last}x"x`].join(",");
      case "open":
        return [...whole.slice(0, -1), `"${last}x`].join(",");
      case "outside":
        return [`../elsewhere/${image}`, patient, ...cells].join(",");
      case "nameless":
        return ["nan", patient, ...cells].join(",");
      case "headless":
        return whole.slice(1).join(",");
      default:
        return whole.join(",");
    }
  });
  return [["image", "who", ...columns].join(","), ...lines, ""].join("\n");
}

/** The fields of its source in a manifest. */
export function entryOf(table: RandomTable, name: string, file: string): string {
  const { kind, columns, repeated, mapping, knows, words, unlabelled, probabilities, uncertain, blank } =
    table;
  const fields = {
    ...{ name, format: "table", table: file, image: "image", patient: "who", mapping, uncertain, blank },
    ...(kind === "words" ? { label: "finding", separator: "|" } : { columns }),
    ...(repeated === undefined ? {} : { repeated }),
    ...(knows === undefined ? {} : { knows }),
    ...(words === undefined ? {} : { words }),
    ...(unlabelled ? { unlabelled: ["todo"] } : {}),
    ...(probabilities ? { probabilities } : {}),
  };
  return JSON.stringify(fields);
}

/** What a row says of a label; a number is a probability. */
export type Said = "yes" | "no" | "maybe" | "nobody looked" | "" | number;

/** An image's states, in the order of the classes: 0, 1, 100 to 200, or "absent". */
export type States = readonly (number | "absent")[];

/**
 * What the table states of each image, by name. Images of which one row is bad are not there.
 * @returns undefined where listing must end in an error
 */
export function statedBy(table: RandomTable, skipBad: boolean): ReadonlyMap<string, States> | undefined {
  const { mapping, knows } = table;
  const found = saidBy(table, skipBad);
  if (found === undefined) return undefined;
  const { spoken, images } = found;
  const states = new Map<string, States>();
  for (const [image, said] of images) {
    states.set(
      image,
      classes.map((name) => {
        const own = said.filter((_, k) => (mapping[spoken[k]] ?? spoken[k]) === name);
        return own.length === 0 || knows?.includes(name) === false
          ? "absent"
          : stateOf(table, strongest(own));
      }),
    );
  }
  return states;
}

/** What the table says of each label that it speaks of, by image; undefined where listing must end in an error. */
export function saidBy(
  table: RandomTable,
  skipBad: boolean,
): { readonly spoken: readonly string[]; readonly images: ReadonlyMap<string, readonly Said[]> } | undefined {
  const { rows, repeated, kind, columns } = table;
  const ownName = rows.filter(({ damage }) => damage === undefined || damage === "mark");
  const known = new Set(ownName.map(({ image }) => image));
  const bad = new Set<string>();
  for (const { image, damage, patient, cells } of rows) {
    if (damage === undefined) continue;
    const named = damage !== "nameless" && damage !== "headless" && known.has(image);
    if (named) bad.add(image);
    else if (
      repeated !== undefined &&
      ![patient, ...cells].every((cell) => [...missing, "todo"].includes(cell))
    )
      return undefined; // it may be a row of any image, and says something
    if (!skipBad) return undefined;
  }
  for (const image of known) {
    const patients = ownName.filter((row) => row.image === image).map(({ patient }) => patient);
    if (new Set(patients.filter((patient) => !missing.includes(patient))).size > 1) bad.add(image);
  }

  const spoken = kind === "columns" ? columns : wordsOf(table);
  if (spoken.length === 0) return undefined;
  const images = new Map<string, readonly Said[]>();
  for (const image of known) {
    if (bad.has(image)) continue;
    const said = ownName
      .filter((row) => row.image === image)
      .map(({ cells }) => spoken.map((label) => sayingOf(table, cells, label)));
    const differ = said.some((row) => JSON.stringify(row) !== JSON.stringify(said[0]));
    if (differ && repeated === undefined) bad.add(image);
    else {
      const rowsSay = (k: number): Said[] => said.map((row) => row[k]);
      images.set(
        image,
        spoken.map((_, k) => together(repeated, rowsSay(k))),
      );
    }
  }
  return (bad.size > 0 && !skipBad) || images.size === 0 ? undefined : { spoken, images };
}

/** The labels of a column of words: all that may occur, or those that do and those that the manifest names. */
function wordsOf({ rows, words, unlabelled, mapping, knows = [] }: RandomTable): readonly string[] {
  if (words !== undefined) return words;
  const read = rows.filter(
    ({ damage }) => !["few", "many", "quote", "open", "headless"].includes(damage ?? ""),
  );
  const found = read
    .map(({ cells }) => (cells.length === 0 ? [] : cells[0].split("|")))
    .filter((cell) => !(unlabelled && cell.includes("todo")))
    .flat()
    .filter((word) => labels.includes(word));
  const named = knows.filter((name) => labels.includes(name) && !Object.values(mapping).includes(name));
  return [...new Set([...found, ...Object.keys(mapping), ...named])];
}

function sayingOf(table: RandomTable, cells: readonly string[], label: string): Said {
  if (cells.length === 0) return "nobody looked"; // of a joined table that has no row for this one
  if (table.kind === "columns") {
    const cell = cells[table.columns.indexOf(label)];
    if (missing.includes(cell)) return "";
    if (["1", "1.0", "yes"].includes(cell)) return "yes";
    if (["0", "0.0", "no"].includes(cell)) return "no";
    return ["-1", "u"].includes(cell) ? "maybe" : Number(cell);
  }
  const words = cells[0].split("|");
  if (table.unlabelled && words.includes("todo")) return "nobody looked";
  if (words.includes(label)) return "yes";
  // "no" takes a cell that is nothing but words of labels, and one at least.
  return words.every((word) => labels.includes(word)) ? "no" : "";
}

function together(policy: RandomTable["repeated"], said: readonly Said[]): Said {
  const stating = said.filter((one) => one !== "" && one !== "nobody looked");
  if (stating.length === 0) return said.includes("nobody looked") ? "nobody looked" : "";
  if (new Set(stating).size === 1) return stating[0];
  const numbers = stating.filter((one) => typeof one === "number");
  const votes = (word: Said): number => stating.filter((one) => one === word).length;
  switch (policy) {
    case "any":
      return votes("yes") > 0 ? "yes" : votes("maybe") > 0 ? "maybe" : Math.max(...numbers);
    case "all":
      return votes("no") > 0 ? "no" : votes("maybe") > 0 ? "maybe" : Math.min(...numbers);
    case "majority":
      return votes("yes") > votes("no") ? "yes" : votes("yes") < votes("no") ? "no" : "maybe";
    case "mean":
      if (votes("maybe") > 0) return "maybe";
      return (numbers.reduce((sum, number) => sum + number, 0) + votes("yes")) / stating.length;
    default:
      return "maybe";
  }
}

/** What several labels of one class say of it. */
export function strongest(said: readonly Said[]): Said {
  for (const word of ["yes", "maybe", "nobody looked", ""] as const) if (said.includes(word)) return word;
  const numbers = said.filter((one) => typeof one === "number");
  return numbers.length > 0 ? Math.max(...numbers) : "no";
}

export function stateOf({ uncertain, blank }: RandomTable, said: Said): number | "absent" {
  if (said === "yes") return 1;
  if (said === "no") return 0;
  if (said === "") return blank === "negative" ? 0 : "absent";
  if (said === "nobody looked") return "absent";
  if (typeof said === "number") return Math.min(199, Math.max(101, Math.round(100 + 100 * said)));
  if (typeof uncertain === "number") return Math.round(100 + 100 * uncertain);
  return { positive: 1, negative: 0, absent: "absent" as const }[uncertain] ?? "absent";
}

// Findings about the values of one column.
import { counted } from "../../errors/counted.ts";
import { brief } from "../../files/csv.ts";
import { leastRows } from "../codes/fit-codes.ts";
import type { ColumnFacts } from "./column-facts.ts";
import type { Finding } from "./finding.ts";

/** A share of all but a few is not 100 %. */
function percent(share: number): string {
  if (share > 0.9995 && share < 1) return "over 99.9 %";
  return `${(100 * share).toFixed(share < 0.1 || (share > 0.99 && share < 1) ? 1 : 0)} %`;
}

/** A share of rows from which on one value dominates a column of numbers, and one of categories. */
const dominant = { numbers: 0.5, categories: 0.95 };

/** So many frequent values with so large a share of the rows are names rather than amounts. */
const fewValues = { count: 12, share: 0.8 };

export function valueFindings(facts: ColumnFacts): Finding[] {
  const { name, form, counts, rows, missing, doubt, doubtRow } = facts;
  if (doubt !== undefined) {
    const message = doubtRow === undefined ? undefined : facts.column.complain(doubtRow, doubt).reason;
    return [
      {
        ...{ topic: "doubt", columns: [name] },
        sentence: (message ?? doubt).replace(/^record \d+: /u, ""),
        advice: `until this is said, it is taken as: ${form.kind}`,
        withoutValues: `can be read in more than one way, as tessera describe shows; until this is said, it is taken as: ${form.kind}`,
      },
    ];
  }
  if (counts.length <= 1) {
    const what =
      counts.length === 0
        ? "is empty in every row"
        : `is ${brief(counts[0][0])} in every row that has a value`;
    return [
      {
        topic: "one value",
        columns: [name],
        sentence: what,
        advice: missing > 0 ? "only whether it is missing is learned" : "leave it out",
        ...(counts.length === 0 || counts[0][1] >= leastRows
          ? {}
          : { withoutValues: "has one value alone, in few rows: only whether it is missing is learned" }),
      },
    ];
  }
  if (form.kind === "identifier") {
    const all =
      counts.length === rows - missing
        ? "all different"
        : `${counted(counts.length, "value")} in ${counted(rows, "row")}`;
    return [
      {
        ...{ topic: "identifier", columns: [name] },
        sentence: `says who a row is (${all})`,
        advice: "it is never learned from, and made anew; say make: what, or another kind",
      },
    ];
  }
  return facts.numbers === undefined ? categoryFindings(facts) : numberFindings(facts, facts.numbers);
}

function categoryFindings(facts: ColumnFacts): Finding[] {
  const { name, counts, rows, missing } = facts;
  const findings: Finding[] = [];
  const list = listMark(facts);
  if (list !== undefined) {
    findings.push({
      ...{ topic: "list", columns: [name] },
      sentence: `has lists of ${counted(list.words, "word")} parted by "${list.mark}", in ${counted(counts.length, "combination")}`,
      advice: `list: "${list.mark}" learns of each word whether it is there; else rare combinations are merged`,
    });
  }
  const [[first, most]] = counts;
  if (most >= dominant.categories * (rows - missing)) {
    findings.push({
      ...{ topic: "dominant", columns: [name] },
      sentence: `is ${brief(first)} in ${percent(most / (rows - missing))} of the rows`,
      advice: "its share is kept; others are few, and their relations to other columns less certain",
    });
  }
  const alike = spellingsOf(counts);
  if (alike !== undefined && list === undefined) {
    const [[usual], [odd, fewer]] = alike;
    findings.push({
      ...{ topic: "spellings", columns: [name] },
      sentence: `has categories that differ only in how they are written, such as ${brief(usual)} and ${brief(odd)}`,
      advice: `where they are one, say spellings: {${JSON.stringify(odd)}: ${JSON.stringify(usual)}}`,
      ...(fewer >= leastRows
        ? {}
        : {
            withoutValues:
              "has categories that differ only in how they are written, as tessera describe shows: where they are one, say so under spellings",
          }),
    });
  }
  const rare = counts.filter(([, count]) => count < leastRows);
  if (rare.length > 0 && list === undefined) {
    const held = rare.reduce((sum, [, count]) => sum + count, 0);
    const words =
      rare.length === counts.length
        ? `all ${rare.length.toLocaleString("en")} categories are`
        : rare.length === 1
          ? "a category is"
          : `${rare.length.toLocaleString("en")} of ${counts.length.toLocaleString("en")} categories are`;
    findings.push({
      ...{ topic: "rare", columns: [name] },
      sentence: `${words} of fewer than ten rows (${counted(held, "row")})`,
      advice:
        rare.length === counts.length && missing === 0
          ? 'nothing is learned of it, and every row would be "other": leave it out, or say another kind'
          : held < leastRows
            ? "too few to be kept, even together: their rows take other categories"
            : 'they are merged as "other"; say rare: {to: ...} for another name',
    });
  }
  return findings;
}

type CountedCell = ColumnFacts["counts"][number];

/** The first two categories that are one but for case, blanks and marks at their end; the more frequent one first. */
function spellingsOf(counts: readonly CountedCell[]): readonly [CountedCell, CountedCell] | undefined {
  const known = new Map<string, CountedCell>();
  for (const own of counts) {
    const [cell] = own;
    const plain = cell
      .toLowerCase()
      .replace(/[\s_-]+/gu, " ")
      .replace(/\.$/u, "");
    const before = known.get(plain);
    if (before !== undefined) return [before, own];
    known.set(plain, own);
  }
  return undefined;
}

/** What parts the words of cells that hold several, where each word is in many combinations. */
export function listMark({ counts }: ColumnFacts): { mark: "|" | ";"; words: number } | undefined {
  for (const mark of ["|", ";"] as const) {
    const lists = counts.filter(([cell]) => cell.includes(mark));
    if (lists.length < 3) continue;
    const words = new Set(counts.flatMap(([cell]) => cell.split(mark).map((word) => word.trim())));
    if (words.size < counts.length && words.size <= 200) return { mark, words: words.size };
  }
  return undefined;
}

function numberFindings(facts: ColumnFacts, numbers: Float64Array): Finding[] {
  const { name, form, counts, rows, missing } = facts;
  const findings: Finding[] = [];
  const held = rows - missing;
  const code = codeFinding(facts, numbers);
  if (code !== undefined) findings.push(code);
  const [[first, most]] = counts;
  if (most >= dominant.numbers * held && most >= leastRows) {
    findings.push({
      ...{ topic: "dominant", columns: [name] },
      sentence: `is ${first} in ${percent(most / held)} of the rows`,
      advice: "it stays a value of its own, with its share",
    });
  }
  const marks = thousandsFinding(facts);
  if (marks !== undefined) findings.push(marks);
  if (form.kind !== "integer") return findings;
  if (counts.length === held && held >= 20 * leastRows && numbers.every((value) => !(value < 1000))) {
    findings.push({
      ...{ topic: "identifier", columns: [name] },
      sentence: "has another number in every row",
      advice: "it is learned from as an amount; where it says who a row is, say kind: identifier",
    });
  }
  const top = counts.slice(0, fewValues.count).reduce((sum, [, count]) => sum + count, 0);
  // One value that dominates makes any few values frequent: what counts are the rows beside it.
  const beside = most >= dominant.numbers * held ? (top - most) / Math.max(1, held - most) : top / held;
  if (counts.length > 3 && beside >= fewValues.share && held >= 20 * fewValues.count) {
    findings.push({
      ...{ topic: "categories", columns: [name] },
      sentence:
        counts.length <= fewValues.count
          ? `has only ${counts.length} values`
          : `has ${percent(top / held)} of the rows in ${fewValues.count} of its ${counts.length.toLocaleString("en")} values`,
      advice: "each keeps its own share; say kind: category where the numbers are names",
    });
  }
  return findings;
}

/** Cells such as 1.250 and 12.500, all with three digits behind each point, may be thousands. */
function thousandsFinding({ name, form, counts }: ColumnFacts): Finding | undefined {
  if (form.kind !== "number" || counts.length < 20) return undefined;
  if (!counts.every(([cell]) => /^[+-]?[1-9]\d{0,2}\.\d{3}$/u.test(cell))) return undefined;
  return {
    ...{ topic: "code", columns: [name] },
    sentence: `has three digits behind each point, such as ${brief(counts[0][0])}, and none begins with 0: they may be thousands`,
    advice:
      'where they are, say decimal: "," and thousands: "."; until then the point stands before decimals',
    withoutValues:
      'has three digits behind each point, and none begins with 0: where they are thousands, say decimal: "," and thousands: "."',
  };
}

/** An outermost number that several rows have and that is far from all others, or -1 where no other is below 0. */
function codeFinding({ name, form }: ColumnFacts, numbers: Float64Array): Finding | undefined {
  if (form.kind === "date") return undefined;
  const sorted = numbers.filter((value) => !Number.isNaN(value)).sort();
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  if (distinct.length < 5) return undefined;
  const far: { value: number; next: number; reach: number }[] = [
    { value: distinct[0], next: distinct[1], reach: distinct[distinct.length - 1] - distinct[1] },
    {
      value: distinct[distinct.length - 1],
      next: distinct[distinct.length - 2],
      reach: distinct[distinct.length - 2] - distinct[0],
    },
  ];
  for (const { value, next, reach } of far) {
    const count = sorted.filter((each) => each === value).length;
    const isNines = /^-?9{2,}$|^-?8{2,}$/u.test(String(value));
    const isMinus = value < 0 && next >= 0 && Number.isInteger(value);
    const isFar = Math.abs(value - next) > (isNines ? 0.2 : 0.5) * reach;
    if (count < 3 || !(isMinus || (isFar && (isNines || count >= leastRows)))) continue;
    return {
      ...{ topic: "code", columns: [name] },
      sentence: `has ${value} in ${counted(count, "row")}, and nothing between it and ${next}: it may be a code, such as for "unknown" or "more than"`,
      advice: `where it is no amount, say words: ["${value}"], which makes it a missing value; else it stays a value of its own`,
      withoutValues: `has ${count < leastRows ? "a number" : String(value)} in several rows that is far from all others, as tessera describe shows: where it is a code, list it under words, which makes it a missing value`,
    };
  }
  return undefined;
}

// Findings about several columns: which follow from others, which belong together, which count rows.
import { counted } from "../../errors/counted.ts";
import type { ColumnFacts } from "./column-facts.ts";
import type { Finding } from "./finding.ts";

/** Rows for each value, on average, below which one column follows from another by chance. */
const rowsPerValue = 10;

export function relationFindings(all: readonly ColumnFacts[]): Finding[] {
  const facts = all.filter(
    ({ doubt, counts, form }) => doubt === undefined && counts.length > 1 && form.kind !== "identifier",
  );
  const findings: Finding[] = [];
  const explained = new Set<string>();
  const deciders = facts.filter(({ counts, rows }) => counts.length * rowsPerValue <= rows);
  for (const [at, one] of deciders.entries()) {
    for (const other of deciders.slice(at + 1)) {
      if (explained.has(one.name) || explained.has(other.name)) continue;
      const isForward = follows(one, other);
      const isBack = follows(other, one);
      if (isForward && isBack) {
        // The number is computed from the name: names read better.
        const [source, computed] =
          one.numbers !== undefined && other.numbers === undefined ? [other, one] : [one, other];
        explained.add(computed.name);
        findings.push({
          ...{ topic: "computed", columns: [source.name, computed.name] },
          sentence: `${computed.name} follows from ${source.name}, and the reverse (${counted(source.counts.length, "pair")})`,
          advice: `constraints: - {computed: ${computed.name}, from: [${source.name}]}, which leaves it out and puts it back`,
        });
      } else if (isForward || isBack) {
        const [source, result] = isForward ? [one, other] : [other, one];
        // Of a name that is nearly always the same, everything follows.
        if (result.counts[0][1] > 0.9 * result.rows) continue;
        explained.add(result.name);
        findings.push({
          ...{ topic: "together", columns: [source.name, result.name] },
          sentence: `each ${source.name} has one ${result.name} (${counted(source.counts.length, "value")}, ${result.counts.length.toLocaleString("en")})`,
          advice: `constraints: - together: [${source.name}, ${result.name}], so that no new pair is made`,
        });
      }
    }
  }
  findings.push(...orderFindings(facts), ...countFindings(facts));
  return findings;
}

/** Whether the cells of a column say those of another: of missing ones, too. */
function follows(from: ColumnFacts, to: ColumnFacts): boolean {
  const known = new Int32Array(from.counts.length + 1).fill(-2);
  for (const [row, place] of from.places.entries()) {
    const at = place + 1;
    if (known[at] === -2) known[at] = to.places[row];
    else if (known[at] !== to.places[row]) return false;
  }
  return true;
}

/** Dates of which one is never before another. */
function orderFindings(facts: readonly ColumnFacts[]): Finding[] {
  const dates = facts.filter(({ form }) => form.kind === "date");
  return dates.flatMap((one) =>
    dates.flatMap((other): Finding[] => {
      const { numbers: a = new Float64Array() } = one;
      const { numbers: b = new Float64Array() } = other;
      let both = 0;
      for (const [row, day] of a.entries()) {
        if (day > b[row]) return [];
        if (day < b[row]) both++;
      }
      if (both < 20) return [];
      return [
        {
          ...{ topic: "order", columns: [one.name, other.name] },
          sentence: `${one.name} is never after ${other.name}`,
          advice: `constraints: - order: [${one.name}, ${other.name}]`,
        },
      ];
    }),
  );
}

/** A column of positive whole numbers, called as counts are, where no two rows are equal in all other columns. */
function countFindings(facts: readonly ColumnFacts[]): Finding[] {
  const counts = facts.filter(
    ({ name, form, numbers }) =>
      form.kind === "integer" &&
      /^(?:n|count|counts|freq|frequency|number|total|days|cases|times|persons|people)$|(?:^|[_\s-])(?:count|number)$|^(?:number|count|n)[_\s-]of[_\s-]/iu.test(
        name,
      ) &&
      numbers?.every((value) => value >= 1) === true,
  );
  return counts.flatMap((count): Finding[] => {
    const others = facts.filter((each) => each !== count);
    const rows = new Set<string>();
    for (let row = 0; row < count.rows; row++) rows.add(others.map(({ places }) => places[row]).join());
    if (rows.size < count.rows) return [];
    const total = count.numbers?.reduce((sum, value) => sum + value, 0) ?? 0;
    return [
      {
        ...{ topic: "count", columns: [count.name] },
        sentence: `may count how often a row occurs: no two rows are equal without it, and it sums to ${total.toLocaleString("en")}`,
        advice: `count: ${count.name} learns from so many rows, and counts them again; only where they count people, not what one person has`,
      },
    ];
  });
}

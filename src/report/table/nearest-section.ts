// Synthetic rows beside the real rows that are nearest to them, for a page that was asked for it.

import type { NearestRecord, NearestRecords } from "../../tabular/judging/nearest-records.ts";
import type { Markup } from "../html/markup.ts";
import { fixed, whole } from "../html/number-text.ts";
import { paragraph, table, type Section } from "../html/page.ts";

/** The section, which says first that real rows are shown. */
export function nearestSection({ columns, nearest, drawn, measured }: NearestRecords): Section {
  const list = (records: readonly NearestRecord[], what: string): Markup[] =>
    records.map(({ synthetic, real, distance }, at) =>
      table({
        caption: `${what} ${at + 1}: at a distance of ${fixed(distance, 4)}`,
        head: ["column", "synthetic row", "nearest real row"],
        words: 3,
        rows: columns.map((name, c) => [name, synthetic[c], real[c]]),
      }),
    );
  return {
    id: "nearest-records",
    title: "Nearest real rows",
    content: [
      paragraph(
        "This section shows rows of the real table as they are, since it was asked to (--show-records). Whoever may not see the real table may " +
          "not see this page.",
      ),
      paragraph(
        `Of ${whole(measured)} synthetic rows, those that are nearest to any real row, and some by chance. Distances are Gower's: 0 is equal, 1 ` +
          "different in every column.",
      ),
      ...list(nearest, "Nearest"),
      ...list(drawn, "By chance"),
    ],
  };
}

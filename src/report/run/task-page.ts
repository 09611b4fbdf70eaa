// The report of a task's run: what it came to, how it got there, and with which settings.

import { basename, resolve } from "node:path";
import type { TaskContents } from "../../runs/read-task-run.ts";
import { lossCurves, scoreCurves } from "../figures/curves.ts";
import type { Markup } from "../html/markup.ts";
import { digits, duration, fixed, none, whole } from "../html/number-text.ts";
import { drawn, pageText, table, type Section } from "../html/page.ts";
import { leaves, taskSettingsSection } from "./settings-table.ts";

/** The whole file, of UTF-8. The same folder gives the same bytes. */
export function taskPage({ path, record, metrics, summary, missing }: TaskContents): string {
  const kept = summary === undefined || summary.interrupted ? undefined : summary.kept;
  const sections: Section[] = [
    { id: "results", title: "Results on the test data", content: results(summary?.report ?? undefined) },
    {
      id: "course",
      title: "How the run went",
      content: drawn(lossCurves(metrics, 0), scoreCurves(metrics, kept)),
    },
    { id: "settings", title: "Settings", content: taskSettingsSection(record) },
  ];
  return pageText({
    title: `Run ${basename(resolve(path))}`,
    lead: [`Training of the task ${record.task}, on ${record.adapter || record.device}.`, ...missing].join(
      " ",
    ),
    facts: [
      ["score", fixed(summary?.score, 4)],
      ["epochs", String(metrics.epochs.length)],
      ...(kept !== undefined && kept < metrics.epochs.length ? [["kept epoch", String(kept)] as const] : []),
      ["weights", summary === undefined ? none : whole(summary.parameters)],
      ["time", summary === undefined ? none : duration(summary.seconds)],
    ],
    sections,
    foot: `Made by Tessera ${record.versions.tessera}`,
  });
}

function results(report: Readonly<Record<string, unknown>> | undefined): Markup[] {
  const rows = leaves(report ?? {}).map(([name, value]) => {
    const number = Number(value);
    return [name, value !== "" && Number.isFinite(number) ? digits(number) : value];
  });
  return rows.length === 0 ? [] : [table({ head: ["what", "value"], rows })];
}

// The settings of a run, in groups. Settings that this file does not know are shown as well.

import type { AnyRecord, RunRecord, TaskRecord } from "../../runs/run-record.ts";
import { folded, note, table } from "../html/page.ts";
import { fragment, type Markup } from "../html/markup.ts";

/** Groups of settings by their place in the record; all others are under "Training". */
const groups: readonly { readonly title: string; readonly takes: (path: string) => boolean }[] = [
  { title: "Network", takes: (path) => /^(network|head|normalisation)\b/.test(path) },
  {
    title: "Loss",
    takes: (path) =>
      /^(lambda|threshold|temperature|stopGradient|unsupervisedOn|normalise$|absent|supervised|warmup|positiveWeight|focus|labelSmoothing|mixup)/.test(
        path,
      ),
  },
  { title: "Weak view", takes: (path) => path.startsWith("weak.") },
  { title: "Strong view", takes: (path) => path.startsWith("strong.") },
  { title: "Training", takes: () => true },
];

/** What is said in epochs, and counts for nothing where it is said in steps. */
const inSteps: Readonly<Record<string, string>> = { epochs: "steps", warmupEpochs: "warmupSteps" };

/** Whether a setting has no effect because a number of steps says otherwise. */
export const isIdleLength = (name: string, settings: Readonly<Record<string, unknown>>): boolean =>
  name in inSteps && typeof settings[inSteps[name]] === "number";

/** The weights of a run's first step. @param file as it is to be shown */
export const begunWith = ({ sha256 }: NonNullable<RunRecord["initial"]>, file: string): string =>
  `${file}, SHA-256 ${sha256.slice(0, 12)}`;

type Entry = readonly [name: string, value: string];

/** Of a run on a manifest's images. */
export function settingsSection(record: RunRecord): Markup[] {
  const { options, tuning } = record;
  const { file, sha256, text } = record.manifest;
  const candidates = Object.entries(record.candidates).map(([operator, name]) => `${operator}: ${name}`);
  const { initial } = record;
  const data: Entry[] = [
    ["manifest", file],
    ...(initial === undefined ? [] : [["began with", begunWith(initial, initial.file)] as const]),
    ["data root", record.dataRoot],
    ["seed", String(record.seed)],
    ...leaves(options),
  ];
  const chosen: Entry[] = [
    [
      "tuning",
      tuning === null ? "none" : `${tuning.file} (${tuning.works} works, ${tuning.digest.slice(0, 12)})`,
    ],
    ["candidates asked for", candidates.join(", ") || "none"],
  ];
  return [
    ...settingsOf(record, data),
    machineTable(record, chosen, [["manifest's SHA-256", sha256]]),
    folded("The manifest", fragment`<pre>${text}</pre>`),
    note("Everything here, and more, is in run.json and summary.json beside this file."),
  ];
}

/** Of a run of another task. */
export function taskSettingsSection(record: TaskRecord): Markup[] {
  return [
    ...settingsOf(record, [["task", record.task]]),
    machineTable(record, [], [["digest of the data", record.data]]),
  ];
}

function settingsOf({ settings }: AnyRecord, data: readonly Entry[]): Markup[] {
  const entries = leaves(settings).filter(([path]) => !isIdleLength(path, settings));
  const grouped = groups.map(({ title }, i) => ({
    title,
    entries: entries
      .filter(([path]) => groups.findIndex(({ takes }) => takes(path)) === i)
      .map(([path, value]): Entry => [path.replace(/^(network|weak|strong)\./, ""), value]),
  }));
  const group = (title: string, shown: readonly Entry[]): Markup =>
    shown.length === 0 ? fragment`` : fragment`<div><h3>${title}</h3><dl>${shown.map(line)}</dl></div>\n`;
  const all = [group("Data", data), ...grouped.map(({ title, entries: shown }) => group(title, shown))];
  return [fragment`<div class="settings">${all}</div>\n`];
}

function machineTable(
  { device, adapter, driver, versions, commit }: AnyRecord,
  chosen: readonly Entry[],
  last: readonly Entry[],
): Markup {
  const rows: Entry[] = [
    ["computed on", device === "webgpu" ? adapter : "the CPU, in 64 bits"],
    ["driver", driver],
    ...chosen,
    ["Tessera", versions.tessera],
    ["runtime", versions.runtime ?? `Node ${versions.node}`],
    ["webgpu", versions.webgpu ?? "the runtime's own"],
    ["git commit", commit ?? "none"],
    ...last,
  ];
  const title = "Machine and versions";
  return folded(title, table({ head: ["what", "which"], rows, words: 2 }, title));
}

const line = ([name, value]: Entry): Markup => fragment`<dt>${name}</dt><dd>${value}</dd>\n`;

/** The values of nested records by their paths; a list is one value. */
export function leaves(tree: object, path = ""): Entry[] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]): Entry[] => {
    const here = path === "" ? key : `${path}.${key}`;
    if (value === undefined) return [];
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return leaves(value, here);
    return [[here, shown(value)]];
  });
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

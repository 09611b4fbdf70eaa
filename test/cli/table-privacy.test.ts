// No value of fewer than ten people is in any file that describe, synthesise, sample and judge leave: tables with such values in every place
// where one can be, and a search through all bytes that are written.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { randomStream, type Random } from "../../src/data/random-stream.ts";
import { own, runBuilt, workingFolder } from "./built.ts";

const folder = workingFolder();
const rows = 600;

/** A column: what nearly all rows have, and what a few have instead, from a row on. */
interface Column {
  readonly usual: (random: Random, row: number) => string;
  /** Each in so many rows, at most nine. */
  readonly rare: Readonly<Record<string, number>>;
}

const one = (random: Random, ...of: readonly string[]): string => of[random.below(of.length)];

/** Rare values are such as nothing else would write: words with q7 in them, and numbers and dates far from all others. */
const columns: Readonly<Record<string, Column>> = {
  patient: { usual: (_, row) => `Q7${String(10_000 + row)}`, rare: {} },
  "full name": { usual: (_, row) => `Anna Q7son the ${row}th`, rare: {} },
  job: {
    usual: (random) => one(random, "nurse", "clerk", "smith"),
    rare: { "q7 astronaut": 1, "q7 queen": 9, '["q7 list"]': 2 },
  },
  flag: { usual: () => "no", rare: { "q7 yes": 6 } },
  switch: { usual: () => "1", rare: { "7777003": 3 } },
  only: { usual: () => "", rare: { "q7 only": 9 } },
  twice: { usual: (random) => one(random, "", "", "some"), rare: { "q7 twice": 3 } },
  word: { usual: (random) => one(random, "a", "b", "?"), rare: { "q7 NA": 4 } },
  pay: {
    usual: (random) => (1000 + 10 * random.below(300)).toFixed(0),
    rare: { "7654321.4567": 1, "7612345": 2, "-7000123.5": 1 },
  },
  age: { usual: (random) => String(20 + random.below(50)), rare: { "7123": 4, "-7": 5 } },
  zeros: {
    usual: (random) => (random.below(10) > 0 ? "0" : String(1 + random.below(40))),
    rare: { "7991": 3 },
  },
  born: {
    usual: (random) => `19${50 + random.below(40)}-0${1 + random.below(9)}-1${random.below(9)}`,
    rare: { "1777-07-17": 1, "2177-07-27": 3 },
  },
  seen: {
    usual: (random) => `0${1 + random.below(9)}/0${1 + random.below(9)}/2021`,
    rare: { "07/07/1707": 4 },
  },
  mixed: { usual: (random) => String(random.below(90)), rare: { "q7 unread": 5 } },
  comma: { usual: (random) => `${random.below(90)},${1 + random.below(9)}`, rare: { "7717,25": 1 } },
  findings: {
    usual: (random) => one(random, "none", "mass", "mass|node", "node", "node|air", "air"),
    rare: { "q7 rareword|mass": 4, "q7 alone": 5 },
  },
  spelt: { usual: (random) => one(random, "yes", "no"), rare: { "q7 perhaps": 4, Q7_Perhaps: 3 } },
  marked: {
    usual: (random) => `${1 + random.below(9)}.${100 + random.below(900)}`,
    rare: { "717.717": 9 },
  },
  city: {
    usual: (random) => one(random, "Leuven", "Gent", "Aalst"),
    rare: { "q7 hamlet": 2, "q7 village": 8 },
  },
};
const names = Object.keys(columns);
/** Derived from job and from city. */
const derived = { code: "job", province: "city" } as const;

function table(seed: number, count = rows, leave: readonly string[] = []): string[] {
  const random = randomStream(seed, "rare values");
  const cells = names.map((name) => {
    const { usual, rare } = columns[name];
    const own = Array.from({ length: count }, (_, row) => usual(random, row + 1000 * seed));
    let at = random.below(count);
    for (const [value, times] of Object.entries(rare)) {
      for (let left = times; left > 0; left--) own[(at += 37) % count] = value;
    }
    return own;
  });
  const of = (name: string, row: number): string => cells[names.indexOf(name)][row];
  const quoted = (cell: string): string => (/[",]/u.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const kept = names.filter((name) => !leave.includes(name));
  return [
    [...kept, ...Object.keys(derived)].join(),
    ...Array.from({ length: count }, (_, row) =>
      [...kept.map((name) => of(name, row)), `c-${of("job", row)}`, `p-${of("city", row)}`]
        .map(quoted)
        .join(),
    ),
  ];
}

/** All that lies in a folder, unpacked, with its path. */
function filesIn(path: string): { readonly path: string; readonly text: string }[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const bytes = readFileSync(file);
      return { path: file, text: (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1") };
    });
}

/** What must not be found: words anywhere, numbers and dates where they stand by themselves. */
function secrets(): RegExp[] {
  const all = Object.values(columns).flatMap(({ rare }) => Object.keys(rare));
  const numbers = all.flatMap((value) => {
    const number = Number(value.replace(",", "."));
    if (/^\d+-/u.test(value)) return [value, String(Date.parse(value) / 86_400_000)];
    if (/^\d+\//u.test(value)) return [value, String(Date.parse("1707-07-07") / 86_400_000)];
    if (/^\d{3}\.\d{3}$/u.test(value)) return [value];
    return Number.isFinite(number) && Math.abs(number) > 1000
      ? [value, String(number), number.toLocaleString("en"), number.toFixed(0)]
      : [];
  });
  return [
    /q7/iu,
    ...[...new Set(numbers)].map(
      (text) => new RegExp(`(?<![\\d.,])${text.replaceAll(/[./]/gu, "\\$&")}(?![\\d])`, "u"),
    ),
  ];
}

function found(path: string): string[] {
  const looked = secrets();
  return filesIn(path).flatMap(({ path: file, text }) =>
    looked.flatMap((secret) => {
      const at = text.search(secret);
      return at < 0 ? [] : [`${file}: ${text.slice(Math.max(0, at - 80), at + 60)}`];
    }),
  );
}

const run = async (...parameters: string[]): Promise<void> => {
  const { code, errors } = await runBuilt(folder, parameters);
  expect(own(errors).replaceAll(/^warning: .*\n?/gmu, "")).toBe("");
  expect(code).toBe(0);
};
const quick = ["--device", "reference", "--steps", "2", "--quiet"];

describe.each([1, 2])("of a table with rare values everywhere, seed %i", (seed) => {
  const at = (name: string): string => join(folder, name);

  beforeAll(() => {
    writeFileSync(at(`real${seed}.csv`), `${table(seed).join("\n")}\n`);
    writeFileSync(at(`held${seed}.csv`), `${table(seed + 10, 200).join("\n")}\n`);
    // judge guesses, and would ask what these are.
    const doubtful = ["seen", "mixed", "comma"];
    writeFileSync(at(`plain${seed}.csv`), `${table(seed, rows, doubtful).join("\n")}\n`);
    writeFileSync(at(`other${seed}.csv`), `${table(seed + 20, rows, doubtful).join("\n")}\n`);
  });

  test("the manifest that describe writes names none", async () => {
    await run("describe", `real${seed}.csv`, "--manifest", `drafts${seed}/people.yaml`);
    expect(found(at(`drafts${seed}`))).toEqual([]);
  });

  test("no file of a run has one, and none that sample writes", async () => {
    writeFileSync(
      at(`people${seed}.yaml`),
      [
        `table: real${seed}.csv`,
        `holdout: held${seed}.csv`,
        "columns:",
        '  findings: { list: "|" }',
        "  seen: { dates: day-first }",
        "  mixed: category",
        '  comma: { decimal: "," }',
        "  full name: { kind: identifier, make: name }",
        "constraints:",
        "  - { computed: code, from: [job] }",
        "  - together: [city, province]",
      ].join("\n"),
    );
    await run("synthesise", `people${seed}.yaml`, "--out", `run${seed}`, ...quick);
    await run(
      "sample",
      `run${seed}`,
      "--rows",
      "500",
      "--where",
      "age>=60",
      "--out",
      `run${seed}/more.csv`,
      "--quiet",
    );
    expect(found(at(`run${seed}`))).toEqual([]);
  });

  test("nor has what judge writes", async () => {
    await run(
      ...["judge", `plain${seed}.csv`, `other${seed}.csv`, "--out", `judged${seed}/page.html`],
      ...["--json", `judged${seed}/page.json`, ...quick],
    );
    expect(found(at(`judged${seed}`))).toEqual([]);
  });
});

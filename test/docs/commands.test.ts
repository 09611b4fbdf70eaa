// The commands of the documentation, and what it says that they print. Those of `tessera` run as they are written, in a
// folder whose examples are small copies; of npm's, the script must exist.

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { own, runBuilt, workingFolder, type Ended } from "../cli/built.ts";
import { blocksOf, placeOf, root } from "./markdown.ts";

interface Line {
  readonly place: string;
  readonly command: string;
}

/** Without comments; a line that ends in a backslash goes on in the next. */
const lines: readonly Line[] = blocksOf("sh").flatMap((block) =>
  block.text
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/(?:^|\s+)#.*$/, "").trim())
    .filter((line) => line !== "")
    .map((command) => ({ place: placeOf(block), command })),
);

/** The words of a command, as a shell parts them. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

const ours = "npx tessera ";
const commands = [
  ...new Set(lines.map(({ command }) => command).filter((command) => command.startsWith(ours))),
];

/** The runs that the others begin with; the rest may run in any order. */
const first = "npx tessera train examples/two-sites.yaml --data-root . --out runs/first";
const features = "npx tessera embed runs/first --out features.safetensors";
const outlines = "npx tessera train examples/phantom-outlines.yaml --data-root . --out runs/outlines";
const places = "npx tessera train examples/phantom-places.yaml --data-root . --out runs/places";
const before = [first, outlines, places];

/** A search begins with its index, judging with two rankings, and vectors with an encoder. */
const searching = [
  "npx tessera encode train examples/notes.jsonl --out encoder --vocabulary 300 --batch 4 --held-out 2 --epochs 3",
  "npx tessera index examples/notes.jsonl --out notes",
  "npx tessera rank notes examples/notes-queries.json --out both.csv",
  "npx tessera rank notes examples/notes-queries.json --mode lexical --out words.csv",
];

/** Those of tables go by each other's files, and those of judging by three tables. */
const ofTables = (command: string): boolean =>
  /^npx tessera (?:describe|synthesise|sample|judge) /.test(command);

/** People of a kind, some of whose cells are empty where `filled` says so. */
function people(seed: number, count: number, filled: (row: number) => boolean = () => true): string {
  const { below } = randomStream(seed, "people");
  const rows = Array.from({ length: count }, (_, row) => {
    const [age, years] = [18 + below(60), 6 + below(10)];
    const income = age + 5 * years + below(40) > 110 ? ">50K" : "<=50K";
    return `${age},${filled(row) ? ["school", "college"][below(2)] : ""},${"FM"[below(2)]},${years},${filled(row) ? income : ""}`;
  });
  return ["age,education,sex,years,income", ...rows, ""].join("\n");
}

/** A list as COVIDx has it: no header, blanks between the cells, and some of these with a blank in them. */
function covidx(): string {
  const { below } = randomStream(3, "covidx");
  const rows = Array.from({ length: 300 }, (_, row) => {
    const positive = below(4) === 0;
    const name = row % 60 === 7 ? `COVID ${row}` : `p${row}`;
    return `${name} ${name}.png ${positive ? "positive" : "negative"} ${["rsna", "cohen", "sirm"][below(3)]}`;
  });
  return [...rows, ""].join("\n");
}

/** Those that change what others look at, which come last. */
const last: readonly string[] = ["npx tessera train --resume runs/first --epochs 12"];

/** What would take longer than a test may: those words in the place of these. */
const shorter: readonly (readonly [words: string, instead: string])[] = [
  ["tessera tune", "tessera tune --seconds 1"],
  // Logits of so short a training say nothing of the labels, and no temperature mends that.
  ["tessera calibrate runs/first", "tessera calibrate runs/first --only thresholds"],
  ["--seeds 8", "--seeds 2 --arms single partial-bce"],
  ["tessera synthesise people.yaml", "tessera synthesise people.yaml --steps 2"],
  ["tessera judge real.csv", "tessera judge real.csv --steps 2"],
];

/** Commands that are right to end with a complaint: `first` has ended, so that nothing is left to go on with. */
const refused: Readonly<Record<string, RegExp>> = {
  "npx tessera train --resume runs/first": /^error: --resume runs\/first: the run is finished/m,
};

const folder = workingFolder();
const ended = new Map<string, Ended>();

/** A few small images and one epoch in the place of some hundred and ten; as many to validate by as choose thresholds. */
const small = (manifest: string): string =>
  manifest
    .replace("height: 48, width: 48", "height: 16, width: 16")
    .replace(/count: \d+/g, "count: 16")
    .replace(/^(validation: .*)count: 16/gm, "$1count: 80")
    .replace(/epochs: \d+/g, "epochs: 1")
    .replace(/warmupEpochs: \d+/g, "warmupEpochs: 0");

async function run(command: string): Promise<void> {
  const words = shorter.reduce((text, [words, instead]) => text.replace(words, instead), command);
  ended.set(command, await runBuilt(folder, wordsOf(words.slice(ours.length))));
}

beforeAll(async () => {
  mkdirSync(join(folder, "examples"));
  for (const name of ["two-sites", "third-site", "phantom-outlines", "phantom-places"]) {
    const manifest = readFileSync(join(root, "examples", `${name}.yaml`), "utf8");
    writeFileSync(join(folder, "examples", `${name}.yaml`), small(manifest));
  }
  for (const name of ["densenet121.yaml", "notes.jsonl", "notes-queries.json", "notes-judgements.json"])
    cpSync(join(root, "examples", name), join(folder, "examples", name));
  for (const [name, seed] of [
    ["people", 1],
    ["real", 1],
    ["synthetic", 2],
    ["other", 3],
  ] as const)
    writeFileSync(join(folder, `${name}.csv`), people(seed, 300));
  writeFileSync(
    join(folder, "partial.csv"),
    people(4, 40, (row) => row % 2 === 0),
  );
  writeFileSync(join(folder, "train_COVIDx8B.txt.gz"), gzipSync(covidx()));
  await Promise.all(before.map(run));
  for (const command of commands.filter(ofTables)) await run(command);
  for (const command of [features, ...searching]) await run(command);
  const first = [...before, features, ...searching, ...last];
  const others = commands.filter((command) => !first.includes(command) && !ofTables(command)).values();
  const turns = async (): Promise<void> => {
    for (const command of others) await run(command);
  };
  await Promise.all([turns(), turns()]);
  for (const command of last) await run(command);
}, 300_000);

test("the first runs are ones that the documentation shows", () => {
  expect(commands).toEqual(expect.arrayContaining([...before, features, ...searching]));
});

test.each(commands)("%s", (command) => {
  const { code, output, errors } = ended.get(command) ?? { code: null, output: "", errors: "was not run" };
  const complaint = refused[command];
  if (complaint === undefined) expect(code, own(errors)).toBe(0);
  else {
    expect(code).toBe(2);
    expect(errors).toMatch(complaint);
  }
  expect(output + errors).not.toContain("NaN");
});

const { scripts, version, peerDependencies } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
) as {
  scripts: Readonly<Record<string, string>>;
  version: string;
  peerDependencies: Readonly<Record<string, string>>;
};

/** What is wrong with a command that is not run here; undefined where nothing is. */
function fault(command: string): string | undefined {
  const [program, verb, name = "", ...rest] = wordsOf(command);
  if (command === "npm install" || command === "npm pack" || command.startsWith(ours)) return undefined;
  // The package of this version, with the packages that it is of no use without in Node.
  const peers = Object.keys(peerDependencies).sort().reverse().join(" ");
  if (command === `npm install ./tessera-gpu-tessera-${version}.tgz ${peers}`) return undefined;
  if (command === "npm test") return scripts["test"] === undefined ? "there is no test script" : undefined;
  if (program === "npm" && verb === "run") {
    if (scripts[name] === undefined) return `package.json has no script ${name}`;
    const options = rest.filter((word) => /^--\w/.test(word));
    if (options.length === 0) return undefined;
    // Where the options of a benchmark are read.
    const reader = readFileSync(join(root, "bench/main.ts"), "utf8");
    const unknown = name.startsWith("bench")
      ? options.find((option) => !reader.includes(`"${option}`))
      : options.find((option) => name !== "pack:kernels" || option !== "--out");
    return unknown === undefined ? undefined : `${name} has no option ${unknown}`;
  }
  if (program === "npx" && verb === "vitest" && name === "run") {
    const [path = ""] = rest;
    return existsSync(join(root, path)) ? undefined : `there is no ${path}`;
  }
  if (program === "node")
    return existsSync(join(root, verb ?? "")) ? undefined : `there is no ${verb ?? "file"}`;
  return "nothing tells how this block is run";
}

test("every other command is one that there is", () => {
  const faults = lines.flatMap(({ place, command }) => {
    const found = fault(command);
    return found === undefined ? [] : [`${place}: ${command}: ${found}`];
  });
  expect(faults).toEqual([]);
});

/** What a block without a language is the output of. */
const outputs: readonly { readonly has: string; readonly command: string; readonly file?: string }[] = [
  { has: "calib. error", command: "npx tessera evaluate runs/first" },
  {
    has: "source,part,image",
    command: "npx tessera predict runs/first --complete --out labels.csv",
    file: "labels.csv",
  },
];

/**
 * A line without what differs from run to run: numbers, the adapter, and how wide a column is. The runs here are too short of
 * images for an interval.
 */
const shapeOf = (line: string): string =>
  line
    .trim()
    .replace(/; on .*$/, "; on")
    .replace(/\d+(?:\.\d+)?(?:e-?\d+)?/g, "N")
    .replace(/\s+/g, " ")
    .replace(/not given/g, "N to N");

test.each(blocksOf("").map((block) => [placeOf(block), block] as const))(
  "%s is what a command prints",
  (_, block) => {
    const found = outputs.find(({ has }) => block.text.includes(has));
    expect(found, "nothing tells which command prints this block").toBeDefined();
    const { output = "", errors = "" } = ended.get(found?.command ?? "") ?? {};
    const written = found?.file === undefined ? "" : readFileSync(join(folder, found.file), "utf8");
    const printed = new Set(`${output}\n${errors}\n${written}`.split("\n").map(shapeOf));
    const shown = block.text.split("\n").filter((line) => line !== "" && line !== "...");
    expect(shown.filter((line) => !printed.has(shapeOf(line)))).toEqual([]);
  },
);

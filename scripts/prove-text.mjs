// Proof of what encoders and searches are worth: `npm run prove:text [-- --data-root FOLDER] [-- --out FOLDER]`.
//
// Trains a bag and a transformer on 18,999 titles of Debian packages and 4,443 of abstracts with the texts below them, and a bag on
// sentences of the abstracts alone; indexes Cranfield, CISI, CACM and the descriptions with each of them; ranks by words, by vectors and
// by both; and prints docs/text-encoders.md's table, with a paired t-test of every row against words. No judgement, and none of the
// thousand titles that are looked for, is in what was trained on. Everything is done by the command line, as a person would.
//
// Fails unless the bag reaches the figures below. With --out everything is kept there, and what is finished is not done again; a
// training that was stopped goes on. `--bag`, `--crops` and `--transformer` name folders of encoders that are trained already.
// On two cores, the bags take minutes and the transformer half an hour.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { summariseRanking } from "../dist/metrics/ranking-summary.js";
import { compareRankings } from "../dist/studies/compare-rankings.js";
import { judgeRankings } from "../dist/text/search/judged-rankings.js";
import { parseRankings } from "../dist/text/search/ranking-table.js";
import { parseJudgements } from "../dist/text/texts/judgements.js";
import { prepare } from "./prove-text/collections.mjs";

const { values: options } = parseArgs({
  options: {
    "data-root": { type: "string", default: process.env["TESSERA_DATA"] ?? "../shared/data" },
    out: { type: "string" },
    bag: { type: "string" },
    crops: { type: "string" },
    transformer: { type: "string" },
  },
});

/** How each encoder is trained. */
const trainings = {
  bag: { texts: "pairs", options: ["--encoder", "bag"] },
  crops: { texts: "crops", options: ["--encoder", "bag"] },
  transformer: {
    texts: "pairs",
    options: [
      "--encoder",
      "transformer",
      "--tokens",
      "96",
      "--steps",
      "1400",
      "--checkpoint-every",
      "100steps",
    ],
  },
};

/** The rows of the table: what is searched by. */
const rows = [
  { name: "BM25", model: "lsa", mode: "lexical" },
  { name: "LSA 200", model: "lsa", mode: "dense" },
  { name: "LSA 200 + BM25", model: "lsa", mode: "both" },
  { name: "bag", model: "bag", mode: "dense" },
  { name: "bag + BM25", model: "bag", mode: "both" },
  { name: "bag of the abstracts alone", model: "crops", mode: "dense" },
  { name: "bag of the abstracts alone + BM25", model: "crops", mode: "both" },
  { name: "transformer", model: "transformer", mode: "dense" },
  { name: "transformer + BM25", model: "transformer", mode: "both" },
];

/** What the bag must reach, and the most seconds that its training may take. */
const bars = [
  { row: "bag", collection: "debian", measure: "mrr", least: 0.57 },
  { row: "bag", collection: "cranfield", measure: "map", least: 0.27 },
];
const mostSeconds = 600;

const columns = [
  ["cranfield", "map", "Cranfield MAP"],
  ["cranfield", "ndcg", "nDCG@10"],
  ["cranfield", "pFound", "pFound"],
  ["cisi", "map", "CISI MAP"],
  ["cisi", "ndcg", "nDCG@10"],
  ["cacm", "map", "CACM MAP"],
  ["cacm", "ndcg", "nDCG@10"],
  ["debian", "mrr", "Debian MRR"],
  ["debian", "first", "first"],
  ["debian", "inTen", "in ten"],
];

const tessera = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = options.out ?? mkdtempSync(join(tmpdir(), "tessera-prove-"));
const fails = [];

/** Runs the command line; what it says of its progress goes on to the terminal. */
function run(...parameters) {
  const { status, stdout } = spawnSync(process.execPath, [tessera, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`tessera ${parameters.join(" ")} ended with ${status}`);
  return stdout;
}

/** The folder of an encoder that is trained, now or before. */
function encoderOf(name, training) {
  if (options[name] !== undefined) return options[name];
  const out = join(folder, name);
  if (!existsSync(join(out, "summary.json"))) {
    const { texts, options: own } = trainings[name];
    const begun = existsSync(join(out, "run.json"));
    run("encode", "train", training[texts], ...(begun ? ["--resume", out] : ["--out", out, ...own]));
  }
  return out;
}

/** Texts that are ranked for a query: all abstracts, and of packages as many as a title's own can matter among. */
const top = (collection) => (collection === "debian" ? "1000" : "4000");

/** Seconds that a training took, with what went before it was gone on with. */
const secondsOf = (encoder) => JSON.parse(readFileSync(join(encoder, "summary.json"), "utf8")).seconds;

/** The ranking of a row, as judgements meet it, and the rank of what was looked for where that is one text. */
function rankingOf({ name: collection, texts, queries, judgements }, { model, mode }, encoders) {
  const index = join(folder, `${collection}.${model}`);
  if (!existsSync(index)) {
    run("index", texts, "--out", index, ...(model === "lsa" ? [] : ["--model", encoders[model]]));
  }
  const table = join(folder, `${collection}.${model}.${mode}.csv`);
  if (!existsSync(table))
    run("rank", index, queries, "--mode", mode, "--top", top(collection), "--out", table);
  const judged = parseJudgements(judgements, readFileSync(judgements, "utf8"));
  const rankings = parseRankings(table, readFileSync(table, "utf8"));
  const { ranked } = judgeRankings(judgements, judged, rankings);
  const { measures } = summariseRanking(ranked);
  const within = (most) => ranked.filter(({ grades }) => grades.slice(0, most).some((grade) => grade > 0));
  return {
    ranked,
    ...Object.fromEntries(Object.entries(measures).map(([measure, { mean }]) => [measure, mean])),
    first: within(1).length / ranked.length,
    inTen: within(10).length / ranked.length,
  };
}

const short = (value) => value.toFixed(3).replace(/^0/, "");
const line = (cells) => `| ${cells.join(" | ")} |`;

try {
  const { training, collections } = prepare(options["data-root"], join(folder, "data"));
  const encoders = Object.fromEntries(
    Object.keys(trainings).map((name) => [name, encoderOf(name, training)]),
  );
  for (const [name, encoder] of Object.entries(encoders)) {
    console.log(`${name}: ${secondsOf(encoder).toFixed(0)} s of training`);
  }
  const found = new Map();
  for (const row of rows) {
    // What was trained on the abstracts alone knows nothing of packages.
    const asked = collections.filter(({ name }) => row.model !== "crops" || name !== "debian");
    found.set(
      row.name,
      new Map(asked.map((collection) => [collection.name, rankingOf(collection, row, encoders)])),
    );
  }
  console.log(line(["", ...columns.map(([, , title]) => title)]));
  console.log(line(["---", ...columns.map(() => "---:")]));
  for (const [name, ofRow] of found) {
    const cells = columns.map(([collection, measure]) => ofRow.get(collection)?.[measure]);
    console.log(line([name, ...cells.map((value) => (value === undefined ? "" : short(value)))]));
  }
  console.log("\nagainst BM25, by a paired t-test:");
  const [[, words], ...others] = found;
  for (const [name, ofRow] of others) {
    const said = [...ofRow].map(([collection, { ranked }]) => {
      const measure = collection === "debian" ? "mrr" : "map";
      const { difference, p } = compareRankings(ranked, words.get(collection).ranked)[measure];
      return `${collection} ${measure.toUpperCase()} ${difference < 0 ? "-" : "+"}${short(Math.abs(difference))} (p ${p < 0.001 ? "< .001" : short(p)})`;
    });
    console.log(`${name}: ${said.join(", ")}`);
  }
  for (const { row, collection, measure, least } of bars) {
    const value = found.get(row).get(collection)[measure];
    if (value < least)
      fails.push(`${row}: ${measure} on ${collection} is ${short(value)}, below ${short(least)}`);
  }
  if (secondsOf(encoders.bag) > mostSeconds) {
    fails.push(`bag: ${secondsOf(encoders.bag).toFixed(0)} s of training, more than ${mostSeconds}`);
  }
} finally {
  if (options.out === undefined) rmSync(folder, { recursive: true, force: true });
}
if (fails.length > 0) {
  console.error(`FAILED: ${fails.join("; ")}`);
  process.exit(1);
}
console.log("passed");

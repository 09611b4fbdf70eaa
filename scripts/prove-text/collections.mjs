// The collections of prove-text: what encoders are trained on, and what their rankings are judged by. All of them keep to the bounds of
// the rulers: the titles that are looked for are in no training set, and no judgement is.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { numpyPermutation } from "./numpy-permutation.mjs";

/** Collections of abstracts with judgements, by the names of their files. */
export const abstracts = ["cranfield", "cisi", "cacm"];
/** Titles that are looked for among all descriptions. */
const known = 1000;

const readLines = (file) =>
  gunzipSync(readFileSync(file))
    .toString("utf8")
    .split("\n")
    .flatMap((line) => (line.trim() === "" ? [] : [JSON.parse(line)]));
const writeLines = (file, lines) =>
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

/**
 * Writes what the command line takes into a folder.
 *
 * @param {string} root the folder of the data
 * @param {string} folder is made
 * @returns {{ training: Record<"pairs" | "crops", string>, collections: { name: string, texts: string, queries: string, judgements: string }[] }}
 */
export function prepare(root, folder) {
  mkdirSync(folder, { recursive: true });
  const at = (name) => join(folder, name);
  const from = (name) => join(root, "ir-abstracts", name);
  const descriptions = readLines(join(root, "debian-descriptions", "documents.jsonl.gz"));
  // One package stands there twice: its second line has no say, in whatever part it is.
  const isFirst = descriptions.map(({ id }, i) => i === 0 || descriptions[i - 1].id !== id);
  const lookedFor = new Set(numpyPermutation(0, descriptions.length).slice(0, known));
  const texts = abstracts.flatMap((name) =>
    readLines(from(`${name}.documents.jsonl.gz`)).map((text) => ({ ...text, id: `${name}/${text.id}` })),
  );
  const learned = descriptions
    .filter((_, i) => isFirst[i] && !lookedFor.has(i))
    .map((text) => ({ ...text, id: `debian/${text.id}` }));
  writeLines(at("pairs.jsonl"), [...learned, ...texts]);
  writeLines(at("crops.jsonl"), texts.flatMap(cropsOf));
  // The titles are what is asked: they stand in no text.
  writeLines(
    at("debian.texts.jsonl"),
    descriptions.filter((_, i) => isFirst[i]).map(({ id, contents }) => ({ id, contents })),
  );
  const asked = [...lookedFor].filter((i) => isFirst[i]).map((i) => descriptions[i]);
  const write = (name, what) => writeFileSync(at(name), JSON.stringify(what));
  write(
    "debian.queries.json",
    asked.map(({ id, title }) => ({ query_id: id, query: title })),
  );
  write(
    "debian.judgements.json",
    asked.map(({ id }) => ({ query_id: id, doc_id: id, relevance: 1 })),
  );
  return {
    training: { pairs: at("pairs.jsonl"), crops: at("crops.jsonl") },
    collections: [
      ...abstracts.map((name) => ({
        name,
        texts: from(`${name}.documents.jsonl.gz`),
        queries: from(`${name}.queries.json`),
        judgements: from(`${name}.qrels.json`),
      })),
      {
        name: "debian",
        texts: at("debian.texts.jsonl"),
        queries: at("debian.queries.json"),
        judgements: at("debian.judgements.json"),
      },
    ],
  };
}

/**
 * Pairs of one text alone, as the inverse cloze task has them (Lee et al. 2019): each sentence of four words at least is a query, and
 * what is left of the text, title and all, its document.
 */
function cropsOf({ id, title, contents }) {
  const sentences = contents
    .split(/(?<=\s[.?!]|[.?!])\s+/u)
    .filter((sentence) => sentence.split(/\s+/u).length >= 4);
  const whole = [{ id, title, contents }];
  if (sentences.length < 2) return whole;
  return [
    ...whole,
    ...sentences.map((query, i) => ({
      id: `${id}#${i}`,
      title: query,
      contents: `${title} ${sentences.filter((_, other) => other !== i).join(" ")}`,
    })),
  ];
}

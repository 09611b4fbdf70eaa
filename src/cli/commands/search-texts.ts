// `tessera search`: finds texts of an index, and shows why.

import { createInterface } from "node:readline";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { plainText } from "../../errors/plain-text.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { queryWeights } from "../../text/lexical/bm25.ts";
import { openIndex, type OpenIndex } from "../../text/search/index-folder.ts";
import { searchModeOf, searchTexts, type Hit, type SearchMode } from "../../text/search/text-index.ts";
import { passageOf, type Passage } from "../../text/texts/passage.ts";
import type { Text } from "../../text/texts/text.ts";
import { printStyled, promptStream } from "../terminal/harmless-output.ts";
import { wrappedText } from "../terminal/wrapped-text.ts";
import { queryEncoder, type QueryEncoder } from "../text-options.ts";

export interface SearchCommandOptions extends DeviceOptions {
  readonly mode?: SearchMode;
  readonly top: number;
  readonly model?: string;
  readonly json: boolean;
}

interface Answer {
  readonly query: string;
  readonly mode: SearchMode;
  readonly milliseconds: number;
  readonly hits: readonly {
    readonly hit: Hit;
    readonly text: Text;
    readonly title: Passage;
    readonly passage: Passage;
  }[];
}

/**
 * Prints what was found, or with --json one object for each query, a line each:
 *
 *     query, mode, milliseconds
 *     found   [{ rank, id, title, passage, score, lexical?: { score, rank }, dense?: { score, rank } }], ranks from 1
 *
 * @param words the query; none: each line of stdin is one
 */
export async function searchCommand(
  folder: string,
  words: readonly string[],
  options: SearchCommandOptions,
): Promise<void> {
  const where = engineOptions(options);
  const query = words.join(" ").trim();
  if (words.length > 0 && query === "") {
    throw new UsageError(
      "the query is empty; name what to look for, or leave it out to read queries from the input",
    );
  }
  const open = await openIndex(folder);
  using encoder = await queryEncoder(open, options.mode, options.model, where);
  const show = async (query: string): Promise<void> => {
    const answer = await answered(open, encoder, query, options);
    if (options.json) process.stdout.write(`${JSON.stringify(asJson(answer))}\n`);
    else printStyled(asText(answer, open, terminalOf(process.stdout)));
  };
  if (query !== "") {
    await show(query);
    return;
  }
  if (process.stdin.isTTY && process.stdout.isTTY && !options.json) await converse(show);
  else for await (const line of createInterface({ input: process.stdin })) await showLine(line, show);
}

async function showLine(line: string, show: (query: string) => Promise<void>): Promise<void> {
  if (line.trim() !== "") await show(line.trim());
}

/** Asks for queries, which the arrow keys bring back, until the input ends (Ctrl-D) or is left (Ctrl-C). */
async function converse(show: (query: string) => Promise<void>): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: promptStream, prompt: "search: " });
  try {
    lines.prompt();
    for await (const line of lines) {
      await showLine(line, show);
      lines.prompt();
    }
    printStyled("\n");
  } finally {
    lines.close(); // gives the terminal back as it was
  }
}

interface Terminal {
  /** Whether words that matched are printed bold; else they stand between asterisks. */
  readonly isStyled: boolean;
  /** Columns of a line; without, lines are not broken. */
  readonly width?: number;
}

function terminalOf({ isTTY, columns }: NodeJS.WriteStream): Terminal {
  if (!isTTY) return { isStyled: false };
  return { isStyled: process.env.NO_COLOR === undefined, width: Math.max(40, Math.min(100, columns)) };
}

async function answered(
  open: OpenIndex,
  encoder: QueryEncoder,
  query: string,
  { mode, top }: SearchCommandOptions,
): Promise<Answer> {
  const started = performance.now();
  const [vector] = await encoder.encode([query]);
  const hits = searchTexts(open.index, query, vector, { mode, top });
  const milliseconds = performance.now() - started;
  const texts = await open.textsAt(hits.map(({ place }) => place));
  const weights = queryWeights(open.index.words, query);
  return {
    query,
    mode: searchModeOf(open.index, mode),
    milliseconds,
    hits: hits.map((hit, i) => {
      const text = { ...texts[i], title: plainText(texts[i].title), contents: plainText(texts[i].contents) };
      return { hit, text, title: passageOf(text.title, weights), passage: passageOf(text.contents, weights) };
    }),
  };
}

function asJson({ query, mode, milliseconds, hits }: Answer): object {
  const found = hits.map(({ hit: { id, score, parts }, text, passage }, i) => ({
    rank: i + 1,
    id,
    title: text.title,
    passage: passage.text,
    score,
    ...parts,
  }));
  return { query, mode, milliseconds, found };
}

const partNames = { lexical: "words", dense: "meaning" } as const;

function asText(
  { query, mode, milliseconds, hits }: Answer,
  { index }: OpenIndex,
  { isStyled, width = Infinity }: Terminal,
): string {
  const marked = ({ text, matches }: Passage): string => {
    let shown = "";
    let at = 0;
    for (const [start, end] of matches) {
      const word = text.slice(start, end);
      shown += text.slice(at, start) + (isStyled ? `\u001b[1m${word}\u001b[22m` : `*${word}*`);
      at = end;
    }
    return shown + text.slice(at);
  };
  const faint = (text: string): string => (isStyled ? `\u001b[2m${text}\u001b[22m` : text);
  if (hits.length === 0) {
    const why = mode === "lexical" ? "no text has a word of it" : "the index knows none of its words";
    return `Nothing found for ${JSON.stringify(plainText(query))}: ${why}.\n`;
  }
  const digits = String(hits.length).length;
  const indent = " ".repeat(digits + 2);
  const wrapped = (text: string): string => wrappedText(text, width, indent);
  const lines = hits.flatMap(({ hit: { id, score, parts }, title, passage }, i) => {
    const each = (["lexical", "dense"] as const).flatMap((name) => {
      const part = parts[name];
      return part === undefined
        ? []
        : [`${partNames[name]} ${part.score.toFixed(decimals[name])} (rank ${part.rank})`];
    });
    const together = mode === "both" ? [`score ${score.toFixed(2)}`] : [];
    const head = title.text === "" ? plainText(id) : marked(title);
    return [
      `${String(i + 1).padStart(digits)}  ${wrapped(head)}`,
      ...(passage.text === "" ? [] : [`${indent}${wrapped(marked(passage))}`]),
      `${indent}${faint(wrapped([plainText(id), ...together, ...each].join(" · ")))}`,
      "",
    ];
  });
  const last = `${counted(index.ids.length, "text")} searched by ${modeWords[mode]} in ${milliseconds.toFixed(0)} ms`;
  return `${lines.join("\n")}\n${faint(last)}\n`;
}

/** BM25 is from 0 to some tens, an inner product of vectors at length 1 from -1 to 1. */
const decimals = { lexical: 1, dense: 3 } as const;

const modeWords = { lexical: "words", dense: "meaning", both: "words and meaning" } as const;

// What the commands about texts have in common: texts of a file, the encoder of an index, and the queries' vectors.

import { resolve } from "node:path";
import type { DataError } from "../errors/data-errors.ts";
import { UsageError } from "../errors/errors.ts";
import type { LastingEngine } from "../runtime/lasting-engine.ts";
import type { EngineOptions } from "../runtime/open-engine.ts";
import type { Engine } from "../runtime/engine.ts";
import { lsaEncoder } from "../text/lsa/lsa.ts";
import { expectSameEncoder, openedForQueries } from "../text/search/index-by-folder.ts";
import type { OpenIndex } from "../text/search/index-folder.ts";
import { searchModeOf, type SearchMode } from "../text/search/text-index.ts";
import { rowsOf } from "../text/search/vectors.ts";
import type { ReadTexts, TextOptions } from "../text/texts/json-lines.ts";
import { readTexts } from "../text/texts/read-texts.ts";
import type { Encoder } from "../text/texts/text.ts";
import { lastingEngine } from "./on-engine.ts";

/** Texts of a file, and the lines that were left out of them. */
export interface TextLines extends ReadTexts {
  readonly faults: readonly DataError[];
}

/** @throws DataError as `readTexts`, naming the option that leaves a line out */
export async function readTextLines(
  file: string,
  keys: TextOptions["keys"],
  skipBad: boolean,
): Promise<TextLines> {
  const faults: DataError[] = [];
  const bad = (fault: DataError): void => {
    if (!skipBad) throw fault.advising("--skip-bad leaves such lines out");
    faults.push(fault);
  };
  return { ...(await readTexts(file, { keys, bad })), faults };
}

/** Encodes queries for an index, until it is disposed of. */
export interface QueryEncoder extends Disposable {
  /** What it computes on, where that is an engine. */
  readonly lasting?: LastingEngine;
  /** Of each query, f32 [width]; undefined where the mode has no use for them. */
  encode(queries: readonly string[]): Promise<readonly (Float32Array | undefined)[]>;
}

/**
 * @param model the folder of the encoder, where it is not the one that the index names
 * @throws UsageError for a mode that the index is not made for, or a model that it does not need; DataError when the encoder in the
 *   folder is another than that of the index
 */
export async function queryEncoder(
  { index, encoder, folder }: OpenIndex,
  asked: SearchMode | undefined,
  model: string | undefined,
  where: EngineOptions,
): Promise<QueryEncoder> {
  const mode = searchModeOf(index, asked);
  if (model !== undefined && encoder?.kind !== "folder") {
    throw new UsageError(
      `--model ${model}: ${folder} was made without a model; leave it out, or index with it`,
    );
  }
  if (mode === "lexical" || encoder === undefined) return withoutVectors;
  if (encoder.kind === "lsa") {
    const lsa = lsaEncoder(encoder.model);
    return { encode: async (queries) => rowsOf(await lsa.encode(queries), lsa.width), ...nothingToRelease };
  }
  const place = model === undefined ? encoder.folder : resolve(model);
  await expectSameEncoder(encoder, place);
  const lasting = await lastingEngine(where);
  let opened: { readonly engine: Engine; readonly encoder: Encoder } | undefined;
  return {
    lasting,
    encode: (queries) =>
      lasting.run(async (engine) => {
        if (opened?.engine !== engine)
          opened = { engine, encoder: await openedForQueries(engine, encoder, place) };
        return rowsOf(await opened.encoder.encode(queries), opened.encoder.width);
      }),
    [Symbol.dispose]: () => lasting[Symbol.dispose](),
  };
}

const nothingToRelease = { [Symbol.dispose]: (): void => undefined };
const withoutVectors: QueryEncoder = {
  encode: (queries) => Promise.resolve(queries.map(() => undefined)),
  ...nothingToRelease,
};

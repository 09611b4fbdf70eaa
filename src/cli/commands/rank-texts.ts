// `tessera rank`: ranks the texts of an index for every query of a file.

import { join } from "node:path";
import { counted } from "../../errors/counted.ts";
import { readText } from "../../files/bytes.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { indexFiles, openIndex } from "../../text/search/index-folder.ts";
import { rankingsCsv } from "../../text/search/ranking-table.ts";
import { searchModeOf, searchTexts, type SearchMode } from "../../text/search/text-index.ts";
import { parseQueries } from "../../text/texts/judgements.ts";
import { Counter } from "../terminal/counter.ts";
import { makeFolderOf, replaceOutput } from "../terminal/output-files.ts";
import { deviceSearch } from "../device-search.ts";
import { queryEncoder } from "../text-options.ts";

export interface RankOptions extends DeviceOptions {
  readonly out: string;
  readonly mode?: SearchMode;
  /** Texts of each query. */
  readonly top: number;
  readonly model?: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Queries that are encoded together. */
const atOnce = 512;

/**
 * Writes the table id, doc_id, query_id, score. Prints what it holds, or with --json one object: queries, mode, rows, without (queries
 * that nothing was found for), out, seconds.
 */
export async function rankCommand(folder: string, file: string, options: RankOptions): Promise<void> {
  const where = engineOptions(options);
  const { out, top, quiet } = options;
  const open = await openIndex(folder);
  const mode = searchModeOf(open.index, options.mode);
  const queries = parseQueries(file, await readText(file));
  makeFolderOf("--out", out, [file, ...Object.values(indexFiles).map((name) => join(folder, name))]);
  using encoder = await queryEncoder(open, options.mode, options.model, where);
  using device = await deviceSearch(open.index, encoder, where, { mode, top, count: queries.length });
  using counter = new Counter("ranking", queries.length, quiet);
  const started = performance.now();
  let rows = 0;
  let without = 0;
  await replaceOutput("--out", out, async (handle) => {
    for (let at = 0; at < queries.length; at += atOnce) {
      const some = queries.slice(at, at + atOnce);
      const vectors = await encoder.encode(some.map(({ text }) => text));
      const nearest = await device?.nearest(
        vectors.filter((vector) => vector !== undefined),
        { top, without: some.map((query) => query.without) },
      );
      for (const [i, query] of some.entries()) {
        const hits =
          nearest?.[i] ??
          searchTexts(open.index, query.text, vectors[i], { mode, top, without: query.without });
        rows += hits.length;
        if (hits.length === 0) without++;
        await handle.writeFile(rankingsCsv([{ query: query.id, documents: hits }], at + i === 0));
        counter.update(at + i + 1, queries.length);
      }
    }
  });
  const seconds = (performance.now() - started) / 1000;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ queries: queries.length, mode, rows, without, out, seconds }, null, 2)}\n`,
    );
    return;
  }
  const each = ((1000 * seconds) / queries.length).toFixed(1);
  const lines = [
    `${counted(queries.length, "query", "queries")}, ${counted(rows, "row")}: ${out}, in ${seconds.toFixed(1)} s (${each} ms a query)`,
    ...(without === 0 ? [] : [`${counted(without, "query", "queries")} found nothing`]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

// Commands about texts: making them ready, finding them, and judging what was found.

import { Option, type Command } from "commander";
import { goesOn } from "../metrics/ranking.ts";
import { standardisations } from "../text/search/standardisation.ts";
import { searchModes } from "../text/search/text-index.ts";
import type { IndexOptions } from "./commands/index-texts.ts";
import type { JudgeOptions } from "./commands/judge-ranking.ts";
import type { RankOptions } from "./commands/rank-texts.ts";
import type { SearchCommandOptions } from "./commands/search-texts.ts";
import { withDevice } from "./terminal/option-groups.ts";
import { wholeNumber } from "./terminal/options.ts";

/** Options of the commands that search an index. */
function withSearch(command: Command): Command {
  return withDevice(command)
    .argument("<index>", "folder that tessera index has written")
    .addOption(
      new Option(
        "--mode <mode>",
        "lexical: by words (BM25); dense: by vectors; both: by both scores together, words counting twice. Default: both where the index has vectors",
      ).choices(searchModes),
    )
    .option("--model <folder>", "the encoder of the index, where it has moved since");
}

export function addTextCommands(program: Command): void {
  withDevice(program.command("index"))
    .description("make the texts of a file ready to be searched: by their words, and by vectors")
    .argument("<texts>", "JSON lines with an id, a title and contents; also gzip'd")
    .requiredOption("--out <folder>", "folder for index.safetensors and texts.jsonl")
    .option(
      "--model <folder>",
      "make the vectors with this encoder: BERT, RoBERTa, XLM-R, or one that was trained here",
    )
    .addOption(
      new Option(
        "--encoder <kind>",
        "without a model, how vectors are made: lsa, from the texts themselves, or none (default: lsa)",
      ).choices(["lsa", "none"]),
    )
    .option(
      "--width <n>",
      "numbers of a vector of lsa, at most 1000 (default: 200, at most a fifth of the texts)",
      wholeNumber("--width", 1, 1000),
    )
    .addOption(
      new Option(
        "--standardise <how>",
        "with a model: none, corpus (by mean and deviation of each number over the texts), or notebook (default: none)",
      ).choices(standardisations),
    )
    .option(
      "--keys <keys>",
      "names of the id, the title and the contents in the file, such as _id,title,text",
    )
    .option(
      "--skip-bad",
      "leave out lines that cannot be read or have the id of another, and count them",
      false,
    )
    .option("--json", "print JSON", false)
    .option("--quiet", "print the result only", false)
    .action(async (file: string, options: IndexOptions) => {
      const { indexCommand } = await import("./commands/index-texts.ts");
      await indexCommand(file, options);
    });

  withSearch(program.command("search"))
    .description(
      "find texts of an index: with their titles, a passage with the words that matched, and why they were found",
    )
    .argument("[query...]", "what to look for; without it each line of the input is a query")
    .option("--top <n>", "how many texts", wholeNumber("--top", 1), 10)
    .option("--json", "print JSON, a line for each query", false)
    .action(async (folder: string, words: string[], options: SearchCommandOptions) => {
      const { searchCommand } = await import("./commands/search-texts.ts");
      await searchCommand(folder, words, options);
    });

  withSearch(program.command("rank"))
    .description(
      "rank the texts of an index for every query of a file, as a table id, doc_id, query_id, score",
    )
    .argument(
      "<queries>",
      "JSON array of { query_id, query }; source, an id or several: left out of the query's ranking",
    )
    .requiredOption("--out <file>", "the table, CSV")
    .option("--top <n>", "how many texts of each query", wholeNumber("--top", 1), 1000)
    .option("--json", "print JSON", false)
    .option("--quiet", "print the result only", false)
    .action(async (folder: string, file: string, options: RankOptions) => {
      const { rankCommand } = await import("./commands/rank-texts.ts");
      await rankCommand(folder, file, options);
    });

  program
    .command("judge-ranking")
    .description(
      "measure rankings by judgements: pFound, nDCG, MAP, MRR and recall with intervals over queries; several are compared with the first",
    )
    .argument("<judgements>", "JSON array of { query_id, doc_id, relevance }")
    .argument("<rankings...>", "tables of tessera rank")
    .addOption(
      new Option(
        "--pfound <form>",
        "standard, or notebook: the chance to break off in place of that to go on",
      )
        .choices(Object.keys(goesOn))
        .default("standard"),
    )
    .option(
      "--index <folder>",
      "the index that the rankings are of: judgements of documents that it does not have are refused",
    )
    .option("--json", "print JSON", false)
    .action(async (judgements: string, rankings: string[], options: JudgeOptions) => {
      const { judgeRankingCommand } = await import("./commands/judge-ranking.ts");
      await judgeRankingCommand(judgements, rankings, options);
    });
}

// `tessera encode train`: from pairs of texts to the folder of an encoder.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { RunFolderError } from "../../errors/training-errors.ts";
import { shellWord } from "../../errors/shell-words.ts";
import { readText } from "../../files/bytes.ts";
import { Initialiser } from "../../nn/initialise.ts";
import type { Engine } from "../../runtime/engine.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { readAnyRecord, runFiles } from "../../runs/run-files.ts";
import { RunFolder } from "../../runs/run-folder.ts";
import type { TaskSummary } from "../../runs/summary.ts";
import { trainTask } from "../../runs/train-task.ts";
import { fromFolder } from "../../text/encoder/encoder-folder.ts";
import { encoderFiles, encoderRecord, parsedRecord } from "../../text/encoder/encoder-record.ts";
import type { EncoderKind } from "../../text/encoder/encoder-kinds.ts";
import {
  encoderTask,
  type EncoderTask,
  type EncoderTaskOptions,
  type TextPair,
} from "../../text/encoder/encoder-task.ts";
import { createEncoder, type AnyEncoder, type EncoderConfiguration } from "../../text/encoder/encoders.ts";
import type { Tokeniser } from "../../text/encoder/token-lists.ts";
import { encoderDigest } from "../../text/search/encoder-digest.ts";
import { textKeys } from "../../text/texts/json-lines.ts";
import { parseTokeniser } from "../../text/vocabulary/tokeniser.ts";
import { trainVocabulary } from "../../text/vocabulary/train-vocabulary.ts";
import { budgetOf } from "../../training/budget.ts";
import type { Checkpoints } from "../../training/checkpoint.ts";
import { loopSettingsOf, type LoopSettings } from "../../training/loop-settings.ts";
import { bothListeners } from "../../training/training-reports.ts";
import { onEngine } from "../on-engine.ts";
import { Counter } from "../terminal/counter.ts";
import { EncodeProgress } from "../terminal/encode-progress.ts";
import { stopCode, untilInterrupted } from "../terminal/signals.ts";
import { warn } from "../terminal/warn.ts";
import { readTextLines } from "../text-options.ts";

export interface EncodeTrainOptions extends DeviceOptions {
  readonly pairs?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly init?: string;
  readonly encoder?: EncoderKind;
  readonly vocabulary?: number;
  readonly width?: number;
  readonly layers?: number;
  readonly heads?: number;
  readonly tokens?: number;
  readonly queryTokens?: number;
  readonly batch?: number;
  readonly epochs?: number;
  readonly steps?: number;
  readonly learningRate?: number;
  readonly heldOut?: number;
  readonly checkpointEvery?: NonNullable<Checkpoints["every"]>;
  readonly seed?: number;
  readonly skipBad: boolean;
  readonly force: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What the run is called. */
const taskName = "text encoder";
/** Options that may be given with --resume: another length, where it is computed, and what is printed. */
const free = [
  ...["resume", "epochs", "steps", "checkpointEvery", "json", "quiet"],
  ...["device", "adapter", "power", "robustness", "hangAfter"],
];
/** What describes an encoder, which that of --init has already. */
const ofEncoder = ["encoder", "vocabulary", "width", "layers", "heads"];

const optionName = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What a run is made of, whether it begins or goes on. */
interface EncoderRun {
  readonly out: string;
  readonly isResumed: boolean;
  /** Names of query and text, as they were typed. */
  readonly pairs: string;
  readonly skipBad: boolean;
  readonly task: EncoderTaskOptions;
  /** The loop's settings; without epochs those of the encoder's kind. */
  readonly settings: Partial<LoopSettings>;
  /** The encoder to train, once the pairs are known. */
  encoder(engine: Engine, pairs: readonly TextPair[]): Promise<OpenedEncoder>;
}

interface OpenedEncoder {
  readonly module: AnyEncoder;
  readonly tokeniser: Tokeniser;
  /** Where its first weights are from, if they are not drawn. */
  readonly init?: Init | undefined;
}

/** The encoder of --init. */
interface Init {
  readonly folder: string;
  readonly digest: string;
}

/** @param given names of the options that were given, defaults aside */
export async function encodeTrainCommand(
  file: string,
  options: EncodeTrainOptions,
  given: readonly string[],
): Promise<void> {
  const where = engineOptions(options);
  const run =
    options.resume === undefined ? newRun(options, given) : resumedRun(options.resume, options, given);
  const { quiet } = options;
  const say = (text: string): void => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  const pairs = await readPairs(file, run, say);
  let begun = run.isResumed;
  const { summary, stopped, task } = await onEngine(where, async (engine) => {
    const opened = await run.encoder(engine, pairs);
    const { module } = opened;
    try {
      const made = encoderTask(module, opened.tokeniser, pairs, {
        batch: module.configuration.kind === "bag" ? 256 : 64,
        ...run.task,
      });
      const task: EncoderTask = {
        ...made,
        settings: {
          ...{ ...made.settings, pairs: run.pairs, skipBad: run.skipBad },
          ...(opened.init === undefined ? {} : { init: opened.init }),
        },
      };
      const settings = { ...loopDefaults(opened, task), ...run.settings };
      if (!begun) describe(task, module, say);
      const progress = new EncodeProgress({
        budget: budgetOf(settings, task.stepsPerEpoch),
        batch: task.batch,
        quiet,
      });
      const done = await untilInterrupted((signal) =>
        trainTask(task, settings, {
          ...{ name: taskName, out: run.out, resume: begun, force: options.force && !begun, signal, warn },
          ...(options.checkpointEvery === undefined ? {} : { checkpointEvery: options.checkpointEvery }),
          files: folderFiles(opened, task.longest),
          // A device that is lost behind the first step leaves a run to go on with.
          listener: bothListeners({ step: () => (begun = true) }, progress.listener()),
        }),
      ).finally(() => progress.stop());
      return { summary: done.summary, stopped: done.stopped, task };
    } finally {
      module.dispose();
    }
  });
  if (stopped) process.exitCode = stopCode();
  if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  else process.stdout.write(`${outcome(run.out, summary, task, file, stopped).join("\n")}\n`);
}

/** @throws UsageError for options that contradict each other */
function newRun(options: EncodeTrainOptions, given: readonly string[]): EncoderRun {
  const { out, init, pairs = "title:contents", seed = 0, epochs, steps, learningRate } = options;
  if (out === undefined) throw new UsageError("required option '--out <folder>' not specified");
  const described = init === undefined ? undefined : given.find((name) => ofEncoder.includes(name));
  if (described !== undefined) {
    throw new UsageError(
      `--init takes the encoder as it is: ${optionName(described)} cannot be given with it; leave it out`,
    );
  }
  new RunFolder(out, options.force); // is refused before any work is done
  const { encoder: kind = "bag", layers, heads } = options;
  if (kind === "bag" && (layers ?? heads) !== undefined) {
    throw new UsageError(
      "--layers and --heads are of a transformer; add --encoder transformer, or leave them out",
    );
  }
  return {
    out,
    isResumed: false,
    pairs,
    skipBad: options.skipBad,
    task: {
      seed,
      ...(options.batch === undefined ? {} : { batch: options.batch }),
      ...(options.heldOut === undefined ? {} : { heldOut: options.heldOut }),
      ...(options.tokens === undefined ? {} : { documentTokens: options.tokens }),
      ...(options.queryTokens === undefined ? {} : { queryTokens: options.queryTokens }),
    },
    settings: {
      ...(epochs === undefined ? {} : { epochs }),
      ...(steps === undefined ? {} : { steps, epochs: 1 }),
      ...(learningRate === undefined ? {} : { learningRate }),
    },
    encoder: (engine, texts) =>
      init === undefined ? newEncoder(engine, texts, options, kind, seed) : encoderIn(engine, init),
  };
}

/** The encoder of a folder, to begin with. */
async function encoderIn(engine: Engine, folder: string): Promise<OpenedEncoder & { readonly init: Init }> {
  const { module, tokeniser } = await fromFolder(engine, folder);
  return { module, tokeniser, init: { folder: resolve(folder), digest: await encoderDigest(folder) } };
}

/** One that knows nothing yet, with a vocabulary of the texts. */
function newEncoder(
  engine: Engine,
  pairs: readonly TextPair[],
  {
    vocabulary: size = 8000,
    width = 128,
    layers = 2,
    heads = 4,
    tokens = 128,
    queryTokens = 32,
    quiet,
  }: EncodeTrainOptions,
  kind: EncoderKind,
  seed: number,
): Promise<OpenedEncoder> {
  using counter = new Counter("learning word pieces", 2 * pairs.length, quiet);
  const texts = pairs.flatMap(({ query, document }) => [query, document]);
  const content = trainVocabulary(texts, { size, progress: (done) => counter.update(done, texts.length) });
  const tokeniser = parseTokeniser(encoderFiles.tokeniser, content);
  const { vocabulary, padding = 0 } = tokeniser;
  const shared = { vocabulary, width, padding };
  const configuration: EncoderConfiguration =
    kind === "bag"
      ? { kind, ...shared }
      : {
          ...{ kind, ...shared, layers, heads, hidden: 4 * width, mostTokens: Math.max(tokens, queryTokens) },
          weighted: true,
        };
  const module = createEncoder(engine, new Initialiser(engine, seed), configuration);
  return Promise.resolve({ module, tokeniser });
}

/** What a run of a bag, or of a transformer, is trained with unless it is told otherwise. */
function loopDefaults({ module, init }: OpenedEncoder, { stepsPerEpoch }: EncoderTask): LoopSettings {
  const isBag = module.configuration.kind === "bag";
  const rates = isBag ? { new: 0.02, known: 0.002 } : { new: 0.001, known: 5e-5 };
  return {
    epochs: isBag ? 5 : 10,
    learningRate: init === undefined ? rates.new : rates.known,
    schedule: { by: "cosine", warmup: Math.min(100, stepsPerEpoch) },
    // Decay draws rare words to zero, which say most: a bag goes without.
    ...(isBag ? {} : { optimiser: { by: "adamw" }, decayed: "weights", clipNorm: 1 }),
  };
}

const recordedSettings = z.looseObject({
  ...{
    pairs: z.string(),
    skipBad: z.boolean(),
    batch: z.int(),
    temperature: z.number(),
    heldOut: z.int(),
    textSeed: z.int(),
  },
  tokens: z.object({ queries: z.int(), documents: z.int() }),
  init: z.object({ folder: z.string(), digest: z.string() }).optional(),
});

/** @throws UsageError for what a run to go on with has already; RunFolderError for a folder without such a run */
function resumedRun(
  folder: string,
  { epochs, steps }: EncodeTrainOptions,
  given: readonly string[],
): EncoderRun {
  const own = given.find((name) => !free.includes(name));
  if (own !== undefined) {
    throw new UsageError(
      `--resume goes on as the run was begun: ${optionName(own)} cannot be given with it; leave it out`,
    );
  }
  const record = readAnyRecord(folder);
  const found = recordedSettings.safeParse(record.settings);
  if (!("task" in record) || record.task !== taskName || !found.success) {
    throw new RunFolderError(
      `--resume ${folder}: holds no run of tessera encode train; name the folder of one`,
    );
  }
  const { pairs, skipBad, batch, temperature, heldOut, textSeed, tokens, init } = found.data;
  const { steps: formerSteps, ...settings } = loopSettingsOf(record.settings as unknown as LoopSettings);
  const length =
    epochs !== undefined
      ? { epochs }
      : { ...((steps ?? formerSteps) === undefined ? {} : { steps: steps ?? formerSteps }) };
  return {
    ...{ out: folder, isResumed: true, pairs, skipBad },
    task: {
      batch,
      temperature,
      heldOut,
      seed: textSeed,
      queryTokens: tokens.queries,
      documentTokens: tokens.documents,
    },
    settings: { ...settings, ...length },
    encoder: async (engine) => {
      // Before its first checkpoint a run has no weights of its own.
      if (init !== undefined && !existsSync(join(folder, runFiles.checkpoint)))
        return begunAgain(engine, folder, init);
      const [recordFile, tokeniserFile] = [encoderFiles.own, encoderFiles.tokeniser].map((name) =>
        join(folder, name),
      );
      const { encoder } = parsedRecord(recordFile, await readText(recordFile));
      const tokeniserText = await readText(tokeniserFile);
      const module = createEncoder(engine, new Initialiser(engine, textSeed), encoder);
      return { module, tokeniser: parseTokeniser(tokeniserFile, tokeniserText), init };
    },
  };
}

/** @throws RunFolderError when the encoder that a run began with is another by now */
async function begunAgain(engine: Engine, run: string, init: Init): Promise<OpenedEncoder> {
  const opened = await encoderIn(engine, init.folder);
  if (opened.init.digest === init.digest) return opened;
  throw new RunFolderError(
    `--resume ${run}: was killed before its first checkpoint, and the encoder that it began with, in ${init.folder}, is another by now; ` +
      "put that back, or begin another run with --out",
  );
}

/** @throws DataError as `readTexts`; UsageError for keys that are none */
async function readPairs(
  file: string,
  { pairs: typed, skipBad }: EncoderRun,
  say: (text: string) => void,
): Promise<TextPair[]> {
  const isShort = typed.split(":").length === 2;
  const keys = textKeys(
    "--pairs",
    isShort ? `id:${typed}` : typed,
    "takes the keys of the query and of the text, such as title:contents, with that of the id in front if it is not id",
  );
  const { texts, faults } = await readTextLines(file, keys, skipBad);
  if (faults.length > 0) say(`${counted(faults.length, "line")} left out, the first: ${faults[0].message}`);
  return texts.map(({ title, contents }) => ({ query: title, document: contents }));
}

const folderFiles = ({ module, tokeniser }: OpenedEncoder, mostTokens: number): Record<string, string> => ({
  [encoderFiles.tokeniser]: tokeniser.file ?? "",
  [encoderFiles.own]: encoderRecord(module.configuration, mostTokens),
});

function describe(
  { counts, cut, stepsPerEpoch, batch }: EncoderTask,
  module: AnyEncoder,
  say: (text: string) => void,
): void {
  const { kind, vocabulary, width } = module.configuration;
  say(
    `${kind}, ${vocabulary} word pieces, vectors of ${width} numbers: ${module.parameterCount.toLocaleString("en-US")} weights; ` +
      `${counted(counts.trained, "pair")} to learn from, ${counts.heldOut} held out, ${stepsPerEpoch} steps of ${batch} an epoch`,
  );
  if (counts.empty > 0) say(`${counted(counts.empty, "pair")} left out, since one of the texts has no word`);
  if (cut > 0) say(`${counted(cut, "query or text", "queries and texts")} longer than are read, and cut`);
}

function outcome(
  out: string,
  { validation, seconds, kept }: TaskSummary,
  task: EncoderTask,
  file: string,
  stopped: boolean,
): string[] {
  if (stopped)
    return [`stopped; go on with: tessera encode train ${shellWord(file)} --resume ${shellWord(out)}`];
  const score =
    validation === null ? "" : `, MRR ${validation.toFixed(3)} on ${task.counts.heldOut} pairs held out`;
  return [
    `encoder of epoch ${kept} in ${out}${score}, after ${seconds.toFixed(0)} s`,
    `Index texts with it: tessera index ${shellWord(file)} --model ${shellWord(out)} --out INDEX`,
  ];
}

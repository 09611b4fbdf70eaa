// Texts where there are no files: encoders trained, opened from bytes and run, and texts searched in memory, in a page and its workers.
// index.ts adds what needs Node.

export { DataError } from "../errors/data-errors.ts";
export { ModelError } from "../errors/training-errors.ts";
export { BagEncoder, type BagConfiguration } from "./encoder/bag-encoder.ts";
export {
  contrastiveLoss,
  type ContrastiveLoss,
  type ContrastiveLossOptions,
} from "./encoder/contrastive-loss.ts";
export { encoderBytes, encoderOfBytes, type EncoderFiles } from "./encoder/encoder-bytes.ts";
export {
  encoderTask,
  type EncoderReport,
  type EncoderTask,
  type EncoderTaskOptions,
  type FoundTexts,
  type TextPair,
} from "./encoder/encoder-task.ts";
export { SentenceEncoder, type EncodeTextsOptions } from "./encoder/sentence-encoder.ts";
export { TokenEncoder, type TokenOptions } from "./encoder/token-encoder.ts";
export {
  tokenBatch,
  type TokenBatch,
  type TokenBatchOptions,
  type Tokeniser,
} from "./encoder/token-lists.ts";
export { TransformerEncoder, type TransformerConfiguration } from "./encoder/transformer-encoder.ts";
export { bm25Scores, queryWeights, type Bm25Options } from "./lexical/bm25.ts";
export type { WordIndex } from "./lexical/word-index.ts";
export { fitLsa, lsaEncoder, type LsaModel, type LsaOptions } from "./lsa/lsa.ts";
export { indexByLsa, type LsaIndexOptions } from "./search/index-by-lsa.ts";
export { judgeRankings, type JudgedRankings, type QueryRanking } from "./search/judged-rankings.ts";
export type { Standardisation, Standardised } from "./search/standardisation.ts";
export { parseIndex, type IndexedTexts, type IndexEncoder, type StoredIndex } from "./search/stored-index.ts";
export {
  encodeTexts,
  indexTexts,
  searchModes,
  searchTexts,
  type Hit,
  type SearchMode,
  type SearchOptions,
  type TextIndex,
} from "./search/text-index.ts";
export { VectorSearch, type VectorSearchOptions } from "./search/vector-search.ts";
export type { Vectors } from "./search/vectors.ts";
export {
  parseTexts,
  type ReadTexts,
  type TextKeys,
  type TextLimits,
  type TextOptions,
} from "./texts/json-lines.ts";
export { parseJudgements, parseQueries, type Judgement, type Query } from "./texts/judgements.ts";
export { passageOf, type Passage } from "./texts/passage.ts";
export type { Encoder, Text } from "./texts/text.ts";
export { parseTokeniser } from "./vocabulary/tokeniser.ts";
export {
  trainVocabulary,
  type TokeniserFile,
  type VocabularyOptions,
} from "./vocabulary/train-vocabulary.ts";

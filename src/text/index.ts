// Texts: encoders that are trained or fine-tuned, and run, and search by words, by vectors, or by both; and folders of encoders and
// indexes. The training loop is in tessera/training, and measures of rankings are in tessera/metrics.

export * from "./index.browser.ts";
export { fromFolder, writeEncoder } from "./encoder/encoder-folder.ts";
export {
  indexByFolder,
  queryEncoder,
  type FolderIndex,
  type FolderIndexOptions,
  type QueryEncoderOptions,
} from "./search/index-by-folder.ts";
export { openIndex, writeIndex, type OpenIndex } from "./search/index-folder.ts";
export { readTexts } from "./texts/read-texts.ts";

// What a made-up copy of a dataset is, for the tests of the page of datasets.

export interface DatasetFiles {
  /** Of the first source of its manifest. */
  readonly name: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** By source and class, a letter for each image: 1 positive, 0 negative, - absent, s soft; classes without a label are left out. */
  readonly states: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const lines = (...rows: readonly string[]): string => `${rows.join("\n")}\n`;

// The folder of an index: index.safetensors with all that is searched, and texts.jsonl with what is shown.
import { mkdir, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { aString, expectArgument, madeWith } from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { readBytes } from "../../files/bytes.ts";
import { codeOf } from "../../files/causes.ts";
import { replaceFile } from "../../files/whole-files.ts";
import { expectTexts, saysNothing, type Text } from "../texts/text.ts";
import { indexBytes, parseIndex, type IndexedTexts, type StoredIndex } from "./stored-index.ts";
import { expectIndex } from "./text-index.ts";

export const indexFiles = { index: "index.safetensors", texts: "texts.jsonl" } as const;

/** An index that was opened. */
export interface OpenIndex extends StoredIndex {
  readonly folder: string;
  /** The texts at some places, in that order, read from the folder. @throws DataError when they are not there any more */
  readonly textsAt: (places: ArrayLike<number>) => Promise<Text[]>;
}

/**
 * Writes an index into a folder, which is made where there is none. Each of its two files replaces an earlier one at once; a folder
 * that was left between the two, with texts of another length than those of its index, is refused by `openIndex`.
 *
 * @param texts those of the index, in its order
 * @param indexed as `indexByLsa` and `indexByFolder` give it, or `{ index: await indexTexts(texts) }`
 * @returns bytes of both files
 * @throws UsageError for other texts than those of the index; what the file system does
 */
export async function writeIndex(
  folder: string,
  texts: readonly Text[],
  indexed: IndexedTexts,
): Promise<number> {
  expectArgument("writeIndex", "the folder", folder, aString);
  expectTexts("writeIndex", texts);
  expectArgument("writeIndex", "what is written", indexed, madeWith("an object with an index", ["index"]));
  const { index, encoder } = indexed;
  expectIndex("writeIndex", index);
  if (texts.length !== index.ids.length || texts.some(({ id }, i) => id !== index.ids[i])) {
    throw new UsageError("writeIndex: the texts must be those of the index, in its order");
  }
  if ((encoder === undefined) !== (index.vectors === undefined)) {
    throw new UsageError(
      "writeIndex: an index of vectors needs its encoder, and one of words alone has none",
    );
  }
  await mkdir(folder, { recursive: true });
  const offsets = new Float64Array(texts.length + 1);
  const lines = texts.map(({ id, title, contents }) =>
    Buffer.from(`${JSON.stringify({ id, title, contents })}\n`),
  );
  for (const [i, { length }] of lines.entries()) offsets[i + 1] = offsets[i] + length;
  await replaceFile(join(folder, indexFiles.texts), async (handle) => {
    for (let i = 0; i < lines.length; i += 1024)
      await handle.writeFile(Buffer.concat(lines.slice(i, i + 1024)));
  });
  const empty = texts.filter(saysNothing).length;
  const parts = indexBytes({ index, encoder, offsets, empty });
  await replaceFile(join(folder, indexFiles.index), async (handle) => {
    for (const part of parts) await handle.writeFile(part);
  });
  return offsets[texts.length] + parts.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Opens the index of a folder.
 * @throws DataError when there is none, it is damaged, or its texts are not those that it was made of
 */
export async function openIndex(folder: string): Promise<OpenIndex> {
  expectArgument("openIndex", "the folder", folder, aString);
  const file = join(folder, indexFiles.index);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) {
    const isFolder = (await stat(folder).catch(() => undefined))?.isDirectory() === true;
    const why = isFolder ? `holds no index (${indexFiles.index})` : "is no folder of an index";
    throw new DataError(folder, `${why}; make one with tessera index`);
  }
  const stored = parseIndex(file, await readBytes(file));
  const textsFile = join(folder, indexFiles.texts);
  const size = await stat(textsFile).then(
    (texts) => texts.size,
    () => undefined,
  );
  const expected = stored.offsets[stored.index.ids.length];
  if (size !== expected) {
    const why =
      size === undefined
        ? "is missing"
        : `has ${size} bytes, and those that the index was made of ${expected}`;
    throw new DataError(textsFile, `${why}; make the index again`);
  }
  return { ...stored, folder, textsAt: (places) => textsAt(textsFile, stored, places) };
}

async function textsAt(
  file: string,
  { index, offsets }: StoredIndex,
  places: ArrayLike<number>,
): Promise<Text[]> {
  const changed = (place: number, cause?: unknown): DataError =>
    new DataError(
      file,
      `line ${place + 1} is not the text ${JSON.stringify(index.ids[place])} that the index was made of; make the index again`,
      { cause },
    );
  let handle;
  try {
    handle = await open(file);
  } catch (cause) {
    throw new DataError(file, `cannot be opened (${codeOf(cause) ?? String(cause)}); make the index again`, {
      cause,
    });
  }
  try {
    const texts: Text[] = [];
    for (const place of Array.from(places)) {
      const bytes = Buffer.alloc(offsets[place + 1] - offsets[place]);
      await handle.read(bytes, 0, bytes.length, offsets[place]);
      let text: Partial<Text>;
      try {
        text = JSON.parse(bytes.toString("utf8")) as Partial<Text>;
      } catch (cause) {
        throw changed(place, cause);
      }
      const { id, title, contents } = text;
      if (id !== index.ids[place] || typeof title !== "string" || typeof contents !== "string")
        throw changed(place);
      texts.push({ id, title, contents });
    }
    return texts;
  } finally {
    await handle.close();
  }
}

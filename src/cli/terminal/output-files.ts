// Files and folders, named by options, that a command writes beside its result.

import { statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../../errors/errors.ts";
import { makeFolders, whyNoFolder } from "../../files/folders.ts";
import { replaceFile } from "../../files/whole-files.ts";

/** Makes sure early that sheets can be written. @throws UsageError naming the option */
export function makeFolder(option: string, folder: string): void {
  try {
    makeFolders(folder);
  } catch (cause) {
    throw new UsageError(`${option} ${folder}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Looks at the place of a file that is written later, and makes nothing.
 *
 * @param inputs files that the command reads, which the file may not replace
 * @throws UsageError naming the option
 */
export function checkFolderOf(option: string, file: string, inputs: readonly string[] = []): void {
  const why = whyNoFolder(dirname(file));
  if (why !== undefined) {
    const isAbove = why.startsWith("is a file");
    throw new UsageError(`${option} ${file}: ${isAbove ? `${dirname(file)} is a file, not a folder` : why}`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new UsageError(`${option} ${file}: it is a folder; name a file in it`);
  }
  expectNoInput(option, file, inputs);
}

/** As makeFolder, for the folder of a file, whose place is looked at as checkFolderOf does. @throws UsageError naming the option */
export function makeFolderOf(option: string, file: string, inputs: readonly string[] = []): void {
  checkFolderOf(option, file, inputs);
  makeFolder(option, dirname(file));
}

/**
 * Refuses a result in the place of a file that the command reads, under whatever name: by a link or another way of writing it, too.
 *
 * @param inputs files of which some may not be there
 * @throws UsageError naming the option and the input
 */
export function expectNoInput(option: string, file: string, inputs: readonly string[]): void {
  const placed = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (placed === undefined) return;
  const replaced = inputs.find((input) => {
    const read = statSync(input, { bigint: true, throwIfNoEntry: false });
    return read?.isFile() === true && read.dev === placed.dev && read.ino === placed.ino;
  });
  if (replaced !== undefined) {
    const same = replaced === file ? "" : ` is ${replaced}, which`;
    throw new UsageError(
      `${option} ${file}:${same} is read by this command, and would be replaced; name another file`,
    );
  }
}

const notWritten = (option: string, file: string, cause: unknown): UsageError =>
  new UsageError(`${option} ${file}: cannot be written (${(cause as Error).message})`, { cause });

/** Writes the file that an option names whole or not at all, as `replaceFile`. @throws UsageError naming the option */
export async function replaceOutput(
  option: string,
  file: string,
  write: Parameters<typeof replaceFile>[1],
): Promise<void> {
  try {
    await replaceFile(file, write);
  } catch (cause) {
    throw notWritten(option, file, cause);
  }
}

/** Writes the file that an option names, and the folders above it. @throws UsageError naming the option */
export function writeOutput(option: string, file: string, content: Buffer | string): void {
  try {
    makeFolders(dirname(file));
    writeFileSync(file, content);
  } catch (cause) {
    throw notWritten(option, file, cause);
  }
}

// Files and folders, named by options, that a command writes beside its result.

import { accessSync, constants, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../../errors/errors.ts";

/** Makes sure early that sheets can be written. @throws UsageError naming the option */
export function makeFolder(option: string, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "EEXIST" ? "it is a file; name a folder" : message;
    throw new UsageError(`${option} ${folder}: cannot be written to (${reason})`, { cause });
  }
}

/** As makeFolder, for the folder of a file. @throws UsageError naming the option */
export function makeFolderOf(option: string, file: string): void {
  makeFolder(option, dirname(file));
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new UsageError(`${option} ${file}: it is a folder; name a file in it`);
  }
}

/** Writes the file that an option names, and the folders above it. @throws UsageError naming the option */
export function writeOutput(option: string, file: string, content: Buffer | string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch (cause) {
    throw new UsageError(`${option} ${file}: cannot be written (${(cause as Error).message})`, { cause });
  }
}

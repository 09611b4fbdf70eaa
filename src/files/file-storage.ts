// Keeps bytes in a folder, in Node.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { aString, expectArgument } from "../errors/arguments.ts";
import { expectName, type ByteStorage } from "./byte-storage.ts";
import { codeOf } from "./causes.ts";
import { makeFolders } from "./folders.ts";
import { replaceFile } from "./whole-files.ts";

/** Files in a folder, which is made with the first of them. */
export function fileStorage(folder: string): ByteStorage {
  expectArgument("fileStorage", "the folder", folder, aString);
  return {
    async read(name) {
      expectName("read", name);
      try {
        return await readFile(join(folder, name));
      } catch (error) {
        if (codeOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    async write(name, bytes) {
      expectName("write", name);
      makeFolders(folder);
      await replaceFile(join(folder, name), (handle) => handle.writeFile(bytes));
    },
  };
}

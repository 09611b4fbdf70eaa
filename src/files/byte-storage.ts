// Where a program keeps bytes by name, as a training its checkpoint: the contract, and names that every such place can have.

import { expectArgument, madeWith } from "../errors/arguments.ts";

/** A place for bytes by name: `opfsStorage` of a browser, `fileStorage` of Node, or one that a program has written. */
export interface ByteStorage {
  /** The bytes of a name; undefined where there are none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Keeps them whole or not at all: what was there before stays until then. */
  write(name: string, bytes: Uint8Array): Promise<void>;
}

/** A storage as far as arguments are looked at. */
export const aStorage = madeWith("a storage with read() and write(), as opfsStorage gives it", [
  "read",
  "write",
]);

/** @throws UsageError for a name that is not one in a folder everywhere: letters, digits, and _ - . between them */
export function expectName(what: string, name: string): void {
  expectArgument(what, "the name", name, {
    words: "a name of letters, digits, _, - and single dots, such as run.safetensors",
    fits: (value) => typeof value === "string" && /^[\w-]+(?:\.[\w-]+)*$/u.test(value),
  });
}

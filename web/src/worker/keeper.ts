// Keeps a training in the browser's own storage (OPFS), so that it goes on where it was after the tab was closed. One training at a
// time: its setup, and the last checkpoint of each model.

import { checkpointBytes, checkpointOf, type Checkpoints } from "tessera/training";
import type { Setup } from "../protocol.ts";

const folderName = "tessera";
const setupName = "setup.json";
const fileOf = (arm: string): string => `${arm}.checkpoint`;
/** A checkpoint is written this often, and when the training is stopped. */
const seconds = 10;

export class Keeper {
  /** Undefined where the browser refuses storage: a training then ends with its tab. */
  async #folder(): Promise<FileSystemDirectoryHandle | undefined> {
    try {
      const root = await navigator.storage.getDirectory();
      return await root.getDirectoryHandle(folderName, { create: true });
    } catch {
      return undefined;
    }
  }

  async #read(name: string): Promise<Uint8Array | undefined> {
    try {
      const file = await (await (await this.#folder())?.getFileHandle(name))?.getFile();
      return file === undefined ? undefined : new Uint8Array(await file.arrayBuffer());
    } catch {
      return undefined;
    }
  }

  async #write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const folder = await this.#folder();
    if (folder === undefined) return;
    // What is written becomes the file when it is closed: a tab that ends before keeps the last one.
    const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await stream.write(bytes);
    await stream.close();
  }

  /** The setup of the training that is kept. */
  async kept(): Promise<Setup | undefined> {
    const bytes = await this.#read(setupName);
    if (bytes === undefined) return undefined;
    try {
      return JSON.parse(new TextDecoder().decode(bytes)) as Setup;
    } catch {
      return undefined;
    }
  }

  /** Makes place for a training; one that goes on finds its own. */
  async begin(setup: Setup, goesOn: boolean): Promise<void> {
    if (!goesOn) await this.forget();
    await this.#write(setupName, new TextEncoder().encode(JSON.stringify(setup)));
  }

  async checkpoints(arm: string, goesOn: boolean): Promise<Checkpoints> {
    const name = fileOf(arm);
    const bytes = goesOn ? await this.#read(name) : undefined;
    return {
      ...(bytes === undefined ? {} : { from: { checkpoint: checkpointOf(name, bytes), file: name } }),
      every: { seconds },
      save: (checkpoint) => this.#write(name, checkpointBytes(checkpoint)),
    };
  }

  async forget(): Promise<void> {
    try {
      const root = await navigator.storage.getDirectory();
      await root.removeEntry(folderName, { recursive: true });
    } catch {
      // There was none.
    }
  }
}

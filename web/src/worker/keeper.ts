// Keeps a training in the browser's own storage (OPFS), so that it goes on where it was after the tab was closed. One training at a
// time: its setup, and the last checkpoint of each model.

import { opfsStorage, storedCheckpoints, type Checkpoints } from "tessera/training";
import type { Setup } from "../protocol.ts";

type Storage = Awaited<ReturnType<typeof opfsStorage>>;

const setupName = "setup.json";
/** A checkpoint is written this often, in seconds, after every epoch, and when the training is stopped. */
const seconds = 10;

export class Keeper {
  /** Undefined where the browser refuses storage, as in private windows: a training then ends with its tab. */
  async #storage(): Promise<Storage | undefined> {
    try {
      return await opfsStorage("tessera-page");
    } catch {
      return undefined;
    }
  }

  /** The setup of the training that is kept. */
  async kept(): Promise<Setup | undefined> {
    try {
      const bytes = await (await this.#storage())?.read(setupName);
      return bytes === undefined ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as Setup);
    } catch {
      return undefined;
    }
  }

  /** Makes place for a training; one that goes on finds its own. */
  async begin(setup: Setup, goesOn: boolean): Promise<void> {
    if (!goesOn) await this.forget();
    await (await this.#storage())?.write(setupName, new TextEncoder().encode(JSON.stringify(setup)));
  }

  /** Those of a model of the training that is kept; a training that begins has none. */
  async checkpoints(arm: string): Promise<Checkpoints | undefined> {
    const storage = await this.#storage();
    return storage === undefined
      ? undefined
      : await storedCheckpoints(storage, `${arm}.checkpoint`, { every: { seconds } });
  }

  async forget(): Promise<void> {
    try {
      const root = await navigator.storage.getDirectory();
      await root.removeEntry("tessera-page", { recursive: true });
    } catch {
      // There was none.
    }
  }
}

// Keeps a training in the browser's own storage (OPFS), so that it goes on where it was after the tab was closed: its setup, and of each
// model the last checkpoint and what was told of it. One training at a time. Where the browser gives no storage, or no more of it, it
// is kept in memory: a lost device then still goes on, a closed tab does not.

import {
  opfsStorage,
  storedCheckpoints,
  type ByteStorage,
  type Checkpoints,
} from "@tessera-gpu/tessera/training";
import type { History, Setup } from "../protocol.ts";

const folder = "tessera-page";
const setupName = "setup.json";
/** Of what is kept; that of another version is left alone, and not gone on with. */
const version = 2;
/** A checkpoint is written this often, in seconds, after every epoch, and when the training is stopped. */
const seconds = 10;

const text = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
const parsed = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

function memoryStorage(): ByteStorage {
  const held = new Map<string, Uint8Array>();
  return {
    read: (name) => Promise.resolve(held.get(name)),
    write: (name, bytes) => {
      held.set(name, bytes.slice());
      return Promise.resolve();
    },
  };
}

/** Why a browser keeps nothing, in words; undefined for an error of another kind. */
function refusal(error: unknown): string | undefined {
  const { name } = error as { readonly name?: string };
  if (name === "QuotaExceededError") return "The browser's storage is full";
  const refused = ["SecurityError", "UsageError", "UnknownError", "InvalidStateError", "NotAllowedError"];
  return name !== undefined && refused.includes(name) ? "The browser gives this page no storage" : undefined;
}

export class Keeper {
  readonly #warn: (text: string) => void;
  #storage: ByteStorage = memoryStorage();
  #lasting = false;

  private constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /**
   * Works with a keeper, under a lock: one tab keeps its training at a time, and browsers do not freeze a hidden tab that holds one.
   * @param warn told when nothing lasts beyond the tab
   */
  static async during<Result>(
    warn: (text: string) => void,
    work: (keeper: Keeper) => Promise<Result>,
  ): Promise<Result> {
    return await navigator.locks.request(folder, { ifAvailable: true }, async (lock) => {
      const keeper = new Keeper(warn);
      if (lock === null)
        warn("Another tab of this page trains, too: what this one learns is gone when it is closed.");
      else await keeper.#openStorage();
      return await work(keeper);
    });
  }

  async #openStorage(): Promise<void> {
    try {
      this.#storage = await opfsStorage(folder);
      this.#lasting = true;
    } catch (error) {
      this.#lose(error);
    }
  }

  /** From here on, in memory. @throws the error if it is no refusal of the browser's */
  #lose(error: unknown): void {
    const why = refusal(error);
    if (why === undefined) throw error;
    const before = this.#storage;
    const memory = memoryStorage();
    this.#storage = {
      ...memory,
      read: async (name) => (await memory.read(name)) ?? (await before.read(name)),
    };
    this.#lasting = false;
    this.#warn(`${why}: the training goes on, and what it learns is gone when this tab is closed.`);
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const storage = this.#storage;
    try {
      await storage.write(name, bytes);
    } catch (error) {
      // Another model may have met the same meanwhile.
      if (storage === this.#storage) {
        if (!this.#lasting) throw error;
        this.#lose(error);
      }
      await this.#storage.write(name, bytes);
    }
  }

  /** Whether a training goes on after its tab was closed. */
  get lasting(): boolean {
    return this.#lasting;
  }

  /** The setup of the training that is kept, whoever trains meanwhile. */
  static async kept(): Promise<Setup | undefined> {
    try {
      const bytes = await (await opfsStorage(folder)).read(setupName);
      const found = bytes === undefined ? undefined : (parsed(bytes) as { version?: number; setup?: Setup });
      return found?.version === version ? found.setup : undefined;
    } catch {
      return undefined; // no storage, or nothing in it that can be read
    }
  }

  /** Makes place for a training; one that goes on finds its own. */
  async begin(setup: Setup, goesOn: boolean): Promise<void> {
    if (goesOn) {
      if (this.#lasting) return;
      throw new Error(
        "What was trained before cannot be read now: close the other tabs of this page, or train anew",
      );
    }
    if (this.#lasting) await Keeper.#forget();
    if (this.#lasting) await this.#openStorage();
    await this.#write(setupName, text({ version, setup }));
  }

  /**
   * Those of a model of the training that is kept; a training that begins has none.
   * @param saved told after each that was written
   */
  async checkpoints(arm: string, history: History, saved: () => void): Promise<Checkpoints> {
    const storage: ByteStorage = {
      read: (name) => this.#storage.read(name),
      write: (name, bytes) => this.#write(name, bytes),
    };
    const stored = await storedCheckpoints(storage, `${arm}.checkpoint`, { every: { seconds } });
    return {
      ...stored,
      save: async (checkpoint) => {
        await stored.save(checkpoint);
        await this.#write(`${arm}.history`, text(history));
        saved();
      },
    };
  }

  /** What was told of a model before; nothing where it begins. */
  async history(arm: string): Promise<History> {
    const bytes = await this.#storage.read(`${arm}.history`);
    return bytes === undefined ? { steps: [], epochs: [] } : (parsed(bytes) as History);
  }

  /** Bytes by name, of what else a training needs to go on. */
  async keep(name: string, bytes: Uint8Array): Promise<void> {
    await this.#write(name, bytes);
  }

  async find(name: string): Promise<Uint8Array | undefined> {
    return await this.#storage.read(name);
  }

  static async #forget(): Promise<void> {
    try {
      const root = await navigator.storage.getDirectory();
      await root.removeEntry(folder, { recursive: true });
    } catch {
      // There was none.
    }
  }
}

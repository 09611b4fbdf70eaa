// The decoding threads, seen from the main thread: files go in, pixels come out.
import { Worker } from "node:worker_threads";
import { UsageError } from "../../errors/errors.ts";
import { DataError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";
import type { FittedSize, ImageReading } from "../images/index.ts";
import type { Reply, Request } from "./decode-worker.ts";
import { workerFile } from "./worker-file.ts";

export interface DecodedFile {
  /** The key of its image (image-cache.ts). */
  readonly key: string;
  /** Undefined where the pixels were not wanted. */
  readonly decoded: { readonly pixelHash: string; readonly pixels: Uint8Array } | undefined;
}

/** Tells whether the pixels of an image are needed. @param memory bytes that decoding them would hold at once */
export type Wanted = (key: string, memory: number) => Promise<boolean>;

interface Task {
  readonly file: string;
  readonly wanted: Wanted;
  readonly resolve: (done: DecodedFile | DataError) => void;
  readonly reject: (reason: unknown) => void;
  key: string;
}

interface Thread {
  readonly worker: Worker;
  readonly tasks: Map<number, Task>;
}

export class DecodePool {
  /** Threads that are alive. */
  #threads: readonly Thread[];
  #next = 0;
  #closed = false;
  /** The reason why the last thread was lost. */
  #lost: unknown;

  /** @param size the size of every image in the cache */
  constructor(workers: number, size: FittedSize) {
    const file = workerFile(import.meta.url);
    this.#threads = Array.from({ length: workers }, () => {
      const thread: Thread = { worker: new Worker(file, { workerData: size }), tasks: new Map() };
      thread.worker.on("message", (reply: Reply) => this.#take(thread, reply));
      thread.worker.on("error", (cause: unknown) => this.#lose(thread, cause));
      thread.worker.on("exit", () => this.#lose(thread, new Error("it ended")));
      return thread;
    });
  }

  /**
   * Reads and decodes a file on the least busy thread.
   *
   * @param wanted called with the key of its image; tells whether its pixels are needed
   * @returns a DataError where the file holds no image that can be decoded
   * @throws DataError when its thread is lost before it is done, or all are; UsageError after `close`, and where the package that
   *   decodes is not installed
   */
  async decode(file: string, reading: ImageReading, wanted: Wanted): Promise<DecodedFile | DataError> {
    if (this.#closed) throw new UsageError(`${file}: the decoding threads were closed`);
    const [first, ...others] = this.#threads;
    if (first === undefined) {
      const cause = this.#lost;
      throw new DataError(file, `cannot be decoded: all threads were lost (${messageOf(cause)})`, { cause });
    }
    const thread = others.reduce((least, each) => (each.tasks.size < least.tasks.size ? each : least), first);
    return await new Promise((resolve, reject) => {
      const task = this.#next++;
      thread.tasks.set(task, { file, wanted, resolve, reject, key: "" });
      this.#ask(thread, { kind: "read", task, file, reading });
    });
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #ask({ worker }: Thread, request: Request): void {
    worker.postMessage(request);
  }

  #take(thread: Thread, reply: Reply): void {
    const task = thread.tasks.get(reply.task);
    if (task === undefined) return;
    const { key } = task;
    const done = (result: DecodedFile | DataError): void => {
      thread.tasks.delete(reply.task);
      task.resolve(result);
    };
    if (reply.kind === "missing") {
      thread.tasks.delete(reply.task);
      task.reject(new UsageError(reply.message));
    } else if (reply.kind === "bad") done(new DataError(task.file, reply.reason));
    else if (reply.kind === "pixels")
      done({ key, decoded: { pixelHash: reply.pixelHash, pixels: reply.pixels } });
    else {
      task.key = reply.key;
      task.wanted(reply.key, reply.memory).then(
        (wanted) => {
          this.#ask(thread, { kind: wanted ? "decode" : "drop", task: reply.task });
          if (!wanted) done({ key: reply.key, decoded: undefined });
        },
        (reason: unknown) => {
          thread.tasks.delete(reply.task);
          task.reject(reason);
        },
      );
    }
  }

  /** Rejects the work of a thread that ended unexpectedly, mostly for lack of memory. */
  #lose(lost: Thread, cause: unknown): void {
    if (!this.#threads.includes(lost)) return; // reported twice
    this.#threads = this.#threads.filter((thread) => thread !== lost);
    this.#lost = cause;
    for (const { file, reject } of lost.tasks.values()) {
      const reason = `was being decoded when its thread was lost (${messageOf(cause)})`;
      reject(new DataError(file, reason, { cause }));
    }
    lost.tasks.clear();
  }
}

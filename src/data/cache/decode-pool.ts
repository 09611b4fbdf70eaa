// The decoding threads, seen from the main thread: files go in, pixels come out.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { DataError } from "../failures.ts";
import type { ImageSize, Reply, Request } from "./decode-worker.ts";

export interface DecodedFile {
  /** SHA-256 of the file's content, unpacked. */
  readonly content: string;
  /** Undefined where the pixels were not wanted. */
  readonly decoded: { readonly pixelHash: string; readonly pixels: Uint8Array } | undefined;
}

interface Task {
  readonly file: string;
  readonly wanted: (content: string) => Promise<boolean>;
  readonly resolve: (done: DecodedFile | DataError) => void;
  readonly reject: (reason: unknown) => void;
  content: string;
}

interface Thread {
  readonly worker: Worker;
  readonly tasks: Map<number, Task>;
}

/**
 * What the threads load. Node 20 loads no TypeScript: from the sources, as tests run, they take what is built of them,
 * and `npm test` builds first.
 */
function workerFile(): string {
  const source = import.meta.url.endsWith(".ts");
  const file = fileURLToPath(
    new URL(source ? "../../../dist/data/cache/decode-worker.js" : "./decode-worker.js", import.meta.url),
  );
  if (existsSync(file)) return file;
  throw new Error(`${file}: the decoding threads need the built package; run npm run build`);
}

export class DecodePool {
  readonly #threads: readonly Thread[];
  #next = 0;

  /** @param size what every image is brought to */
  constructor(workers: number, size: ImageSize) {
    const file = workerFile();
    this.#threads = Array.from({ length: workers }, () => {
      const thread: Thread = { worker: new Worker(file, { workerData: size }), tasks: new Map() };
      thread.worker.on("message", (reply: Reply) => this.#take(thread, reply));
      thread.worker.on("error", (cause: unknown) => this.#lose(thread, cause));
      thread.worker.on("exit", () => this.#lose(thread, new Error("it ended")));
      return thread;
    });
  }

  /**
   * Reads and decodes a file on the thread that has least to do.
   *
   * @param wanted asked, with the SHA-256 of the content, whether its pixels are needed
   * @returns a DataError where the file holds no image that can be decoded
   * @throws when the thread ended
   */
  decode(file: string, wanted: (content: string) => Promise<boolean>): Promise<DecodedFile | DataError> {
    const thread = this.#threads.reduce((least, each) => (each.tasks.size < least.tasks.size ? each : least));
    return new Promise((resolve, reject) => {
      const task = this.#next++;
      thread.tasks.set(task, { file, wanted, resolve, reject, content: "" });
      this.#ask(thread, { kind: "read", task, file });
    });
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #ask({ worker }: Thread, request: Request): void {
    worker.postMessage(request);
  }

  #take(thread: Thread, reply: Reply): void {
    const task = thread.tasks.get(reply.task);
    if (task === undefined) return;
    const { content } = task;
    const done = (result: DecodedFile | DataError): void => {
      thread.tasks.delete(reply.task);
      task.resolve(result);
    };
    if (reply.kind === "bad") done(new DataError(task.file, reply.reason));
    else if (reply.kind === "pixels")
      done({ content, decoded: { pixelHash: reply.pixelHash, pixels: reply.pixels } });
    else {
      task.content = reply.content;
      task.wanted(reply.content).then(
        (wanted) => {
          this.#ask(thread, { kind: wanted ? "decode" : "drop", task: reply.task });
          if (!wanted) done({ content: reply.content, decoded: undefined });
        },
        (reason: unknown) => {
          thread.tasks.delete(reply.task);
          task.reject(reason);
        },
      );
    }
  }

  /** Ends what a thread had under way: it came to its end without being asked to, mostly for want of memory. */
  #lose({ tasks }: Thread, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    for (const { file, reject } of tasks.values()) {
      reject(new DataError(file, `was being decoded when its thread was lost (${reason})`, { cause }));
    }
    tasks.clear();
  }
}

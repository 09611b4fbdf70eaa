// The program of a decoding thread: reads a file, reports the key of its image, and decodes it on request.
import { parentPort, workerData } from "node:worker_threads";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { messageOf } from "../../files/causes.ts";
import {
  fitImage,
  hashPixels,
  readImage,
  type FittedSize,
  type ImageReading,
  type PackedImage,
} from "../images/index.ts";
import { imageKey } from "./image-cache.ts";
import { sha256 } from "./segment.ts";

/** From the main thread. `decode` and `drop` answer `image`. */
export type Request =
  | { readonly kind: "read"; readonly task: number; readonly file: string; readonly reading: ImageReading }
  | { readonly kind: "decode" | "drop"; readonly task: number };

/** To the main thread. */
export type Reply =
  | {
      readonly kind: "image";
      readonly task: number;
      /** Its key in the cache. */
      readonly key: string;
      /** Bytes that decoding it would hold at once. */
      readonly memory: number;
    }
  /** Pixels [height, width, channels], as they are stored. */
  | {
      readonly kind: "pixels";
      readonly task: number;
      readonly pixelHash: string;
      readonly pixels: Uint8Array;
    }
  | { readonly kind: "bad"; readonly task: number; readonly reason: string }
  /** Nothing is wrong with the file; what is missing is missing for all like it. */
  | { readonly kind: "missing"; readonly task: number; readonly message: string };

const port = parentPort;
if (port === null) throw new Error("decode-worker.ts runs in a worker thread");
const size = workerData as FittedSize; // the size of every image in the cache
const waiting = new Map<number, PackedImage>();

const reply = (message: Reply, transferred: ArrayBuffer[] = []): void =>
  port.postMessage(message, transferred);

async function answer(request: Request): Promise<void> {
  const { task } = request;
  if (request.kind === "read") {
    const packed = await readImage(request.file, request.reading);
    waiting.set(task, packed);
    const key = imageKey(sha256(packed.bytes), request.reading, packed.rules);
    reply({ kind: "image", task, key, memory: packed.memory });
    return;
  }
  const packed = waiting.get(task);
  waiting.delete(task);
  if (request.kind === "drop") return;
  if (packed === undefined) throw new Error("it was not read");
  const image = await packed.decode();
  // A buffer of its own can be transferred; the pixels may be part of a larger one.
  const pixels = new Uint8Array(await fitImage(image, size));
  reply({ kind: "pixels", task, pixelHash: hashPixels(image), pixels }, [pixels.buffer]);
}

/** The message of a DataError without the file in front, which the main thread puts there again. */
function reasonOf(error: unknown): string {
  if (error instanceof DataError) return error.reason;
  return `cannot be decoded (${messageOf(error)})`;
}

port.on("message", (request: Request) => {
  const { task } = request;
  answer(request).catch((error: unknown) => {
    if (error instanceof UsageError) reply({ kind: "missing", task, message: error.message });
    else reply({ kind: "bad", task, reason: reasonOf(error) });
  });
});

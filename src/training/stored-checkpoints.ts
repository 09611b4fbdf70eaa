// Checkpoints as bytes, and runs that keep theirs in a storage by name: a page that is closed goes on where it was.

import { aString, bytes as aByteArray, expectArgument, madeWith } from "../errors/arguments.ts";
import { aStorage, expectName, type ByteStorage } from "../files/byte-storage.ts";
import { joinBytes } from "../files/join-bytes.ts";
import { parseTensorFile, tensorFileParts } from "../interchange/tensor-file.ts";
import { checkedCheckpoint, type Checkpoint } from "./checkpoint-record.ts";
import type { Checkpoints } from "./checkpoint.ts";

const kind = "tessera checkpoint 1";
const aCheckpoint = madeWith("a checkpoint, as save is given it", ["record", "tensors"]);

/** A checkpoint as bytes. A run folder's file has words of the folder beside it, and is not read by `checkpointOfBytes`. */
export function checkpointBytes(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  expectArgument("checkpointBytes", "the checkpoint", checkpoint, aCheckpoint);
  return joinBytes(tensorFileParts(kind, checkpoint));
}

/**
 * The checkpoint in bytes of `checkpointBytes`.
 * @param name of where they lie, for messages
 * @throws CheckpointError when they are damaged, or of another version
 */
export function checkpointOfBytes(bytes: Uint8Array, name = "the checkpoint"): Checkpoint {
  expectArgument("checkpointOfBytes", "the bytes", bytes, aByteArray);
  expectArgument("checkpointOfBytes", "the name", name, aString);
  return checkedCheckpoint(name, parseTensorFile(bytes, name, kind));
}

/**
 * Checkpoints of a run in a storage: what `train` and `trainClassifier` take. A run goes on from the one of this name, if there is one,
 * and ends as if it had never stopped, bit for bit.
 *
 *     const checkpoints = await storedCheckpoints(await opfsStorage(), "run", { every: { seconds: 60 } });
 *
 * @param more when there are checkpoints, beside those after every epoch
 * @throws CheckpointError when what is there is damaged, or no checkpoint
 */
export async function storedCheckpoints(
  storage: ByteStorage,
  name: string,
  more: Pick<Checkpoints, "afterEpochs" | "every" | "after"> = {},
): Promise<Checkpoints> {
  expectArgument("storedCheckpoints", "the storage", storage, aStorage);
  expectName("storedCheckpoints", name);
  const { afterEpochs, every, after } = more;
  const kept = await storage.read(name);
  return {
    ...(kept === undefined ? {} : { from: { checkpoint: checkpointOfBytes(kept, name), file: name } }),
    ...(afterEpochs === undefined ? {} : { afterEpochs }),
    ...(every === undefined ? {} : { every }),
    ...(after === undefined ? {} : { after }),
    save: (checkpoint) => storage.write(name, checkpointBytes(checkpoint)),
  };
}

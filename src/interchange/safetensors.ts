// Files of named tensors with a record beside them, in the layout of safetensors (tensor-file.ts).

import { readFile, stat } from "node:fs/promises";
import { notWritten, replaceFile } from "../files/whole-files.ts";
import { CheckpointError } from "../errors/training-errors.ts";
import { parseTensorFile, tensorFileParts, type TensorFile, type TensorFileKind } from "./tensor-file.ts";

/** One read of Node takes no more. */
const mostBytes = 2 ** 31 - 1;

/**
 * Writes a file whole or not at all; an earlier one stays until then.
 * @throws CheckpointError when it cannot be written
 */
export async function writeTensorFile(
  file: string,
  kind: TensorFileKind,
  content: TensorFile,
): Promise<void> {
  const parts = tensorFileParts(kind, content);
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  if (bytes > mostBytes) {
    throw new CheckpointError(file, `would have ${bytes} bytes, and a checkpoint can have ${mostBytes}`);
  }
  try {
    await replaceFile(file, async (handle) => {
      for (const part of parts) await handle.writeFile(part);
    });
  } catch (cause) {
    throw new CheckpointError(
      file,
      notWritten(cause, bytes, "take another place; a run goes on with --resume"),
      { cause },
    );
  }
}

/**
 * Reads a file and checks it whole, its checksum too, before anything of it is used.
 * @throws CheckpointError when it is missing, damaged, or of another kind
 */
export async function readTensorFile(file: string, kind: TensorFileKind): Promise<TensorFile> {
  return parseTensorFile(await readTensorBytes(file), file, kind);
}

/** The bytes of such a file. @throws CheckpointError when it is missing, or larger than any that Tessera writes */
export async function readTensorBytes(file: string): Promise<Uint8Array> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error("it is no file");
    if (found.size > mostBytes)
      throw new Error(`it has ${found.size} bytes, more than any that Tessera writes`);
    return await readFile(file);
  } catch (cause) {
    const isGone = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const why = isGone ? "is not there" : `cannot be read (${(cause as Error).message})`;
    throw new CheckpointError(file, `${why}; put it back from a copy, or name the folder of another run`, {
      cause,
    });
  }
}

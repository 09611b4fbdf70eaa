// Weights that other programs have written, as bytes: safetensors and PyTorch's files, which are told apart by content.

import { DataError } from "../errors/data-errors.ts";
import type { HeldTensor } from "../tensor/held.ts";
import { showShape, sizeOf, stridesOf } from "../tensor/shape.ts";
import { parseSafetensors, startsAsSafetensors, type SafetensorsType } from "./safetensors-header.ts";
import { again, float32Of, isFloat, type ElementType, type FloatType } from "./stored-tensors.ts";
import type { StoredTensor, StoredWeights } from "./stored-tensors.ts";
import { readTorchArchive } from "./torch-archive.ts";

/** A tensor of a file, in f32. */
export interface WeightFileTensor extends HeldTensor {
  /** Row-major. */
  readonly data: Float32Array<ArrayBuffer>;
  /** What its elements are in the file. */
  readonly type: FloatType;
}

export interface WeightFile {
  /** By the names of the file, in its order; `loadWeights` takes them. */
  readonly tensors: ReadonlyMap<string, WeightFileTensor>;
  /** What is not in `tensors`, by name, and why: whole numbers, such as BatchNorm's `num_batches_tracked`, and other values. */
  readonly skipped: ReadonlyMap<string, string>;
  /** What a safetensors file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What was decided on the way, in words: a prefix taken off, a dict looked into, numbers rounded. */
  readonly notes: readonly string[];
}

export interface WeightFileOptions {
  /** Whether weights may be NaN. Default false: a file that has one is refused. */
  readonly allowNaN?: boolean;
}

/** The weights in f32, and what is told of them. Errors as `readWeightFile`. */
export function decodedWeights(
  file: string,
  fileBytes: number,
  stored: StoredWeights,
  { allowNaN = false }: WeightFileOptions,
): WeightFile {
  const { metadata } = stored;
  const prefix = commonPrefix([...stored.tensors.keys(), ...stored.skipped.keys()]);
  const bare = (name: string): string => name.slice(prefix.length);
  const notes = [...stored.notes];
  if (prefix !== "") notes.push(`without the prefix "${prefix}" that all names had`);

  const floats: [string, StoredTensor & { readonly type: FloatType }][] = [];
  const skipped = new Map<string, string>();
  for (const [name, reason] of stored.skipped) skipped.set(bare(name), reason);
  for (const [name, tensor] of stored.tensors) {
    if (isFloat(file, name, tensor)) floats.push([name, tensor]);
    else skipped.set(bare(name), `is ${tensor.type} ${showShape(tensor.shape)}, no floats`);
  }
  expectRoom(file, fileBytes, floats);
  const tensors = new Map<string, WeightFileTensor>();
  for (const [name, tensor] of floats) {
    const data = float32Of(file, name, tensor, { allowNaN });
    tensors.set(bare(name), { shape: tensor.shape, data, type: tensor.type });
  }
  const doubles = floats.filter(([, { type }]) => type === "f64").length;
  if (doubles > 0) notes.push(`${doubles} of ${floats.length} tensors rounded from f64 to f32`);
  return { tensors, skipped, metadata, notes };
}

/** What a file holds, before any of it is decoded. By content: names of files are what people make of them. Errors as `readWeightFile`. */
export function storedWeights(file: string, bytes: Uint8Array): StoredWeights {
  const starts = (text: string): boolean =>
    bytes.length >= text.length && Array.from(text).every((each, i) => each.charCodeAt(0) === bytes[i]);
  const refused = (reason: string): DataError => new DataError(file, reason);
  if (bytes.length === 0) throw refused(`is empty; ${again}`);
  if (starts("PK\x03\x04")) return readTorchArchive(file, bytes);
  if (starts("version https://git-lfs"))
    throw refused("is a pointer of Git LFS, not the file; run git lfs pull");
  if (file.endsWith(".index.json")) {
    throw refused(`lists the pieces of a model, and pieces are not read; ${joinPieces}`);
  }
  if (startsAsSafetensors(bytes) || file.endsWith(".safetensors")) return readSafetensors(file, bytes);
  if (bytes[0] === 0x80 && bytes[1] <= 5) {
    throw refused(
      "is a pickle as PyTorch saved before 1.6, or another; in Python, if you trust its maker: torch.save(torch.load(FILE, map_location='cpu', weights_only=True), NEW)",
    );
  }
  if (starts("\x89HDF")) throw refused("is HDF5, as Keras saves; in Python, save its arrays as safetensors");
  if (file.endsWith(".onnx") || (bytes[0] === onnxStart && bytes[2] === 0x12)) {
    throw refused(
      "is an ONNX graph, as it seems, which is not read; take the .pth or .safetensors that it was exported from",
    );
  }
  throw refused("is neither safetensors nor a file of torch.save; save weights as one of them");
}

/** The tag of a model's `ir_version`; behind it and its one byte comes the tag of the producer's name. */
const onnxStart = 0x08;

const joinPieces =
  "save it in one, in Python: model.save_pretrained(FOLDER, max_shard_size='100GB', safe_serialization=True)";

const types: Readonly<Record<SafetensorsType, ElementType>> = {
  ...{ F16: "f16", BF16: "bf16", F32: "f32", F64: "f64", BOOL: "bool" },
  ...{ U8: "u8", I8: "i8", U16: "u16", I16: "i16", U32: "u32", I32: "i32", U64: "u64", I64: "i64" },
  ...{ F8_E5M2: "f8", F8_E4M3: "f8", F8_E8M0: "f8", C64: "c64" },
};

function readSafetensors(file: string, bytes: Uint8Array): StoredWeights {
  // model-00002-of-00005.safetensors: a fifth of the weights would look like all of them.
  if (/-\d{5}-of-(?!0*1\.)\d{5}\.safetensors$/u.test(file)) {
    throw new DataError(file, `is one of several pieces of a model, which are not read; ${joinPieces}`);
  }
  const { metadata, entries } = parseSafetensors(
    bytes,
    (how) => new DataError(file, `is a damaged safetensors file: ${how}; ${again}`),
  );
  const tensors = entries.map(({ name, dtype, shape, bytes: content }) => {
    const layout = { shape, strides: stridesOf(shape), offset: 0 };
    return [name, { type: types[dtype], ...layout, bytes: content, littleEndian: true }] as const;
  });
  return { tensors: new Map(tensors), skipped: new Map(), metadata, notes: [] };
}

/** What DataParallel and DistributedDataParallel put before all names, as often as they do. */
function commonPrefix(names: readonly string[]): string {
  const step = "module.";
  let prefix = "";
  while (
    names.length > 0 &&
    names.every((name) => name.startsWith(prefix + step) && name !== prefix + step)
  ) {
    prefix += step;
  }
  return prefix;
}

/** Strides of 0 and shared storages let a small file describe any number of weights: it may have eight times its own size. */
function expectRoom(
  file: string,
  fileBytes: number,
  floats: readonly (readonly [string, StoredTensor])[],
): void {
  const most = 2 ** 26 + 8 * fileBytes;
  let bytes = 0;
  for (const [name, { shape }] of floats) {
    bytes += 4 * sizeOf(shape);
    if (bytes > most) {
      const claim = `up to tensor ${JSON.stringify(name)} its weights take ${bytes} bytes in f32`;
      throw new DataError(
        file,
        `${claim}, which a file of ${fileBytes} bytes cannot mean; save them without expand(): tensor.contiguous()`,
      );
    }
  }
}

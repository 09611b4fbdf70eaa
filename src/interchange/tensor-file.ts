// Named tensors with a record beside them as bytes, in the layout of safetensors: eight bytes with the length of a JSON header, the
// header, then the values, little-endian and without gaps. Any reader of safetensors opens them. safetensors.ts keeps them in files.

import { sha256 } from "#sha256";
import { z } from "zod";
import { CheckpointError } from "../errors/training-errors.ts";
import type { HeldTensor, Weights } from "../tensor/held.ts";
import type { HostArray } from "../tensor/host.ts";
import { parseSafetensors } from "./safetensors-header.ts";

export interface TensorFile {
  /** What JSON can hold. */
  readonly record: unknown;
  readonly tensors: ReadonlyMap<string, HeldTensor>;
}

/** What a file is of; told in its header, and counted up when its meaning changes. */
export type TensorFileKind = "tessera checkpoint 1" | typeof modelKind;
export const modelKind = "tessera model 1";

const types = {
  F32: { array: Float32Array, bytes: 4 },
  F64: { array: Float64Array, bytes: 8 },
  U32: { array: Uint32Array, bytes: 4 },
  U8: { array: Uint8Array, bytes: 1 },
} as const;
type TypeName = keyof typeof types;

const metadataSchema = z.strictObject({ format: z.string(), record: z.string(), sha256: z.string() });
interface Entry {
  readonly dtype: TypeName;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** The parts of a file, in order. */
export function tensorFileParts(kind: TensorFileKind, { record, tensors }: TensorFile): Uint8Array[] {
  const { entries, values } = laidOut(tensors);
  const text = JSON.stringify(record);
  const metadata = { format: kind, record: text, sha256: digestOf(text, Object.entries(entries), values) };
  return [headOf(metadata, entries), ...values];
}

/**
 * Named tensors as other programs write and read them: without a record, and with the metadata that they look for.
 * @returns the parts of the file, in order
 */
export function plainSafetensors(tensors: Weights, metadata: Readonly<Record<string, string>>): Uint8Array[] {
  const { entries, values } = laidOut(tensors);
  return [headOf(metadata, entries), ...values];
}

interface Layout {
  readonly entries: Readonly<Record<string, Entry>>;
  readonly values: readonly Uint8Array[];
}

/** Where the values of each tensor stand, one behind the other. */
function laidOut(tensors: ReadonlyMap<string, HeldTensor>): Layout {
  let end = 0;
  const entries: Record<string, Entry> = {};
  const values: Uint8Array[] = [];
  for (const [name, { shape, data }] of tensors) {
    const begin = end;
    end += data.byteLength;
    entries[name] = { dtype: typeOf(data), shape: [...shape], data_offsets: [begin, end] };
    values.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return { entries, values };
}

/** All before the values: the length of the header, and the header. */
function headOf(metadata: Readonly<Record<string, string>>, entries: Layout["entries"]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...entries }));
  // Values begin at a multiple of eight bytes: the header ends in spaces.
  const length = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(json, 8);
  return head;
}

/**
 * The content of a file, checked whole, its checksum too, before anything of it is used.
 * @param file its name, for messages
 * @throws CheckpointError when it is damaged, or of another kind
 */
export function parseTensorFile(bytes: Uint8Array, file: string, kind: TensorFileKind): TensorFile {
  const damaged = (why: string): CheckpointError =>
    new CheckpointError(file, `is damaged: ${why}; start the run again, or take a copy of this file`);
  const content = parseSafetensors(bytes, damaged);
  const found = metadataSchema.safeParse(content.metadata);
  if (!found.success) throw damaged("its header is not one that Tessera wrote");
  const { format, record, sha256: checksum } = found.data;
  if (format !== kind) {
    throw new CheckpointError(
      file,
      `is "${format}", and this needs "${kind}"; use the version of Tessera that wrote it`,
    );
  }
  const entries: [string, Entry][] = [];
  const tensors = content.entries.map(({ name, dtype, shape, data_offsets, bytes }) => {
    if (!isType(dtype)) throw damaged(`tensor ${JSON.stringify(name)} has elements of type ${dtype}`);
    entries.push([name, { dtype, shape, data_offsets }]);
    return [name, { shape, data: new types[dtype].array(Uint8Array.from(bytes).buffer) }] as const;
  });
  const parts = content.entries.map(({ bytes }) => bytes);
  if (digestOf(record, entries, parts) !== checksum) throw damaged("its checksum is another");
  return { record: JSON.parse(record) as unknown, tensors: new Map(tensors) };
}

const isType = (name: string): name is TypeName => Object.hasOwn(types, name);

function typeOf(data: HostArray): TypeName {
  const name = (Object.keys(types) as TypeName[]).find((each) => data instanceof types[each].array);
  if (name === undefined) throw new Error("a tensor has values of a type that files do not have");
  return name;
}

/** Over all that the header says and all values. */
function digestOf(
  record: string,
  entries: readonly (readonly [string, Entry])[],
  parts: readonly Uint8Array[],
): string {
  const hash = sha256().update(JSON.stringify([record, entries]));
  for (const part of parts) hash.update(part);
  return hash.hex();
}

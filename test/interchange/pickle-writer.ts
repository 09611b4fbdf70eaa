// Writes pickles opcode by opcode, as Python does or as nobody should, and archives as torch.save makes them around them.

import { zipSync } from "fflate";

export type Opcodes = readonly number[];

const little = (value: number, length: number): number[] =>
  Array.from({ length }, (_, i) => Math.floor(value / 256 ** i) % 256);

export const op = {
  proto: (version: number): Opcodes => [0x80, version],
  stop: [0x2e] as Opcodes,
  mark: [0x28] as Opcodes,
  none: [0x4e] as Opcodes,
  emptyDict: [0x7d] as Opcodes,
  emptyList: [0x5d] as Opcodes,
  emptyTuple: [0x29] as Opcodes,
  append: [0x61] as Opcodes,
  build: [0x62] as Opcodes,
  reduce: [0x52] as Opcodes,
  bool: (value: boolean): Opcodes => [value ? 0x88 : 0x89],
  text: (value: string): Opcodes => {
    const bytes = Buffer.from(value);
    return [0x58, ...little(bytes.length, 4), ...bytes];
  },
  int: (value: number): Opcodes => {
    if (value < 2 ** 31) return [0x4a, ...little(value < 0 ? value + 2 ** 32 : value, 4)];
    return [0x8a, 8, ...little(value, 8)];
  },
  tuple: (...items: Opcodes[]): Opcodes => [0x28, ...items.flat(), 0x74],
  list: (...items: Opcodes[]): Opcodes => [0x5d, 0x28, ...items.flat(), 0x65],
  dict: (items: readonly (readonly [string, Opcodes])[]): Opcodes => [
    ...[0x7d, 0x28],
    ...items.flatMap(([name, value]) => [...op.text(name), ...value]),
    0x75,
  ],
  global: (module: string, name: string): Opcodes => [0x63, ...Buffer.from(`${module}\n${name}\n`)],
  call: (callee: Opcodes, ...args: Opcodes[]): Opcodes => [...callee, ...op.tuple(...args), 0x52],
  persistent: (id: Opcodes): Opcodes => [...id, 0x51],
  put: (index: number): Opcodes => [0x72, ...little(index, 4)],
  get: (index: number): Opcodes => [0x6a, ...little(index, 4)],
  repeat: (count: number, opcodes: Opcodes): Opcodes => Array.from({ length: count }, () => opcodes).flat(),
};

/** A whole pickle of a value. */
export const pickleOf = (value: Opcodes): Uint8Array =>
  Uint8Array.from([...op.proto(2), ...value, ...op.stop]);

export interface MadeTensor {
  readonly storage?: string;
  readonly key?: string;
  /** Elements of the storage, as the pickle says. */
  readonly elements: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset?: number;
}

export const tensorOf = ({ storage, key, elements, shape, strides, offset }: MadeTensor): Opcodes => {
  const type = op.global("torch", storage ?? "FloatStorage");
  const id = op.tuple(op.text("storage"), type, op.text(key ?? "0"), op.text("cpu"), op.int(elements));
  return op.call(
    op.global("torch._utils", "_rebuild_tensor_v2"),
    op.persistent(id),
    op.int(offset ?? 0),
    op.tuple(...shape.map(op.int)),
    op.tuple(...strides.map(op.int)),
    op.bool(false),
    op.call(op.global("collections", "OrderedDict")),
  );
};

/** An archive as torch.save makes it, its members stored unless a level is given. */
export const archiveOf = (
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  {
    level = 0,
    others = {},
  }: { readonly level?: 0 | 6; readonly others?: Readonly<Record<string, Uint8Array>> } = {},
): Uint8Array => {
  const data = Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes] as const);
  return zipSync(
    {
      "archive/data.pkl": pickle,
      ...Object.fromEntries(data),
      "archive/version": Buffer.from("3\n"),
      ...others,
    },
    { level },
  );
};

export const floatBytes = (...values: number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);

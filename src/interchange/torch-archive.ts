// Reads what torch.save writes since PyTorch 1.6: a zip archive of a pickle, data.pkl, and a member for each storage, data/0
// and so on. The pickle is read as data (pickle.ts); nothing in the file is run.

import { DataError } from "../errors/data-errors.ts";
import { openZip, viewMember, type ZipArchive } from "../files/zip.ts";
import { sizeOf } from "../tensor/shape.ts";
import { Global, PickleFault, readPickle, Tuple } from "./pickle.ts";
import {
  again,
  elementKinds,
  type ElementType,
  type StoredTensor,
  type StoredWeights,
} from "./stored-tensors.ts";

/** What to type in Python about a file that holds more than tensors. */
export const saveStateDict = "save the state_dict alone, in Python: torch.save(model.state_dict(), FILE)";

class Storage {
  readonly type: ElementType;
  /** Its member is data/KEY. */
  readonly key: string;
  /** Elements. */
  readonly length: number;
  constructor(type: ElementType, key: string, length: number) {
    this.type = type;
    this.key = key;
    this.length = length;
  }
}

class PickledTensor {
  readonly storage: Storage;
  readonly type: ElementType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, type: ElementType, layout: readonly unknown[]) {
    const [offset, shape, strides] = layout;
    const isLaidOut =
      isCount(offset) &&
      areCounts(shape) &&
      areCounts(strides) &&
      shape.items.length === strides.items.length;
    if (!isLaidOut) throw new PickleFault("has a tensor without a shape and strides");
    this.storage = storage;
    this.type = type;
    this.offset = offset;
    this.shape = shape.items;
    this.strides = strides.items;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areCounts = (value: unknown): value is Tuple & { readonly items: readonly number[] } =>
  value instanceof Tuple && value.items.length <= 64 && value.items.every(isCount);

/** The storage classes that a persistent id may name, and the elements of each. */
const storageTypes: Readonly<Record<string, ElementType>> = {
  ...{ HalfStorage: "f16", BFloat16Storage: "bf16", FloatStorage: "f32", DoubleStorage: "f64" },
  ...{ BoolStorage: "bool", ByteStorage: "u8", CharStorage: "i8", ShortStorage: "i16" },
  ...{ IntStorage: "i32", LongStorage: "i64", ComplexFloatStorage: "c64", ComplexDoubleStorage: "c128" },
};

/** What tensors without a storage class of their own say of their elements. */
const elementTypes: Readonly<Record<string, ElementType>> = {
  ...{ float16: "f16", bfloat16: "bf16", float32: "f32", float64: "f64" },
  ...{ uint16: "u16", uint32: "u32", uint64: "u64" },
  ...{ float8_e4m3fn: "f8", float8_e5m2: "f8", float8_e4m3fnuz: "f8", float8_e5m2fnuz: "f8" },
};
const untyped = "torch.storage.UntypedStorage";

const ofTorch = <T>(types: Readonly<Record<string, T>>): ReadonlyMap<string, T> =>
  new Map(Object.entries(types).map(([name, type]) => [`torch.${name}`, type]));
const typeOfStorage: ReadonlyMap<string, ElementType> = new Map([...ofTorch(storageTypes), [untyped, "u8"]]);
const typeOfName = ofTorch(elementTypes);

/** A tensor from its storage, offset, shape, strides, whether it has a gradient, and hooks. */
function rebuildTensor([given, ...layout]: readonly unknown[]): PickledTensor {
  const storage = storageOf(given);
  return new PickledTensor(storage, storage.type, layout);
}

/** The same of elements named apart, over a storage of bytes. */
function rebuildTypedTensor([storage, ...layout]: readonly unknown[]): PickledTensor {
  const named = layout[5];
  const type = named instanceof Global ? typeOfName.get(named.name) : undefined;
  if (type === undefined) throw new PickleFault("has a tensor without a type");
  return new PickledTensor(storageOf(storage), type, layout);
}

function rebuildParameter([tensor]: readonly unknown[]): PickledTensor {
  if (!(tensor instanceof PickledTensor)) throw new PickleFault("has a parameter of no tensor");
  return tensor;
}

function storageOf(value: unknown): Storage {
  if (!(value instanceof Storage)) throw new PickleFault("has a tensor without a storage");
  return value;
}

/** torch.save names each storage by ("storage", its class, its key, its device, its elements). */
function storageOfId(id: unknown): Storage {
  const [kind, type, key, , length] = id instanceof Tuple ? id.items : [];
  const elements = type instanceof Global ? typeOfStorage.get(type.name) : undefined;
  if (kind !== "storage" || elements === undefined || typeof key !== "string" || !isCount(length)) {
    throw new PickleFault("refers to something outside its pickle that is no storage");
  }
  return new Storage(elements, key, length);
}

function orderedDict(args: readonly unknown[]): Map<unknown, unknown> {
  if (args.length > 0)
    throw new PickleFault("has an OrderedDict made from arguments, which PyTorch never writes");
  return new Map();
}

const rules = {
  globals: new Map<string, ((args: readonly unknown[]) => unknown) | undefined>([
    ["collections.OrderedDict", orderedDict],
    ["torch._utils._rebuild_tensor_v2", rebuildTensor],
    ["torch._utils._rebuild_tensor_v3", rebuildTypedTensor],
    ["torch._utils._rebuild_parameter", rebuildParameter],
    ["torch._utils._rebuild_parameter_with_state", rebuildParameter],
    ["torch.Size", ([items]) => items],
    ...[...typeOfStorage.keys(), ...typeOfName.keys()].map((name) => [name, undefined] as const),
  ]),
  persistent: storageOfId,
};

/**
 * The tensors of a file of torch.save, which holds a dict of them, or one under a name that training programs use.
 * @throws DataError for a file that is damaged, is TorchScript, or holds code; it names the tensor where one is at fault
 */
export function readTorchArchive(file: string, bytes: Uint8Array): StoredWeights {
  const fail = (reason: string): DataError => new DataError(file, reason);
  const archive = openZip(file, bytes);
  const folder = folderOf(archive);
  let packed = 0;
  for (const { packedSize } of archive.members.values()) packed += packedSize;
  if (packed > bytes.length) throw fail(`is damaged: its members overlap; ${again}`);
  const dict = findTensors(file, unpickled(file, viewStored(archive, `${folder}data.pkl`)));
  const littleEndian = isLittleEndian(archive, folder);

  const contents = new Map<string, Uint8Array>();
  const contentOf = ({ key, type, length }: Storage): Uint8Array => {
    const member = `${folder}data/${key}`;
    const content = contents.get(key) ?? viewStored(archive, member);
    contents.set(key, content);
    const claimed = length * elementKinds[type].bytes;
    if (content.length !== claimed) {
      throw fail(
        `is damaged: ${member} has ${content.length} bytes where its pickle says ${claimed}; ${again}`,
      );
    }
    return content;
  };

  const tensors = new Map<string, StoredTensor>();
  const skipped = new Map<string, string>();
  for (const [name, value] of dict.items) {
    if (typeof name !== "string") skipped.set(shownKey(name), "its name is no string");
    else if (!(value instanceof PickledTensor)) skipped.set(name, `is ${kindOf(value)}, no tensor`);
    else {
      const { storage, type, offset, shape, strides } = value;
      const content = contentOf(storage);
      const last = shape.reduce((end, extent, axis) => end + (extent - 1) * strides[axis], offset);
      if (sizeOf(shape) > 0 && (last + 1) * elementKinds[type].bytes > content.length) {
        throw fail(
          `is damaged: tensor ${JSON.stringify(name)} reaches beyond its storage, data/${storage.key}; ${again}`,
        );
      }
      tensors.set(name, { type, shape, strides, offset, bytes: content, littleEndian });
    }
  }
  return { tensors, skipped, metadata: {}, notes: dict.notes };
}

/** The folder that everything of an archive lies in, with its stroke. */
function folderOf(archive: ZipArchive): string {
  const { file, members } = archive;
  const names = [...members.keys()];
  const found = names.filter((name) => /^(?:[^/]+\/)?data\.pkl$/u.test(name));
  if (found.length !== 1) {
    throw new DataError(
      file,
      `is a zip archive with ${found.length === 0 ? "no" : "more than one"} data.pkl, so torch.save did not write it; ${saveStateDict}`,
    );
  }
  const folder = found[0].slice(0, -"data.pkl".length);
  if (names.some((name) => name === `${folder}constants.pkl` || name.startsWith(`${folder}code/`))) {
    throw new DataError(
      file,
      "is a TorchScript archive, which is a program; in Python: " +
        "torch.save(torch.jit.load(FILE, map_location='cpu').state_dict(), NEW)",
    );
  }
  return folder;
}

/** Refuses what is packed: torch.save stores its members as they are, and an archive of zeros could unpack to anything. */
function viewStored(archive: ZipArchive, name: string): Uint8Array {
  const member = archive.members.get(name);
  if (member !== undefined && (member.method !== 0 || member.size !== member.packedSize)) {
    throw new DataError(
      archive.file,
      `has a packed member, ${name}; in Python, if you trust its maker: torch.save(torch.load(FILE, weights_only=True), NEW)`,
    );
  }
  return viewMember(archive, name);
}

/** Files of before PyTorch 2.1 have no record of it; nearly all machines are. */
function isLittleEndian(archive: ZipArchive, folder: string): boolean {
  const name = `${folder}byteorder`;
  if (!archive.members.has(name)) return true;
  const order = new TextDecoder().decode(viewStored(archive, name).subarray(0, 16));
  if (order !== "little" && order !== "big") {
    throw new DataError(archive.file, `is damaged: its byte order is ${JSON.stringify(order)}; ${again}`);
  }
  return order === "little";
}

function unpickled(file: string, bytes: Uint8Array): unknown {
  try {
    return readPickle(bytes, rules);
  } catch (cause) {
    if (!(cause instanceof PickleFault)) throw cause;
    const { global, message } = cause;
    if (global === undefined) throw new DataError(file, `${message}; ${again}`, { cause });
    const shown = global.length > 80 ? `${global.slice(0, 80)}...` : global;
    throw new DataError(file, `has code or objects beside its tensors: ${shown}; ${saveStateDict}`, {
      cause,
    });
  }
}

/** Under which training programs keep the weights, beside their optimiser and epoch; the first that is there is taken. */
const stateDictKeys = ["state_dict", "model_state_dict", "model", "net"];

/** The dict that has tensors: the whole, or what lies under one of those keys. */
function findTensors(
  file: string,
  value: unknown,
): { readonly items: ReadonlyMap<unknown, unknown>; readonly notes: readonly string[] } {
  if (!(value instanceof Map)) {
    throw new DataError(file, `holds ${kindOf(value)}, and not tensors by name; ${saveStateDict}`);
  }
  const notes: string[] = [];
  let dict: ReadonlyMap<unknown, unknown> = value;
  // A dict can hold itself.
  for (let depth = 0; depth < 4; depth++) {
    if ([...dict.values()].some((each) => each instanceof PickledTensor)) return { items: dict, notes };
    const key = stateDictKeys.find((each) => dict.get(each) instanceof Map);
    if (key === undefined) break;
    const others = [...dict.keys()].filter((each) => each !== key);
    notes.push(`taken from under "${key}"${others.length === 0 ? "" : `, leaving ${listed(others)}`}`);
    dict = dict.get(key) as Map<unknown, unknown>;
  }
  const found = value.size === 0 ? "it is empty" : `it has ${listed([...value.keys()])}`;
  throw new DataError(
    file,
    `has no tensors by name, at its top or under ${stateDictKeys.join(", ")}: ${found}; ${saveStateDict}`,
  );
}

function listed(keys: readonly unknown[]): string {
  const shown = keys.slice(0, 6).map((key) => JSON.stringify(shownKey(key).slice(0, 40)));
  return [...shown, ...(keys.length > 6 ? [`${keys.length - 6} more`] : [])].join(", ");
}

/** Not String(key), which a list of lists of lists would take beyond the stack. */
const shownKey = (key: unknown): string =>
  typeof key === "string" || typeof key === "number" ? String(key) : kindOf(key);

/** In Python's words. */
function kindOf(value: unknown): string {
  if (value === null) return "None";
  if (value instanceof PickledTensor) return "one tensor";
  if (value instanceof Map) return "a dict";
  if (value instanceof Set) return "a set";
  if (value instanceof Tuple) return "a tuple";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Uint8Array) return "bytes";
  if (typeof value === "string") return "a string";
  if (typeof value === "boolean") return "a bool";
  return typeof value === "number" || typeof value === "bigint" ? "a number" : "something else";
}

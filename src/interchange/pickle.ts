// Reads Python's pickles (protocols 2 to 5) as data. A pickle is a program that can import and call anything; here nothing
// is imported, looked up or run. It may name what is in the caller's table of globals, which says what each makes of its
// arguments, and the first name that is not there ends the reading.
//
// Opcodes are those of CPython 3's pickletools. What PyTorch never writes (text opcodes, instances, extensions) is refused.

/** Python's tuple; a list is an array, a dict a map. */
export class Tuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A class or function that a pickle names. */
export class Global {
  /** With its module: "collections.OrderedDict". */
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A pickle that cannot be read; the message follows the name of the file. */
export class PickleFault extends Error {
  /** The name that it would import, where that is the reason. */
  readonly global: string | undefined;
  constructor(message: string, global?: string) {
    super(message);
    this.global = global;
  }
}

export interface PickleRules {
  /** Every name that is allowed: what a call of it makes of its arguments, or undefined for a name that is never called. */
  readonly globals: ReadonlyMap<string, ((args: readonly unknown[]) => unknown) | undefined>;
  /** What a persistent id stands for. */
  readonly persistent: (id: unknown) => unknown;
}

/** 16 MiB: that of ResNet-152 with its optimiser's state has 0.3. */
export const mostPickleBytes = 2 ** 24;
/** Each takes up to 300 bytes, of which one stands in the pickle. */
const mostContainers = 2 ** 20;
/** Values that are kept to be used again, some five of each tensor. */
const mostKept = 2 ** 20;
/** Bytes of one whole number; a random state of 64 bits takes nine. */
const mostIntegerBytes = 64;

/**
 * The value that a pickle describes: null, booleans, numbers, bigints beyond 2^53, strings, Uint8Array, Tuple, lists (arrays),
 * dicts (Map), sets (Set), Global, and whatever the rules make.
 *
 * Takes time and memory in proportion to the bytes, however deep they nest: nothing here recurses.
 * @throws PickleFault, and whatever the rules throw
 */
export function readPickle(bytes: Uint8Array, rules: PickleRules): unknown {
  if (bytes.length > mostPickleBytes) {
    throw new PickleFault(`has a pickle of ${bytes.length} bytes; at most ${mostPickleBytes} are read`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  /** Heights of the stack at marks. */
  const marks: number[] = [];
  const memo = new Map<number, unknown>();
  let at = 0;
  let containers = 0;

  const damaged = (how: string): PickleFault => new PickleFault(`has a damaged pickle: ${how} at byte ${at}`);
  const skip = (length: number): number => {
    if (length > bytes.length - at) throw damaged(`it breaks off, ${length} bytes were to come`);
    at += length;
    return at - length;
  };
  const u8 = (): number => view.getUint8(skip(1));
  const u16 = (): number => view.getUint16(skip(2), true);
  const u32 = (): number => view.getUint32(skip(4), true);
  /** Inexact beyond 2^53, where it is longer than any pickle. */
  const u64 = (): number => Number(view.getBigUint64(skip(8), true));
  const raw = (length: number): Uint8Array => {
    const start = skip(length);
    return bytes.subarray(start, at);
  };
  const decode = (data: Uint8Array): string => {
    try {
      return utf8.decode(data);
    } catch {
      throw damaged("a string is not UTF-8");
    }
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw damaged("a name has no end");
    const text = decode(raw(end - at));
    at++;
    return text;
  };
  const integer = (length: number): number | bigint => {
    if (length > mostIntegerBytes) throw damaged(`a whole number has ${length} bytes`);
    const data = raw(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(data[i]);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  };

  const pop = (): unknown => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw damaged("it takes what is not there");
    return stack.pop();
  };
  const top = (): unknown => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw damaged("it takes what is not there");
    return stack.at(-1);
  };
  const sinceMark = (): unknown[] => {
    const height = marks.pop();
    if (height === undefined) throw damaged("it takes a mark that is not there");
    return stack.splice(height);
  };
  const several = (count: number): unknown[] => Array.from({ length: count }, pop).reverse();
  const pushNew = (value: unknown): void => {
    if (++containers > mostContainers) {
      throw new PickleFault(`has a pickle of over ${mostContainers} lists, dicts and tensors`);
    }
    stack.push(value);
  };

  const append = (values: readonly unknown[]): void => {
    const list = top();
    if (!Array.isArray(list)) throw damaged("it appends to what is no list");
    for (const value of values) list.push(value);
  };
  const setItems = (dict: unknown, items: readonly unknown[]): void => {
    if (!(dict instanceof Map) || items.length % 2 !== 0) throw damaged("it sets items of what is no dict");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  };
  const remember = (index: number): void => {
    memo.set(index, top());
    if (memo.size > mostKept) throw new PickleFault(`has a pickle that keeps over ${mostKept} values`);
  };
  const recall = (index: number): void => {
    if (!memo.has(index)) throw damaged(`it recalls value ${index}, which it has not kept`);
    stack.push(memo.get(index));
  };
  const name = (module: unknown, attribute: unknown): void => {
    if (typeof module !== "string" || typeof attribute !== "string") throw damaged("a name is no string");
    const full = `${module}.${attribute}`;
    if (!rules.globals.has(full)) throw new PickleFault(`names ${full}`, full);
    stack.push(new Global(full));
  };
  const reduce = (): void => {
    const [callee, args] = several(2);
    const make = callee instanceof Global ? rules.globals.get(callee.name) : undefined;
    if (make === undefined || !(args instanceof Tuple)) {
      throw damaged(`it calls ${callee instanceof Global ? callee.name : "what is no function"}`);
    }
    pushNew(make(args.items));
  };

  for (;;) {
    const opcode = u8();
    switch (opcode) {
      case 0x80: {
        const protocol = u8();
        if (protocol < 2 || protocol > 5)
          throw new PickleFault(`is pickled in protocol ${protocol}, not 2 to 5`);
        break;
      }
      case 0x95: // FRAME
        skip(8);
        break;
      case 0x2e: {
        const value = pop();
        if (stack.length > 0 || marks.length > 0) throw damaged("it ends with values that nothing took");
        if (at !== bytes.length) throw damaged("something follows its end");
        return value;
      }
      case 0x28: // MARK
        marks.push(stack.length);
        break;
      case 0x31: // POP_MARK
        sinceMark();
        break;
      case 0x30: // POP
        pop();
        break;

      // The memo
      case 0x71: // BINPUT
        remember(u8());
        break;
      case 0x72: // LONG_BINPUT
        remember(u32());
        break;
      case 0x94: // MEMOIZE
        remember(memo.size);
        break;
      case 0x68: // BINGET
        recall(u8());
        break;
      case 0x6a: // LONG_BINGET
        recall(u32());
        break;

      // Constants and numbers
      case 0x4e:
        stack.push(null);
        break;
      case 0x88:
        stack.push(true);
        break;
      case 0x89:
        stack.push(false);
        break;
      case 0x4a: // BININT
        stack.push(view.getInt32(skip(4), true));
        break;
      case 0x4b: // BININT1
        stack.push(u8());
        break;
      case 0x4d: // BININT2
        stack.push(u16());
        break;
      case 0x8a: // LONG1
        stack.push(integer(u8()));
        break;
      case 0x8b: // LONG4
        stack.push(integer(u32()));
        break;
      case 0x47: // BINFLOAT, the only number with its high byte first
        stack.push(view.getFloat64(skip(8), false));
        break;

      // Strings and bytes
      case 0x58: // BINUNICODE
        stack.push(decode(raw(u32())));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(decode(raw(u8())));
        break;
      case 0x8d: // BINUNICODE8
        stack.push(decode(raw(u64())));
        break;
      case 0x42: // BINBYTES
        stack.push(raw(u32()));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(raw(u8()));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(raw(u64()));
        break;

      // Tuples, lists, dicts, sets
      case 0x29:
        pushNew(new Tuple([]));
        break;
      case 0x85:
      case 0x86:
      case 0x87: // TUPLE1 to TUPLE3
        pushNew(new Tuple(several(opcode - 0x84)));
        break;
      case 0x74:
        pushNew(new Tuple(sinceMark()));
        break;
      case 0x5d:
        pushNew([]);
        break;
      case 0x6c:
        pushNew(sinceMark());
        break;
      case 0x61:
        append([pop()]);
        break;
      case 0x65: // APPENDS
        append(sinceMark());
        break;
      case 0x7d:
        pushNew(new Map());
        break;
      case 0x64: {
        const dict = new Map<unknown, unknown>();
        setItems(dict, sinceMark());
        pushNew(dict);
        break;
      }
      case 0x73: {
        const item = several(2);
        setItems(top(), item);
        break;
      }
      case 0x75: {
        const items = sinceMark();
        setItems(top(), items);
        break;
      }
      case 0x8f:
        pushNew(new Set());
        break;
      case 0x91: // FROZENSET
        pushNew(new Set(sinceMark()));
        break;
      case 0x90: {
        const items = sinceMark();
        const set = top();
        if (!(set instanceof Set)) throw damaged("it adds to what is no set");
        for (const item of items) set.add(item);
        break;
      }

      // Names, calls, and what lies elsewhere
      case 0x63: {
        const module = line();
        name(module, line());
        break;
      }
      case 0x93: {
        const [module, attribute] = several(2);
        name(module, attribute);
        break;
      }
      case 0x69: {
        const full = `${line()}.${line()}`; // INST
        throw new PickleFault(`names ${full}`, full);
      }
      case 0x52:
        reduce();
        break;
      case 0x62: {
        pop(); // BUILD: attributes of an object; an OrderedDict of PyTorch has versions of its layers in them
        if (!(top() instanceof Map)) throw damaged("it sets attributes of what is no dict");
        break;
      }
      case 0x51: // BINPERSID
        pushNew(rules.persistent(pop()));
        break;

      default:
        throw damaged(`the opcode 0x${opcode.toString(16).padStart(2, "0")} is none that PyTorch writes,`);
    }
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

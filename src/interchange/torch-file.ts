// Files of named tensors that `torch.load` opens, with `weights_only=True` too: a zip archive of a pickle, which says how the
// tensors are put together, and the values of each, little-endian.
//
// The pickle is an OrderedDict from names to tensors, in the few instructions of protocol 2 that PyTorch's own reader of weights
// takes.

import { zipSync, type Zippable } from "fflate";
import { UsageError } from "../errors/errors.ts";
import type { Weights } from "../tensor/held.ts";
import { stridesOf } from "../tensor/shape.ts";

/** The folder in the archive, whose name says nothing. */
const root = "archive";
/** What one array of fflate's can hold, and more than a sensible network has. */
const mostBytes = 2 ** 31 - 1;

/**
 * The file, its tensors in float32.
 * @throws UsageError when it would be larger than 2 GiB
 */
export function torchFile(tensors: Weights): Uint8Array {
  const bytes = [...tensors.values()].reduce((sum, { data }) => sum + 4 * data.length, 0);
  if (bytes > 0.99 * mostBytes) {
    throw new UsageError(
      `--to torch: the weights have ${bytes} bytes, and such a file can have ${mostBytes}; export --to safetensors`,
    );
  }
  const members: Zippable = {
    [`${root}/data.pkl`]: pickled(tensors),
    [`${root}/version`]: new TextEncoder().encode("3\n"),
  };
  for (const [i, { data }] of [...tensors.values()].entries()) {
    members[`${root}/data/${i}`] = new Uint8Array(Float32Array.from(data).buffer);
  }
  // A time of its own would make two exports of one model differ; archives know none before 1980.
  return zipSync(members, { level: 0, mtime: new Date(1980, 0, 1) });
}

/** Instructions of the pickle protocol, version 2. */
const op = {
  protocol: 0x80,
  stop: 0x2e,
  mark: 0x28,
  global: 0x63,
  emptyTuple: 0x29,
  tuple: 0x74,
  reduce: 0x52,
  setItems: 0x75,
  text: 0x58,
  integer: 0x4a,
  persistent: 0x51,
  no: 0x89,
} as const;

function pickled(tensors: Weights): Uint8Array {
  const out: number[] = [op.protocol, 2];
  const word = (value: number): void => {
    out.push(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255);
  };
  const text = (value: string): void => {
    const bytes = new TextEncoder().encode(value);
    out.push(op.text);
    word(bytes.length);
    out.push(...bytes);
  };
  const global = (module: string, name: string): void => {
    out.push(op.global, ...new TextEncoder().encode(`${module}\n${name}\n`));
  };
  const integer = (value: number): void => {
    out.push(op.integer);
    word(value);
  };
  const tuple = (push: () => void): void => {
    out.push(op.mark);
    push();
    out.push(op.tuple);
  };
  const orderedDict = (): void => {
    global("collections", "OrderedDict");
    out.push(op.emptyTuple, op.reduce);
  };

  orderedDict();
  out.push(op.mark);
  for (const [i, [name, { shape, data }]] of [...tensors].entries()) {
    text(name);
    global("torch._utils", "_rebuild_tensor_v2");
    tuple(() => {
      tuple(() => {
        text("storage");
        global("torch", "FloatStorage");
        text(String(i));
        text("cpu");
        integer(data.length);
      });
      out.push(op.persistent);
      integer(0);
      tuple(() => shape.forEach(integer));
      tuple(() => stridesOf(shape).forEach(integer));
      out.push(op.no); // needs no gradient
      orderedDict(); // no hooks
    });
    out.push(op.reduce);
  }
  out.push(op.setItems, op.stop);
  return Uint8Array.from(out);
}

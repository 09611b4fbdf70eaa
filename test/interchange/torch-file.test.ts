// Files for torch.load, read by what the pickle protocol says of the instructions in them.

import { unzipSync } from "fflate";
import { expect, test } from "vitest";
import { torchFile } from "../../src/interchange/torch-file.ts";

class Call {
  readonly name: string;
  readonly operands: readonly unknown[];
  constructor(name: string, operands: readonly unknown[]) {
    this.name = name;
    this.operands = operands;
  }
}

/** The value that a pickle of protocol 2 makes; a call of a global is kept as such, and a persistent id as a call of "storage". */
function unpickle(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const marks: number[] = [];
  let at = 0;
  const text = (length: number): string => new TextDecoder().decode(bytes.subarray(at, (at += length)));
  const line = (): string => {
    const found = text(bytes.indexOf(10, at) - at);
    at++;
    return found;
  };
  const sinceMark = (): unknown[] => stack.splice(marks.pop() ?? NaN);
  for (;;) {
    const instruction = String.fromCharCode(bytes[at++]);
    if (instruction === "\x80") expect(bytes[at++]).toBe(2);
    else if (instruction === "c") stack.push(`${line()}.${line()}`);
    else if (instruction === ")") stack.push([]);
    else if (instruction === "(") marks.push(stack.length);
    else if (instruction === "t") stack.push(sinceMark());
    else if (instruction === "X") stack.push(text(view.getUint32((at += 4) - 4, true)));
    else if (instruction === "J") stack.push(view.getInt32((at += 4) - 4, true));
    else if (instruction === "Q") stack.push(new Call("storage", stack.pop() as unknown[]));
    else if (instruction === "\x89") stack.push(false);
    else if (instruction === "R") {
      const operands = stack.pop() as unknown[];
      stack.push(new Call(stack.pop() as string, operands));
    } else if (instruction === "u") {
      const items = sinceMark();
      const { name } = stack.pop() as Call;
      stack.push(new Call(name, items));
    } else if (instruction === ".") {
      expect([at, stack.length]).toEqual([bytes.length, 1]);
      return stack[0];
    } else throw new Error(`there is no instruction ${instruction}`);
  }
}

const tensors = new Map([
  ["layer.weight", { shape: [2, 3, 1], data: Float32Array.of(1, 2, 3, 4, 5, 6.5) }],
  ["größe", { shape: [70_000], data: Float64Array.from({ length: 70_000 }, (_, i) => i / 3) }],
]);

test("a file is an ordered dictionary of tensors, each of its own values in float32", () => {
  const members = unzipSync(torchFile(tensors));
  expect(Object.keys(members)).toEqual([
    "archive/data.pkl",
    "archive/version",
    "archive/data/0",
    "archive/data/1",
  ]);
  expect(new TextDecoder().decode(members["archive/version"])).toBe("3\n");
  const none = new Call("collections.OrderedDict", []);
  const tensor = (key: string, shape: number[], strides: number[], length: number): Call =>
    new Call("torch._utils._rebuild_tensor_v2", [
      new Call("storage", ["storage", "torch.FloatStorage", key, "cpu", length]),
      ...[0, shape, strides, false, none],
    ]);
  expect(unpickle(members["archive/data.pkl"])).toEqual(
    new Call("collections.OrderedDict", [
      ...["layer.weight", tensor("0", [2, 3, 1], [3, 1, 1], 6)],
      ...["größe", tensor("1", [70_000], [1], 70_000)],
    ]),
  );
  for (const [i, { data }] of [...tensors.values()].entries()) {
    const values = new Float32Array(Uint8Array.from(members[`archive/data/${i}`]).buffer);
    expect(values).toEqual(Float32Array.from(data));
  }
});

test("the same tensors make the same bytes, none of them packed", () => {
  const file = torchFile(tensors);
  expect(torchFile(tensors)).toEqual(file);
  expect(file.length).toBeGreaterThan(4 * 70_006);
});

// Weights in safetensors written by hand, and what is no file of weights.
import { complaintOf } from "./complaints.ts";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { encodeOnnx } from "../../src/interchange/onnx-messages.ts";
import { writeTensorFile } from "../../src/interchange/safetensors.ts";
import { storedWeights, type WeightFile } from "../../src/interchange/weight-bytes.ts";
import { readWeightFile } from "../../src/interchange/weight-file.ts";
import { loadWeights } from "../../src/nn/weights.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

/** The header as text, so that it can be what no writer makes of an object. */
const safetensors = (header: string, values: Uint8Array, length = Buffer.byteLength(header)): Buffer => {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([size, Buffer.from(header), values]);
};
const entry = (dtype: string, shape: readonly number[], begin: number, end: number): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const write = (bytes: Uint8Array, name = "w.safetensors"): string => {
  const file = join(folder.path, name);
  writeFileSync(file, bytes);
  return file;
};
const read = (header: object, values: Uint8Array): Promise<WeightFile> =>
  readWeightFile(write(safetensors(JSON.stringify(header), values)));
const ofHeader = (header: object | string, values: Uint8Array = new Uint8Array(8)): Promise<string> =>
  complaintOf(write(safetensors(typeof header === "string" ? header : JSON.stringify(header), values)));

const bytesOf = (...parts: readonly ArrayBufferView[]): Buffer =>
  Buffer.concat(
    parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );

describe("safetensors", () => {
  test("of every float type become f32, in any order and at any place", async () => {
    const values = bytesOf(
      Uint8Array.of(7), // so that nothing that follows is aligned
      Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x7c00), // f16
      Uint16Array.of(0x3f80, 0xc000, 0x0001), // bf16
      Float64Array.of(0.1, -2),
      Float32Array.of(1.5, -Infinity),
    );
    const header = {
      __metadata__: { format: "pt" },
      f32: entry("F32", [2, 1], 35, 43),
      f64: entry("F64", [2], 19, 35),
      bf16: entry("BF16", [3], 13, 19),
      f16: entry("F16", [2, 3], 1, 13),
      flag: entry("BOOL", [], 0, 1),
      none: entry("F32", [0, 3], 13, 13),
    };
    const { tensors, skipped, metadata, notes } = await read(header, values);
    expect([...tensors].map(([name, { type, shape, data }]) => [name, type, shape, data])).toEqual([
      ["f32", "f32", [2, 1], Float32Array.of(1.5, -Infinity)],
      ["f64", "f64", [2], Float32Array.of(0.1, -2)],
      ["bf16", "bf16", [3], Float32Array.of(1, -2, 2 ** -133)],
      ["f16", "f16", [2, 3], Float32Array.of(1, -2, 2 ** -24, 65504, -0, Infinity)],
      ["none", "f32", [0, 3], new Float32Array(0)],
    ]);
    expect([...skipped]).toEqual([["flag", "is bool [], no floats"]]);
    expect(metadata).toEqual({ format: "pt" });
    expect(notes).toEqual(["1 of 5 tensors rounded from f64 to f32"]);
  });

  test("every f16 is the number that it is", async () => {
    const all = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
    const file = write(safetensors(JSON.stringify({ h: entry("F16", [2 ** 16], 0, 2 ** 17) }), bytesOf(all)));
    const values = (await readWeightFile(file, { allowNaN: true })).tensors.get("h")?.data ?? [];
    // Halves in order of their bits are numbers in order, up to infinity; each step is a power of two.
    for (let i = 1; i <= 0x7c00; i++) {
      expect(values[i]).toBeGreaterThan(values[i - 1]);
      if (i < 0x7c00) expect(values[i] - values[i - 1]).toBe(2 ** (Math.max((i - 1) >> 10, 1) - 25));
      expect(values[0x8000 + i]).toBe(-values[i]);
    }
    expect(values.slice(0x7c01, 0x8000).every(Number.isNaN)).toBe(true);
  });

  test("that Tessera wrote are read, and what comes of them is loaded", async () => {
    const engine = await openEngine({ device: "reference" });
    const linear = new Linear(engine, new Initialiser(engine, 1), 2, 1);
    const given = new Map([
      ["weight", { shape: [1, 2], data: Float32Array.of(3, 4) }],
      ["bias", { shape: [1], data: Float32Array.of(5) }],
    ]);
    const file = join(folder.path, "model.safetensors");
    await writeTensorFile(file, "tessera model 1", { record: { a: 1 }, tensors: given });
    const { tensors, metadata } = await readWeightFile(file);
    expect(metadata["record"]).toBe('{"a":1}');
    await loadWeights(linear, tensors);
    expect([...(await linear.weight.read())]).toEqual([3, 4]);
    engine.close();
  });

  test("names may be those of all objects", async () => {
    const header = '{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"constructor":';
    const file = write(
      safetensors(`${header}{"dtype":"F32","shape":[],"data_offsets":[4,8]}}`, new Uint8Array(8)),
    );
    expect([...(await readWeightFile(file)).tensors.keys()]).toEqual(["__proto__", "constructor"]);
  });
});

describe("a safetensors file is refused when", () => {
  const one = entry("F32", [2], 0, 8);

  test.each([
    ['tensor "b" overlaps the one before it', { a: one, b: entry("F32", [1], 4, 8) }],
    ['tensor "b" overlaps the one before it', { a: one, b: one }],
    ['tensor "a" leaves 4 bytes before it unused', { a: entry("F32", [1], 4, 8) }],
    ['tensor "a" ends at byte 12 of 8 bytes of values', { a: entry("F32", [3], 0, 12) }],
    ["it has 8 bytes of values where its tensors have 4", { a: entry("F32", [1], 0, 4) }],
    ['tensor "a" has 8 bytes where its shape takes 12', { a: entry("F32", [3], 0, 8) }],
    ['tensor "a" has -8 bytes where its shape takes 8', { a: entry("F32", [2], 8, 0) }],
    ['tensor "a" ends at byte 17179869184 of 8', { a: entry("F32", [2 ** 32], 0, 2 ** 34) }],
    ['tensor "a" has elements of type "F4"', { a: entry("F4", [2], 0, 8) }],
    ['tensor "a" has elements of type "toString"', { a: entry("toString", [2], 0, 8) }],
    ['its header describes tensor "a" as none can be', { a: entry("F32", [-2], 0, 8) }],
    ['its header describes tensor "a" as none can be', { a: entry("F32", [1.5], 0, 6) }],
    ['its header describes tensor "a" as none can be', { a: entry("F32", [2], 0, 1e300) }],
    ['its header describes tensor "a" as none can be', { a: { ...one, more: 1 } }],
    ['its header describes tensor "a" as none can be', { a: null }],
    ["its __metadata__ are not strings by name", { __metadata__: { a: 1 }, a: one }],
    ["its header is no JSON", '{"a":'],
    ["its header is no JSON", '{"a'],
    ["its header is no JSON object", "[]"],
    ['its header has "a" twice', '{"a":{"dtype":"F32"},"\\u0061" :{}}'],
    ['its header has "dtype" twice', '{"a":{"dtype":"F32","dtype":"F16"}}'],
    ["its header nests deeper than tensors do", `{"a":${"[".repeat(2 ** 20)}`],
    ["its header is no JSON", `{${'"\\'.repeat(2 ** 20)}`],
  ])("%s", async (how, header) => {
    expect(await ofHeader(header)).toMatch(/^is a damaged safetensors file: .*; download or save it again$/u);
    expect(await ofHeader(header)).toContain(how);
  });

  test("its header claims more than there is, or than any has", async () => {
    const huge = write(safetensors("{}", new Uint8Array(0), 2 ** 40));
    expect(await complaintOf(huge)).toContain(
      "its header would have 1099511627776 bytes, and the file has 10",
    );
    expect(await complaintOf(write(Buffer.from("abc")))).toContain("it ends within its first eight bytes");
    const long = write(safetensors("{}", new Uint8Array(0), 2 ** 26 + 1));
    truncateSync(long, 2 ** 26 + 9);
    expect(await complaintOf(long)).toContain("has 67108865 bytes, and at most 67108864 are read");
    expect(await ofHeader(`{"a":[${"[],".repeat(2 ** 22)}`)).toContain(
      "over 4194304 objects, lists and names",
    );
  });

  test("a weight is NaN, unless that is allowed, or of a type that is not read", async () => {
    const header = { "head.weight": entry("F32", [1, 2], 0, 8) };
    const nan = bytesOf(Float32Array.of(1, NaN));
    expect(await ofHeader(header, nan)).toBe(
      'tensor "head.weight" has NaN at [0, 1]; take an earlier checkpoint, or allow it with allowNaN',
    );
    expect(await ofHeader({ a: entry("F8_E4M3", [8], 0, 8) })).toContain(
      'tensor "a" has elements of type f8; save it',
    );
  });
});

describe("what is no file of weights is named:", () => {
  test.each([
    [
      "model.safetensors.index.json",
      '{"weight_map":{}}',
      /^lists the pieces of a model, .*save_pretrained\(FOLDER/u,
    ],
    ["pytorch_model.bin.index.json", "{}", /^lists the pieces of a model/u],
    ["model-00002-of-00003.safetensors", "", /^is empty; download/u],
    [
      "a.safetensors",
      "version https://git-lfs.github.com/spec/v1",
      /^is a pointer of Git LFS, .*git lfs pull$/u,
    ],
    ["a.h5", "\x89HDF\r\n", /^is HDF5/u],
    [
      "a.pth",
      "\x80\x02}q\x00.",
      /^is a pickle as PyTorch saved before 1\.6, .*if you trust its maker: .*torch\.load\(FILE, map_location='cpu', weights_only=True\)/u,
    ],
    ["a.onnx", "something", /^is an ONNX graph/u],
    ["a.bin", "something", /^is neither safetensors nor a file of torch\.save/u],
  ])("%s", async (name, content, message) => {
    expect(await complaintOf(write(Buffer.from(content, "latin1"), name))).toMatch(message);
  });

  test("an exported graph, and 1,000 damaged copies of it", () => {
    const model = Buffer.from(
      encodeOnnx({
        ...{ irVersion: 8, producerName: "tessera", producerVersion: "1", docString: "", opsetImport: [] },
        ...{ graph: { name: "g", node: [], initializer: [], input: [], output: [] }, metadataProps: [] },
      }),
    );
    expect(() => storedWeights("model", model)).toThrow(/^model: is an ONNX graph/u);
    let state = 1;
    const below = (n: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
    for (let copy = 0; copy < 1000; copy++) {
      const damaged = Buffer.from(model.subarray(0, 1 + below(model.length)));
      for (let i = below(4); i >= 0; i--) damaged[below(damaged.length)] = below(256);
      expect(() => storedWeights("model", damaged)).toThrow(DataError);
    }
  });

  test("a piece of a larger model, though it is whole in itself", async () => {
    const bytes = safetensors("{}", new Uint8Array(0));
    expect(await complaintOf(write(bytes, "model-00002-of-00003.safetensors"))).toContain(
      "is one of several pieces",
    );
    expect((await readWeightFile(write(bytes, "model-00001-of-00001.safetensors"))).tensors.size).toBe(0);
  });

  test("nothing, a folder, and more than is read", async () => {
    expect(await complaintOf(join(folder.path, "nothing.pth"))).toBe("does not exist");
    mkdirSync(join(folder.path, "f"));
    expect(await complaintOf(join(folder.path, "f"))).toBe("is not a file");
    const huge = write(Buffer.from("PK\x03\x04"), "huge.pth");
    truncateSync(huge, 2 ** 31 + 1); // a file of holes
    expect(await complaintOf(huge)).toContain("at most 2147483648 bytes are read of a file of weights");
  });

  test("arguments that are none", async () => {
    await expect(readWeightFile(3 as never)).rejects.toThrow(UsageError);
    await expect(readWeightFile("a", { allowNan: true } as never)).rejects.toThrow(
      /did you mean "allowNaN"/u,
    );
  });
});

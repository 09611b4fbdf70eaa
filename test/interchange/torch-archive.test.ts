// Files in the form of torch.save, written by hand: what no honest program writes is refused in one line, and nothing runs.
import { complaintOf } from "./complaints.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { mostPickleBytes } from "../../src/interchange/pickle.ts";
import type { WeightFile } from "../../src/interchange/weight-bytes.ts";
import { readWeightFile } from "../../src/interchange/weight-file.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { archiveOf, floatBytes, op, pickleOf, tensorOf, type Opcodes } from "./pickle-writer.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const file = join(folder.path, "w.pth");

const read = (bytes: Uint8Array): Promise<WeightFile> => {
  writeFileSync(file, bytes);
  return readWeightFile(file);
};
const complaint = (bytes: Uint8Array): Promise<string> => {
  writeFileSync(file, bytes);
  return complaintOf(file);
};
const ofPickle = (value: Opcodes): Promise<string> => complaint(archiveOf(pickleOf(value)));

const four = { elements: 4, shape: [2, 2], strides: [2, 1] };
const tensor = tensorOf(four);
const sound = op.dict([["w", tensor]]);
const storages = { "0": floatBytes(1, 2, 3, 4) };

test("a tensor has its values, and what is no tensor is told", async () => {
  const value = op.dict([
    ["w", tensor],
    ["count", tensorOf({ storage: "LongStorage", key: "1", elements: 1, shape: [], strides: [] })],
    ["epoch", op.int(3)],
    ["classes", op.list(op.text("a"))],
  ]);
  const { tensors, skipped, notes } = await read(
    archiveOf(pickleOf(value), { ...storages, "1": new Uint8Array(8) }),
  );
  expect([...tensors]).toEqual([["w", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4), type: "f32" }]]);
  expect([...skipped]).toEqual([
    ["epoch", "is a number, no tensor"],
    ["classes", "is a list, no tensor"],
    ["count", "is i64 [], no floats"],
  ]);
  expect(notes).toEqual([]);
});

test("a tensor of a newer PyTorch has its type beside a storage of bytes", async () => {
  const id = op.tuple(
    ...[
      op.text("storage"),
      op.global("torch.storage", "UntypedStorage"),
      op.text("0"),
      op.text("cpu"),
      op.int(4),
    ],
  );
  const value = op.call(
    ...[op.global("torch._utils", "_rebuild_tensor_v3"), op.persistent(id), op.int(1), op.tuple(op.int(1))],
    ...[op.tuple(op.int(1)), op.bool(false), op.none, op.global("torch", "float16"), op.none],
  );
  const bytes = { "0": Uint8Array.of(0, 0, 0, 0x3c) };
  const { tensors } = await read(archiveOf(pickleOf(op.dict([["h", value]])), bytes));
  expect(tensors.get("h")).toEqual({ shape: [1], data: Float32Array.of(1), type: "f16" });
});

describe("code is named and not run:", () => {
  const remedy = "save the state_dict alone, in Python: torch.save(model.state_dict(), FILE)";
  const names = (full: string): string => `has code or objects beside its tensors: ${full}; ${remedy}`;
  const command = op.text("touch /tmp/never");

  test.each([
    ["os.system", op.call(op.global("os", "system"), command)],
    ["builtins.eval", op.call(op.global("builtins", "eval"), command)],
    ["torch.load", op.call(op.global("torch", "load"), command)],
    ["__main__.Net", [...op.global("__main__", "Net"), ...op.emptyTuple, 0x81, ...op.emptyDict, ...op.build]],
    ["numpy.core.multiarray.scalar", op.call(op.global("numpy.core.multiarray", "scalar"))],
    ["posix.system", [...op.text("posix"), ...op.text("system"), 0x93]],
    ["os.system", [...op.mark, ...command, 0x69, ...Buffer.from("os\nsystem\n")]],
    ["collections.OrderedDict.__init__", op.global("collections", "OrderedDict.__init__")],
    ["constructor.constructor", op.global("constructor", "constructor")],
  ])("%s", async (full, value) => {
    expect(await ofPickle(value)).toBe(names(full));
    // The tensors beside it are not taken either.
    expect(
      await ofPickle(
        op.dict([
          ["w", tensor],
          ["x", value],
        ]),
      ),
    ).toBe(names(full));
  });

  test("a name of any length, and of control characters, takes one line", async () => {
    const message = await ofPickle(op.global("a\u001b[31m", "b".repeat(10_000)));
    expect(message).toContain("a\\u001b[31m.bbb");
    expect(message.length).toBeLessThan(300);
  });

  test.each([
    ["what is no function", op.call(op.text("os.system"), command)],
    ["torch.FloatStorage", op.call(op.global("torch", "FloatStorage"), op.int(1))],
    ["torch.float32", op.call(op.global("torch", "float32"))],
  ])("a call of %s", async (what, value) => {
    expect(await ofPickle(value)).toContain(`it calls ${what} at byte`);
  });

  test("objects, extensions and attributes have no opcodes here", async () => {
    for (const opcode of [0x81, 0x92, 0x6f, 0x82, 0x83, 0x84, 0x97, 0x98, 0x50, 0x49, 0x53, 0x00, 0xff]) {
      expect(await ofPickle([...op.none, ...op.none, opcode])).toMatch(
        /opcode 0x.. is none that PyTorch writes/u,
      );
    }
    expect(await ofPickle([...tensor, ...op.emptyDict, ...op.build])).toContain(
      "sets attributes of what is no dict",
    );
    const withAttributes = [...op.call(op.global("collections", "OrderedDict")), ...op.put(0)];
    const built = [...withAttributes, ...op.dict([["__setstate__", op.none]]), ...op.build];
    expect(await ofPickle(built)).toContain("has no tensors by name");
  });
});

describe("a pickle that is out of bounds is refused:", () => {
  test.each([
    ["it takes what is not there", op.append],
    ["it takes what is not there", [...op.none, ...op.mark, ...op.append]],
    ["it takes a mark that is not there", [0x74]],
    ["it recalls value 7, which it has not kept", op.get(7)],
    ["it breaks off, 4294967295 bytes were to come", [0x58, 255, 255, 255, 255]],
    ["it breaks off, 18446744073709552000 bytes were to come", [0x8d, ...op.repeat(8, [255])]],
    ["a whole number has 4294967295 bytes", [0x8b, 255, 255, 255, 255]],
    ["a string is not UTF-8", [0x58, 1, 0, 0, 0, 0xff]],
    ["a name has no end", [0x63, 65, 65]],
    ["it appends to what is no list", [...op.none, ...op.none, ...op.append]],
    ["it sets items of what is no dict", [...op.none, ...op.none, ...op.none, 0x73]],
    ["it sets items of what is no dict", [...op.emptyDict, ...op.mark, ...op.none, 0x75]],
    ["it adds to what is no set", [...op.emptyDict, ...op.mark, ...op.none, 0x90]],
    ["it ends with values that nothing took", [...op.none, ...op.none]],
    ["something follows its end", [...op.none, ...op.stop]],
    ["is pickled in protocol 6, not 2 to 5", op.proto(6)],
    ["refers to something outside its pickle", op.persistent(op.text("nonsense"))],
    ["refers to something outside its pickle", op.persistent(op.tuple(op.text("storage"), op.none))],
    ["has a tensor without a storage", op.call(op.global("torch._utils", "_rebuild_tensor_v2"), op.int(1))],
    ["has a tensor without a shape and strides", tensorOf({ ...four, strides: [1] })],
    ["has a tensor without a shape and strides", tensorOf({ ...four, offset: -1 })],
    ["has a tensor without a shape and strides", tensorOf({ ...four, strides: [2, -1] })],
    ["has a parameter of no tensor", op.call(op.global("torch._utils", "_rebuild_parameter"), op.none)],
    ["an OrderedDict made from arguments", op.call(op.global("collections", "OrderedDict"), op.emptyList)],
  ])("%s", async (how, value) => {
    expect(await ofPickle(value)).toContain(how);
  });

  test("deep nesting, doubled lists and dicts that hold themselves take neither stack nor memory", async () => {
    const deep = [...op.repeat(200_000, op.emptyList), ...op.repeat(199_999, op.append)];
    expect(await ofPickle(deep)).toContain("holds a list, and not tensors by name");
    // As a key, it would be shown.
    const asKey = [...op.dict([["w", tensor]]), ...deep, ...op.none, 0x73];
    const { skipped } = await read(archiveOf(pickleOf(asKey), storages));
    expect([...skipped]).toEqual([["a list", "its name is no string"]]);
    const doubled = Array.from({ length: 60 }, (_, i) => {
      return [...op.put(i), 0x30, ...op.emptyList, ...op.get(i), ...op.append, ...op.get(i), ...op.append];
    });
    expect(await ofPickle([...op.emptyList, ...doubled.flat()])).toContain("holds a list");
    const own = [...op.emptyDict, ...op.put(0), ...op.text("model"), ...op.get(0), 0x73];
    expect(await ofPickle(own)).toContain("has no tensors by name");
  });

  test("more values than any model has", async () => {
    const dicts = new Uint8Array(2 ** 20 + 8).fill(0x7d); // EMPTY_DICT
    dicts.set([0x80, 2]);
    expect(await complaint(archiveOf(dicts))).toContain("over 1048576 lists, dicts and tensors");
    const kept = new Uint8Array(2 ** 20 + 8).fill(0x94); // MEMOIZE
    kept.set([0x80, 4, 0x4e]);
    expect(await complaint(archiveOf(kept))).toContain("keeps over 1048576 values");
    expect(await complaint(archiveOf(new Uint8Array(mostPickleBytes + 1)))).toContain(
      "at most 16777216 are read",
    );
  });
});

describe("a tensor is refused when", () => {
  const of = (made: Parameters<typeof tensorOf>[0], given = storages): Promise<string> =>
    complaint(archiveOf(pickleOf(op.dict([["a.weight", tensorOf(made)]])), given));

  test("it reaches beyond its storage", async () => {
    const beyond =
      /^is damaged: tensor "a\.weight" reaches beyond its storage, data\/0; download or save it again$/u;
    expect(await of({ ...four, offset: 1 })).toMatch(beyond);
    expect(await of({ ...four, strides: [3, 1] })).toMatch(beyond);
    expect(await of({ ...four, shape: [2 ** 40, 2 ** 40] })).toMatch(beyond);
    expect(await of({ elements: 4, shape: [], strides: [], offset: 4 })).toMatch(beyond);
  });

  test("its storage is missing, or of another size than it says", async () => {
    expect(await of({ ...four, key: "../../etc/passwd" })).toContain(
      "has no member archive/data/../../etc/passwd",
    );
    expect(await of({ ...four, elements: 5 })).toContain(
      "archive/data/0 has 16 bytes where its pickle says 20",
    );
    expect(await of({ ...four, storage: "HalfStorage" })).toContain("has 16 bytes where its pickle says 8");
  });

  test("its strides of 0 make a few bytes into gigabytes", async () => {
    const message = await of({ elements: 4, shape: [2 ** 15, 2 ** 15], strides: [0, 0] });
    expect(message).toMatch(
      /up to tensor "a\.weight" its weights take 4294967296 bytes .* cannot mean; save/u,
    );
    const many = Array.from({ length: 40 }, (_, i) => {
      return [`w${i}`, tensorOf({ elements: 4, shape: [2 ** 19], strides: [0] })] as const;
    });
    expect(await complaint(archiveOf(pickleOf(op.dict(many)), storages))).toContain('up to tensor "w32"');
  });

  test("it is NaN, complex, or beyond f32", async () => {
    const nan = { "0": floatBytes(1, 2, NaN, 4) };
    expect(await of(four, nan)).toContain(
      'tensor "a.weight" has NaN at [1, 0]; take an earlier checkpoint, or allow',
    );
    expect((await readWeightFile(file, { allowNaN: true })).tensors.get("a.weight")?.data[2]).toBeNaN();
    const pair = { elements: 1, shape: [], strides: [] };
    expect(await of({ ...pair, storage: "ComplexFloatStorage" }, { "0": new Uint8Array(8) })).toContain(
      'tensor "a.weight" has elements of type c64; save it in another',
    );
    const large = { "0": new Uint8Array(Float64Array.of(1e300).buffer) };
    expect(await of({ ...pair, storage: "DoubleStorage" }, large)).toContain(
      "has 1e+300 at [], beyond the largest f32",
    );
  });
});

describe("an archive is refused when", () => {
  const pickle = pickleOf(sound);

  test("its members are packed, whatever they would unpack to", async () => {
    expect(await complaint(archiveOf(new Uint8Array(2 ** 20), {}, { level: 6 }))).toMatch(
      /^has a packed member, archive\/data\.pkl; in Python, if you trust its maker: torch\.save\(torch\.load\(FILE, weights_only=True/u,
    );
  });

  test("it is TorchScript, or has no pickle, or two", async () => {
    const constants = archiveOf(pickle, storages, { others: { "archive/constants.pkl": pickle } });
    expect(await complaint(constants)).toMatch(
      /^is a TorchScript archive, which is a program; in Python: torch\.save/u,
    );
    const code = archiveOf(pickle, storages, { others: { "archive/code/__torch__.py": pickle } });
    expect(await complaint(code)).toContain("is a TorchScript archive");
    const two = archiveOf(pickle, storages, { others: { "other/data.pkl": pickle } });
    expect(await complaint(two)).toContain("with more than one data.pkl");
    const none = archiveOf(pickle).map((byte) => (byte === "k".charCodeAt(0) ? "q".charCodeAt(0) : byte));
    expect(await complaint(none)).toContain(
      "is a zip archive with no data.pkl, so torch.save did not write it",
    );
  });

  test("its storage is damaged, cut, or under another byte order", async () => {
    const whole = Buffer.from(archiveOf(pickle, storages));
    const at = whole.indexOf(floatBytes(1, 2, 3, 4));
    whole[at + 3] ^= 1;
    expect(await complaint(whole)).toContain("member archive/data/0 is damaged: its checksum is another");
    expect(await complaint(whole.subarray(0, -30))).toContain("zip archive without an end");
    const order = { "archive/byteorder": Buffer.from("middle") };
    expect(await complaint(archiveOf(pickle, storages, { others: order }))).toContain(
      'its byte order is "middle"',
    );
  });

  test("its members lie over one another", async () => {
    const bytes = Buffer.from(archiveOf(pickle, { ...storages, "1": floatBytes(1, 2, 3, 4) }));
    const header = bytes.lastIndexOf("archive/data/1") - 46;
    bytes.writeUInt32LE(bytes.length, header + 20);
    expect(await complaint(bytes)).toContain("is damaged: its members overlap");
  });
});

describe("weights are looked for", () => {
  const under = (key: string): Opcodes =>
    op.dict([
      ["epoch", op.int(3)],
      [key, sound],
    ]);

  test.each(["state_dict", "model_state_dict", "model", "net"])("under %s", async (key) => {
    const { tensors, notes } = await read(archiveOf(pickleOf(under(key)), storages));
    expect([...tensors.keys()]).toEqual(["w"]);
    expect(notes).toEqual([`taken from under "${key}", leaving "epoch"`]);
  });

  test("and nowhere else", async () => {
    expect(await ofPickle(under("ema"))).toBe(
      "has no tensors by name, at its top or under state_dict, model_state_dict, model, net: " +
        'it has "epoch", "ema"; save the state_dict alone, in Python: torch.save(model.state_dict(), FILE)',
    );
    expect(await ofPickle(op.emptyDict)).toContain("it is empty");
    expect(await complaint(archiveOf(pickleOf(tensor), storages))).toContain(
      "holds one tensor, and not tensors by name",
    );
  });

  test("without the prefix of DataParallel where all names have it", async () => {
    const named = (...names: string[]): Promise<WeightFile> =>
      read(archiveOf(pickleOf(op.dict(names.map((name) => [name, tensor]))), storages));
    const all = await named("module.a", "module.module");
    expect([...all.tensors.keys()]).toEqual(["a", "module"]);
    expect(all.notes).toEqual(['without the prefix "module." that all names had']);
    expect([...(await named("module.a", "b")).tensors.keys()]).toEqual(["module.a", "b"]);
    expect([...(await named("module.module.a")).tensors.keys()]).toEqual(["a"]);
    expect([...(await named("module.")).tensors.keys()]).toEqual(["module."]);
  });
});

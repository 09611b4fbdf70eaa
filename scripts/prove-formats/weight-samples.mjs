// Small files of weights, two versions of each, and where in them lengths stand: safetensors, and the archives of torch.save
// that test/torch/weights has, whose pickle and storages are also damaged under a true checksum.
import { readFileSync } from "node:fs";
import { unzipSync, zipSync } from "fflate";
import { zipPlaces } from "./array-samples.mjs";
import { noise } from "./small-files.mjs";

const safetensors = (version) => {
  const entries = {
    __metadata__: { format: "pt" },
    "conv.weight": { dtype: "F32", shape: [4, 3, 3, 3], data_offsets: [0, 432] },
    "conv.bias": { dtype: "F64", shape: [4 + version], data_offsets: [432, 464 + 8 * version] },
    "head.weight": { dtype: "F16", shape: [8, 4], data_offsets: [464 + 8 * version, 528 + 8 * version] },
    "head.bias": { dtype: "BF16", shape: [8], data_offsets: [528 + 8 * version, 544 + 8 * version] },
    count: { dtype: "I64", shape: [], data_offsets: [544 + 8 * version, 552 + 8 * version] },
  };
  const header = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, noise(552 + 8 * version, version, 64)]);
};

/** The length of the header, and all numbers and names in it. */
const headerPlaces = (bytes) => [
  { at: 0, length: 4, kind: "little" },
  { at: 4, length: 4, kind: "little" },
  ...[...bytes.toString("latin1").matchAll(/\d+/gu)].map(({ index, 0: digits }) => ({
    ...{ at: index, length: digits.length, kind: "digits" },
  })),
  ...[...bytes.toString("latin1").matchAll(/"\w+"/gu)].map(({ index, 0: word }) => ({
    ...{ at: index, length: word.length, kind: "word" },
  })),
];

const made = ["checkpoint.pth", "types.pth"].map((name) =>
  readFileSync(new URL(`../../test/torch/weights/${name}`, import.meta.url)),
);

/** Lengths of strings, small and large whole numbers, and what is kept and recalled. */
const picklePlaces = (bytes) => {
  const operands = { X: 4, K: 1, M: 2, J: 4, q: 1, r: 4, h: 1, j: 4, "\x8a": 1 };
  return [...bytes.entries()].flatMap(([at, byte]) => {
    const length = operands[String.fromCharCode(byte)];
    return length === undefined ? [] : [{ at: at + 1, length, kind: "little" }];
  });
};

const pth = {
  weights: true,
  write: (version) => ({ "weights.pth": made[version] }),
  places: zipPlaces,
  inside: (bytes, other, random) => {
    const [members, others] = [unzipSync(bytes), unzipSync(other)];
    const names = Object.keys(members);
    const pickle = names.find((name) => name.endsWith("/data.pkl"));
    const name = random.below(4) === 0 ? names[random.below(names.length)] : pickle;
    const otherName = Object.keys(others).find((each) => each.endsWith("/data.pkl"));
    return {
      bytes: Buffer.from(members[name]),
      other: Buffer.from(others[otherName]),
      places: name === pickle ? picklePlaces : () => [],
      close: (changed) =>
        Buffer.from(zipSync({ ...members, [name]: changed }, { level: 0, mtime: "2020-01-01T12:00:00" })),
    };
  },
};

export const weightSamples = {
  "weights safetensors": {
    weights: true,
    write: (version) => ({ "weights.safetensors": safetensors(version) }),
    places: headerPlaces,
  },
  "weights pth": pth,
};

// Writes small .npy arrays and .npz files, so that no test needs a real dataset.
import { zipSync } from "fflate";

export interface NpyOptions {
  readonly version?: 1 | 2 | 3;
  readonly descr?: string;
  readonly byColumns?: boolean;
  /** In place of the whole header text. */
  readonly header?: string;
}

const sizes: Record<string, number> = {
  u1: 1,
  i1: 1,
  b1: 1,
  u2: 2,
  i2: 2,
  u4: 4,
  i4: 4,
  u8: 8,
  i8: 8,
  f4: 4,
  f8: 8,
};

/** An array as np.save writes it. */
export function npy(
  shape: readonly number[],
  values: ArrayLike<number>,
  options: NpyOptions = {},
): Uint8Array {
  const { version = 1, descr = "|u1", byColumns = false } = options;
  const shapeText = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text =
    options.header ??
    `{'descr': '${descr}', 'fortran_order': ${byColumns ? "True" : "False"}, 'shape': ${shapeText}, }`;
  const lead = version === 1 ? 10 : 12;
  const header = Buffer.from(
    text.padEnd(64 * Math.ceil((lead + text.length + 1) / 64) - lead - 1) + "\n",
    "latin1",
  );
  const start = Buffer.alloc(lead);
  start.set([0x93, ...Buffer.from("NUMPY"), version, 0]);
  if (version === 1) start.writeUInt16LE(header.length, 8);
  else start.writeUInt32LE(header.length, 8);

  const type = descr.slice(-2);
  const size = sizes[type] ?? 1;
  const content = new Uint8Array(values.length * size);
  const view = new DataView(content.buffer);
  const little = !descr.startsWith(">");
  for (let i = 0; i < values.length; i++) {
    const at = i * size;
    if (type === "f4") view.setFloat32(at, values[i], little);
    else if (type === "f8") view.setFloat64(at, values[i], little);
    else if (size === 8) view.setBigInt64(at, BigInt(values[i]), little);
    else if (size === 4) view.setInt32(at, values[i], little);
    else if (size === 2) view.setInt16(at, values[i], little);
    else view.setUint8(at, values[i]);
  }
  return Buffer.concat([start, header, content]);
}

/** Named arrays in a zip, as np.savez (stored) or np.savez_compressed writes them. */
export function npz(arrays: Readonly<Record<string, Uint8Array>>, level: 0 | 6 = 6): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(arrays).map(([key, bytes]) => [`${key}.npy`, bytes])), {
    level,
  });
}

// The zip reader: it reads what it should, and refuses every false claim before it takes memory for it.
import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { unzipSync, zipSync } from "fflate";
import { DataError } from "../../src/errors/data-errors.ts";
import { openZip, readMember } from "../../src/files/zip.ts";

const text = new Uint8Array(Buffer.from("the quick brown fox ".repeat(200)));
const noise = Uint8Array.from({ length: 200_000 }, (_, i) => Math.imul(i, 2654435761) >>> 13);

/** Changes a copy of the bytes through a view. */
const patched = (bytes: Uint8Array, change: (view: DataView, bytes: Uint8Array) => void): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  change(new DataView(copy.buffer), copy);
  return copy;
};
const endOf = (bytes: Uint8Array): number => bytes.length - 22;
/** Where the only entry of the directory starts. */
const directoryOf = (view: DataView): number => view.getUint32(view.byteLength - 6, true);

const read = (bytes: Uint8Array, name = "a.npy"): Uint8Array => readMember(openZip("x.npz", bytes), name);
const refuse = (bytes: Uint8Array, message: RegExp, name?: string): void => {
  expect(() => read(bytes, name)).toThrow(DataError);
  expect(() => read(bytes, name)).toThrow(message);
};
const one = zipSync({ "a.npy": text });

/** With the records of zip64 before its end, as PyTorch writes them whether they are needed or not. */
const zip64 = (bytes: Uint8Array): Uint8Array => {
  const end = endOf(bytes);
  const records = Buffer.alloc(56 + 20);
  const source = new DataView(bytes.buffer, bytes.byteOffset);
  records.write("PK\x06\x06");
  records.writeUInt32LE(source.getUint16(end + 8, true), 32);
  records.writeUInt32LE(source.getUint32(end + 16, true), 48);
  records.write("PK\x06\x07", 56);
  records.writeUInt32LE(end, 64);
  return Buffer.concat([bytes.subarray(0, end), records, bytes.subarray(end)]);
};

describe("a zip archive", () => {
  test("gives stored and deflated members, small and of many chunks", () => {
    for (const level of [0, 6] as const) {
      const bytes = zipSync({ "a.npy": text, "b.npy": noise, empty: new Uint8Array(0) }, { level });
      expect(read(bytes)).toEqual(text);
      expect(Buffer.compare(read(bytes, "b.npy"), noise)).toBe(0);
      expect(read(bytes, "empty")).toEqual(new Uint8Array(0));
    }
  });

  test("may have a comment, and words in its local headers that its directory knows better", () => {
    const comment = Buffer.from("made by hand");
    const commented = patched(Buffer.concat([one, comment]), (view) =>
      view.setUint16(endOf(one) + 20, comment.length, true),
    );
    expect(read(commented)).toEqual(text);
    const streamed = patched(one, (view) => {
      for (const at of [14, 18, 22]) view.setUint32(at, 0xffffffff, true); // as numpy writes them
    });
    expect(read(streamed)).toEqual(text);
    const nameEnd = 30 + "a.npy".length;
    const sizes = new Uint8Array(20); // where numpy leaves room for sizes over 4 GiB
    const roomy = Buffer.concat([streamed.subarray(0, nameEnd), sizes, streamed.subarray(nameEnd)]);
    const moved = patched(roomy, (view) => {
      view.setUint16(28, sizes.length, true);
      view.setUint32(view.byteLength - 6, directoryOf(view) + sizes.length, true);
    });
    expect(read(moved)).toEqual(text);
  });

  test("may have the records of zip64 where it could do without", () => {
    expect(read(zip64(one))).toEqual(text);
    expect(read(zip64(zipSync({ "a.npy": text, "b.npy": noise })), "b.npy").length).toBe(noise.length);
  });

  test("is refused when it is none, is cut, or something follows it", () => {
    refuse(Buffer.from("PNG and not a zip"), /x\.npz: is not a zip archive/u);
    refuse(new Uint8Array(0), /is not a zip archive/u);
    refuse(one.subarray(0, 100), /without an end; was the download cut short/u);
    refuse(one.subarray(0, -1), /without an end/u);
    refuse(
      patched(one, (view) => view.setUint16(endOf(one) + 20, 5, true)),
      /it breaks off in its end/u,
    );
    refuse(Buffer.concat([one, Buffer.alloc(7)]), /holds 7 bytes of something else after/u);
  });

  test("is refused when its directory is not what its end says", () => {
    refuse(
      patched(one, (view) => view.setUint32(endOf(one) + 16, 5, true)),
      /member 0 is not in its directory/u,
    );
    for (const count of [2, 0xffff]) {
      refuse(
        patched(one, (view) => view.setUint16(endOf(one) + 8, count, true)),
        /member 1 is not in its directory/u,
      );
    }
    refuse(
      patched(one, (view) => view.setUint16(endOf(one) + 8, 0, true)),
      /directory does not end where its end begins/u,
    );
    refuse(
      patched(one, (view) => view.setUint16(directoryOf(view) + 30, 9, true)),
      /directory does not end where its end begins/u,
    );
    const needed = patched(zip64(one), (view) => view.setUint32(view.byteLength - 6, 0xffffffff, true));
    refuse(needed, /zip64 .* not read: take/u);
    for (const field of [32, 48, 64]) {
      const other = patched(zip64(one), (view) => view.setUint32(endOf(one) + field, 7, true));
      refuse(other, /zip64 record and its end differ/u);
    }
    const twice = patched(zipSync({ "a.npy": text, "b.npy": text }), (_, bytes) => {
      const name = Buffer.from(bytes).lastIndexOf("b.npy");
      bytes[name] = "a".charCodeAt(0);
    });
    refuse(twice, /holds "a\.npy" twice/u);
  });
});

describe("a member is refused by name", () => {
  const claim = (field: number, value: number): Uint8Array =>
    patched(one, (view) => view.setUint32(directoryOf(view) + field, value, true));

  test("when there is none, and those that are there are listed", () => {
    refuse(one, /x\.npz: has no member c\.npy; it holds "a\.npy"$/u, "c.npy");
  });

  test("when it claims gigantic sizes, before memory is taken", () => {
    const before = process.memoryUsage().arrayBuffers;
    refuse(
      claim(24, 0xfffffff0),
      /member a\.npy claims 4294967280 bytes; at most 2147483648 are read: take/u,
    );
    refuse(claim(24, 2 ** 31), /claims 2147483648 bytes, which \d+ packed bytes cannot hold/u);
    refuse(claim(20, 2 ** 31), /is not where the archive's directory says/u);
    refuse(claim(24, 0xffffffff), /claims 4294967295 bytes; at most/u);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  test("when it unpacks to more or less than it claims, or to something else", () => {
    refuse(claim(24, text.length - 1), /holds more than the 3999 bytes that it claims/u);
    refuse(claim(24, text.length + 1), /holds 4000 bytes where it claims 4001/u);
    refuse(claim(16, 12345), /member a\.npy is damaged: its checksum is another/u);
    const stored = zipSync({ "a.npy": text }, { level: 0 });
    refuse(
      patched(stored, (_, bytes) => (bytes[100] ^= 1)),
      /its checksum is another/u,
    );
    refuse(
      patched(one, (_, bytes) => bytes.fill(0xff, 36, 60)),
      /member a\.npy is damaged/u,
    );
  });

  test("when its packed bytes end before its content does", () => {
    const cut = zipSync({ "a.npy": deflateRawSync(noise).subarray(0, 1000) }, { level: 0 });
    const disguised = patched(cut, (view) => {
      view.setUint16(directoryOf(view) + 10, 8, true);
      view.setUint32(directoryOf(view) + 24, noise.length, true);
    });
    refuse(disguised, /member a\.npy breaks off early/u);
  });

  test("when it is a bomb: it is left as soon as it holds more than it claims", () => {
    const bomb = deflateRawSync(new Uint8Array(2 ** 26)); // 64 MiB of zeros
    bomb.fill(0xff, bomb.length / 2); // whoever unpacks it to the end meets this first
    const bytes = zipSync({ "a.npy": bomb }, { level: 0 });
    const disguised = patched(bytes, (view) => {
      view.setUint16(directoryOf(view) + 10, 8, true);
      view.setUint32(directoryOf(view) + 24, 1000, true);
    });
    refuse(disguised, /holds more than the 1000 bytes/u);
    const honest = patched(disguised, (view) => view.setUint32(directoryOf(view) + 24, 2 ** 26, true));
    refuse(honest, /member a\.npy (is damaged|breaks off)/u);
  });

  test("when it is a bomb with a true checksum of what it claims, which fflate would unpack to the end", () => {
    const packed = deflateRawSync(new Uint8Array(2 ** 22));
    const bomb = patched(zipSync({ "a.npy": packed }, { level: 0 }), (view) => {
      view.setUint16(directoryOf(view) + 10, 8, true);
      view.setUint32(directoryOf(view) + 16, crc32(new Uint8Array(1000)), true);
      view.setUint32(directoryOf(view) + 24, 1000, true);
    });
    expect(unzipSync(bomb)["a.npy"]).toEqual(new Uint8Array(1000)); // why zlib unpacks: see zip.ts
    refuse(bomb, /holds more than the 1000 bytes/u);
  });

  test("when it is encrypted, packed in another way, or elsewhere", () => {
    refuse(
      patched(one, (view) => view.setUint16(directoryOf(view) + 8, 1, true)),
      /is encrypted/u,
    );
    refuse(
      patched(one, (view) => view.setUint16(directoryOf(view) + 10, 12, true)),
      /packed by method 12/u,
    );
    refuse(claim(42, 3), /is not where the archive's directory says/u);
    refuse(claim(42, 0xfffffff0), /is not where the archive's directory says/u);
    refuse(
      patched(one, (_, bytes) => (bytes[0] = 0x51)),
      /is not a zip archive/u,
    );
    const two = zipSync({ other: text, "a.npy": text });
    const second = Buffer.from(two).lastIndexOf("PK\x03\x04");
    refuse(
      patched(two, (_, bytes) => (bytes[second] = 0x51)),
      /is not where the archive's directory says/u,
    );
  });
});

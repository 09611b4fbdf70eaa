// From samples to pixels: the right pixels in the right order, each content decoded once, bad images named or skipped.

import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import sharp from "sharp";
import { expect, test } from "vitest";
import { ArrayPixels } from "../../../src/data/cache/pixel-rows.ts";
import { assembled } from "../../../src/data/assembly/load.ts";
import { DataError } from "../../../src/errors/data-errors.ts";
import {
  decodeAssembly,
  type DecodedAssembly,
  type DecodeOptions,
} from "../../../src/data/assembly/pixels.ts";
import { pixelsInMemory, type ImageSet } from "../../../src/data/assembly/assembly.ts";
import { StoredPixels } from "../../../src/data/cache/stored-pixels.ts";
import type { Fit, ImageReading } from "../../../src/data/images/index.ts";
import type { Catalogue } from "../../../src/data/catalogue/catalogue.ts";
import type { SampleList } from "../../../src/data/catalogue/sample-lists.ts";
import { chunk } from "../images/image-files.ts";
import {
  catalogueOf,
  listOf,
  pixelsOf,
  png,
  range,
  size,
  temporaryFolder,
  writePictures,
} from "./pictures.ts";

const each = size.height * size.width;

function decode(
  catalogue: Catalogue,
  cache: string,
  more: Partial<DecodeOptions> = {},
): Promise<DecodedAssembly> {
  return decodeAssembly(catalogue, {
    cache,
    memory: 2 ** 30,
    workers: 2,
    skipBad: false,
    hashes: true,
    ...more,
  });
}

/** What a file's times say must be a while ago before they are trusted. */
const settle = (): Promise<void> => setTimeout(80);

test("pixels and label states come in the catalogue's order, with a hash for each image", async () => {
  const folder = temporaryFolder();
  const files = writePictures(folder, range(20));
  const lists = [listOf("one", files.slice(7)), listOf("two", [files[3], files[0], files[3]])];
  const { sets, hashes, skipped, decoded } = await decode(catalogueOf(...lists), join(folder, "cache"));
  expect(sets.map(({ source, count }) => [source, count])).toEqual([
    ["one", 13],
    ["two", 3],
  ]);
  const pixels = pixelsInMemory(sets[0]);
  for (const i of range(13)) expect(pixels.subarray(i * each, (i + 1) * each)).toEqual(pixelsOf(7 + i));
  expect(pixelsInMemory(sets[1])).toEqual(Uint8Array.of(...pixelsOf(3), ...pixelsOf(0), ...pixelsOf(3)));
  expect(sets[0].states).toEqual(lists[0].states);
  expect(hashes.map((one) => one.length)).toEqual([13, 3]);
  expect(hashes[1][0]).toBe(hashes[1][2]);
  expect(new Set(hashes.flat()).size).toBe(15);
  expect(skipped).toEqual([]);
  expect(decoded).toMatchObject({ images: 15, fromCache: 0 });
});

test("one thread and three give the same sets", async () => {
  const folder = temporaryFolder();
  const catalogue = catalogueOf(listOf("one", writePictures(folder, range(30))));
  const one = await decode(catalogue, join(folder, "a"), { workers: 1 });
  const three = await decode(catalogue, join(folder, "b"), { workers: 3 });
  expect(three.sets).toEqual(one.sets);
  expect(three.hashes).toEqual(one.hashes);
});

test("an unchanged file is not read again, a touched or moved one not decoded, a changed one is", async () => {
  const folder = temporaryFolder();
  const cache = join(folder, "cache");
  const files = writePictures(folder, range(6));
  await settle();
  const run = (names = files): Promise<DecodedAssembly> => decode(catalogueOf(listOf("one", names)), cache);
  expect((await run()).decoded.images).toBe(6);
  // Not read: with the same size, times and inode, other bytes go unseen, as they do with git.
  const { atime, mtime } = statSync(files[0]);
  expect((await run()).decoded).toMatchObject({ images: 0, fromCache: 6 });

  utimesSync(files[0], atime, new Date(mtime.getTime() - 5000));
  const moved = join(folder, "moved.png");
  renameSync(files[1], moved);
  writeFileSync(files[2], png(pixelsOf(99)));
  const { sets, decoded } = await run([files[0], moved, ...files.slice(2)]);
  expect(decoded).toMatchObject({ images: 1, fromCache: 5 });
  expect(pixelsInMemory(sets[0]).subarray(2 * each, 3 * each)).toEqual(pixelsOf(99));
  expect(pixelsInMemory(sets[0]).subarray(0, 2 * each)).toEqual(
    Uint8Array.of(...pixelsOf(0), ...pixelsOf(1)),
  );
});

test("a file that is read in two ways is two images; each is in the cache afterwards", async () => {
  const folder = temporaryFolder();
  const cache = join(folder, "cache");
  const [file] = writePictures(folder, [5]);
  await settle();
  const plain = listOf("plain", [file]);
  const as = (source: string, reading: ImageReading): SampleList => ({
    ...listOf(source, [file]),
    samples: [{ id: file, image: { kind: "file", file, reading } }],
  });
  const window = (low: number, high: number): ImageReading => ({ window: [low, high] });
  const catalogue = catalogueOf(
    plain,
    as("dark", window(0, 510)),
    as("same", window(0, 510)),
    as("bits", { bits: 8 }),
  );
  const first = await decode(catalogue, cache);
  expect(first.decoded).toMatchObject({ images: 3, fromCache: 0 });
  const of = ({ sets }: DecodedAssembly, i: number): Uint8Array => pixelsInMemory(sets[i]);
  expect(of(first, 0)).toEqual(pixelsOf(5));
  expect(of(first, 1)).toEqual(pixelsOf(5).map((level) => Math.round(level / 2)));
  expect(of(first, 2)).toEqual(of(first, 1));
  expect(of(first, 3)).toEqual(pixelsOf(5));
  const again = await decode(catalogue, cache);
  expect(again.decoded).toMatchObject({ images: 0, fromCache: 3 });
  expect(again.sets).toEqual(first.sets);
});

test("each way of fitting has images of its own in the cache, of files and of arrays", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "wide.png");
  const wide = { height: 4, width: 8 };
  writeFileSync(
    file,
    png(
      Uint8Array.from({ length: 32 }, () => 80),
      wide,
    ),
  );
  const array = { file: "a", count: 1, ...wide, channels: 1 as const, pixels: new Uint8Array(32).fill(80) };
  const list: SampleList = {
    ...listOf("one", [file, file]),
    samples: [
      { id: "file", image: { kind: "file", file } },
      { id: "array", image: { kind: "array", array, at: 0 } },
    ],
  };
  const rowsOfBlack = async (fit: Fit): Promise<number> => {
    const { sets } = await decode({ ...catalogueOf(list), image: { ...size, fit } }, join(folder, "cache"));
    const pixels = pixelsInMemory(sets[0]);
    expect(pixels.subarray(each)).toEqual(pixels.subarray(0, each));
    return pixels.filter((level) => level === 0).length / (2 * size.width);
  };
  expect(await rowsOfBlack("stretch")).toBe(0);
  expect(await rowsOfBlack("pad")).toBe(4);
  expect(await rowsOfBlack("crop")).toBe(0);
  expect(
    readdirSync(join(folder, "cache"))
      .filter((name) => name !== "leases")
      .map((name) => name.replace(/-[0-9a-f]{12}/u, ""))
      .sort(),
  ).toEqual(["8x8x1", "8x8x1-crop", "8x8x1-pad"]);
});

test("a cache of a former version is used for all images but those that it decoded otherwise", async () => {
  const folder = temporaryFolder();
  const cache = join(folder, "cache");
  const [plain, other] = writePictures(folder, [5, 6]);
  // The same picture with a chunk that says: 4 bits. No version before looked at it.
  const bytes = png(pixelsOf(7).map((level) => level % 16));
  writeFileSync(
    other,
    Buffer.concat([bytes.subarray(0, 33), chunk("sBIT", Buffer.of(4)), bytes.subarray(33)]),
  );
  const sha = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
  const { width } = size;
  const decoder = JSON.stringify([1, sharp.versions.vips]);
  const own = join(
    cache,
    `${width}x${width}x1-${createHash("sha256").update(decoder).digest("hex").slice(0, 12)}`,
  );
  const shard = Buffer.concat([pixelsOf(5), pixelsOf(7).map((level) => level % 16)]);
  const digest = createHash("sha256").update(shard).digest("hex");
  const noted = [plain, other].map((file) => {
    const { size: length, mtimeNs, ino } = statSync(file, { bigint: true });
    return [file, `${length}`, `${mtimeNs}`, `${ino}`, sha(file)];
  });
  const images = [plain, other].map((file) => [sha(file), "f".repeat(64)]);
  const segment = `${JSON.stringify({ format: "tessera-images-1", shard: digest, images, files: noted })}\n`;
  mkdirSync(join(own, "shards"), { recursive: true });
  mkdirSync(join(own, "index"));
  writeFileSync(join(own, "shards", `${digest}.u8`), shard);
  writeFileSync(join(own, "index", `${createHash("sha256").update(segment).digest("hex")}.json`), segment);

  const { decoded, sets, hashes } = await decode(catalogueOf(listOf("one", [plain, other])), cache);
  expect(decoded).toMatchObject({ images: 1, fromCache: 1 });
  expect(hashes[0][0]).toBe("f".repeat(64));
  expect(pixelsInMemory(sets[0])).toEqual(
    Uint8Array.of(...pixelsOf(5), ...pixelsOf(7).map((level) => (level % 16) * 17)),
  );
});

test("the same content in two sources is decoded once, also under way at the same time", async () => {
  const folder = temporaryFolder();
  const [file] = writePictures(folder, [5]);
  const copies = range(8).map((i) => {
    const copy = join(folder, `copy-${i}.png`);
    copyFileSync(file, copy);
    return copy;
  });
  const catalogue = catalogueOf(listOf("one", [file, ...copies.slice(4)]), listOf("two", copies.slice(0, 4)));
  const { decoded, hashes } = await decode(catalogue, join(folder, "cache"));
  expect(decoded).toMatchObject({ images: 1, fromCache: 8 });
  expect(new Set(hashes.flat()).size).toBe(1);
});

test("the first image that cannot be decoded is an error that names it and --skip-bad", async () => {
  const folder = temporaryFolder();
  const files = writePictures(folder, range(12));
  writeFileSync(files[4], png(pixelsOf(4)).subarray(0, 50));
  writeFileSync(files[9], "not an image");
  const catalogue = catalogueOf(listOf("one", files));
  const error: unknown = await decode(catalogue, join(folder, "cache")).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).file).toBe(files[4]);
  expect((error as DataError).message).toMatch(/--skip-bad/);
  expect((error as DataError).message).not.toContain("\n");
});

test("with skipBad the others are kept, each with its own labels, and every one left out is listed", async () => {
  const folder = temporaryFolder();
  const files = writePictures(folder, range(6));
  writeFileSync(files[1], "not an image");
  const missing = join(folder, "missing.png");
  const list = listOf("one", [...files, missing, files[1]]);
  const { sets, skipped, hashes } = await decode(catalogueOf(list), join(folder, "cache"), { skipBad: true });
  expect(sets[0].count).toBe(5);
  expect(hashes[0]).toHaveLength(5);
  expect(skipped.map(({ file }) => file)).toEqual([files[1], missing, files[1]]);
  const states = range(6).flatMap((i) => (i === 1 ? [] : [...list.states.subarray(2 * i, 2 * i + 2)]));
  expect([...sets[0].states]).toEqual(states);
});

test("a list of which no image can be decoded is empty, and refused where it is trained on", async () => {
  const folder = temporaryFolder();
  const files = writePictures(folder, [0]);
  const missing = range(5).map((i) => join(folder, "wrong", "images", `${i}.png`));
  const selected = catalogueOf(listOf("good", files), listOf("bad", missing));
  const decoded = await decode(selected, join(folder, "cache"), { skipBad: true });
  expect(decoded.sets.map(({ count, states }) => [count, states.length])).toEqual([
    [1, 2],
    [0, 0],
  ]);
  expect(decoded.skipped).toHaveLength(5);
  const refused = (): unknown => assembled(selected, decoded);
  expect(refused).toThrow(DataError);
  expect(refused).toThrow(
    /^bad: none of its 5 train images can be decoded: is .*wrong.images where they are\?/,
  );
  expect(refused).toThrow(
    /The first: .*0\.png: does not exist: there is no folder [^;]*(?:; did you mean[^;]*)?$/, // told once, for all five
  );
});

test("a name without its extension says which suffix is missing; a file in the place of a folder, that it is one", async () => {
  const folder = temporaryFolder();
  const [file] = writePictures(folder, [0]);
  const refusal = (path: string): Promise<unknown> =>
    decode(catalogueOf(listOf("table", [path])), join(folder, "cache"), { skipBad: false });
  await expect(refusal(file.replace(".png", ""))).rejects.toThrow(
    /picture-0: does not exist, but picture-0\.png does; for a table, write suffix: \.png in the manifest/,
  );
  await expect(refusal(join(file, "1.png"))).rejects.toThrow(
    /1\.png: does not exist: .*picture-0\.png is no folder/,
  );
});

test("images of an array are taken as they are where they fit, and resized where they do not", async () => {
  const folder = temporaryFolder();
  const array = (height: number, count: number): Catalogue["lists"][number] => {
    const pixels = Uint8Array.from({ length: count * height * 8 }, (_, i) => (i * 7) % 256);
    const held = { file: "digits", count, height, width: 8, channels: 1 as const, pixels };
    const samples = [1, 0, 1].map((at) => ({
      id: `${at}`,
      image: { kind: "array" as const, array: held, at },
    }));
    return {
      source: `${height}`,
      part: "train",
      samples,
      states: new Uint8Array(6),
      uncertain: new Uint32Array(2),
    };
  };
  const { sets, hashes, decoded } = await decode(
    catalogueOf(array(8, 2), array(16, 2)),
    join(folder, "cache"),
  );
  const [same, fitted] = sets.map(pixelsInMemory);
  const original = Uint8Array.from({ length: 128 }, (_, i) => (i * 7) % 256);
  expect(same).toEqual(Uint8Array.of(...original.subarray(64), ...original));
  expect(fitted).toHaveLength(3 * each);
  expect(fitted.subarray(0, each)).toEqual(fitted.subarray(2 * each));
  expect(hashes[0][0]).toBe(hashes[0][2]);
  expect(hashes[0][0]).not.toBe(hashes[1][0]);
  expect(decoded).toMatchObject({ images: 0, fromCache: 0 });
  // From the cache, and without one, they are what they were; an array that fits needs none.
  for (const again of [join(folder, "cache"), ""]) {
    const found = await decode(catalogueOf(array(8, 2), array(16, 2)), again);
    expect(found.sets.map(pixelsInMemory)).toEqual([same, fitted]);
  }
  await decode(catalogueOf(array(8, 2)), join(folder, "none"));
  expect(readdirSync(folder)).toEqual(["cache"]);
  await expect(decode(catalogueOf(listOf("one", writePictures(folder, [1]))), "")).rejects.toThrow(
    /under cache/,
  );
});

test("images of an array stay in it, however many there are; a small part of one is copied, and lets it go", async () => {
  const pixels = Uint8Array.from({ length: 9 * each }, (_, i) => i % 253);
  const array = { file: "digits", count: 9, ...size, channels: 1 as const, pixels };
  const taking = (...places: number[]): Catalogue =>
    catalogueOf({
      ...listOf("one", places.map(String)),
      samples: places.map((at) => ({ id: `${at}`, image: { kind: "array" as const, array, at } })),
    });
  const of = async (...places: number[]): Promise<ImageSet> => {
    const { sets, hashes, decoded } = await decode(taking(...places), "", { memory: 1, hashes: false });
    expect([hashes, decoded.fromArrays]).toEqual([[[]], new Set(places).size]);
    const wanted = places.flatMap((at) => [...pixels.subarray(at * each, (at + 1) * each)]);
    expect(pixelsInMemory(sets[0])).toEqual(Uint8Array.from(wanted));
    return sets[0];
  };
  const { pixels: scattered } = await of(7, 0, 2, 4, 6);
  if (!(scattered instanceof ArrayPixels)) throw new Error("was copied");
  expect(scattered.at(0).buffer).toBe(pixels.buffer);
  const { pixels: inOneRow } = await of(2, 3, 4, 5, 6, 7);
  expect(inOneRow instanceof Uint8Array && inOneRow.buffer === pixels.buffer).toBe(true);
  for (const few of [
    [3, 1],
    [2, 3],
  ]) {
    const { pixels: copied } = await of(...few);
    expect(copied instanceof Uint8Array && copied.buffer !== pixels.buffer).toBe(true);
  }
  await expect(decode(taking(9), "", { hashes: false })).rejects.toThrow(/has no image 9/);
});

test("what is more than the memory stays on disk, and reads the same by index", async () => {
  const folder = temporaryFolder();
  const catalogue = catalogueOf(
    listOf("one", writePictures(folder, range(40))),
    listOf("two", writePictures(folder, range(9, 40))),
  );
  const { sets } = await decode(catalogue, join(folder, "cache"), { memory: 48 * each });
  const [first, second] = sets.map(({ pixels }) => pixels);
  if (!(first instanceof StoredPixels) || !(second instanceof StoredPixels)) throw new Error("is in memory");
  expect([first.length, second.length]).toEqual([40 * each, 9 * each]);
  const order = [31, 4, 5, 6, 39, 0, 4];
  expect(await first.read(Uint32Array.from(order))).toEqual(
    Uint8Array.from(order.flatMap((i) => [...pixelsOf(i)])),
  );
  expect(await second.read(Uint32Array.of(8))).toEqual(pixelsOf(48));
  expect(() => pixelsInMemory(sets[0])).toThrow(/--memory/);
  await first.close();
  await second.close();
  const whole = await decode(catalogue, join(folder, "cache"), { memory: 49 * each });
  expect(pixelsInMemory(whole.sets[1])).toEqual(
    Uint8Array.from(range(9, 40).flatMap((i) => [...pixelsOf(i)])),
  );
});

test("progress counts every sample once, and a signal ends the work but keeps what was decoded", async () => {
  const folder = temporaryFolder();
  const files = writePictures(folder, range(60));
  await settle();
  const seen: number[] = [];
  const controller = new AbortController();
  const catalogue = catalogueOf(listOf("one", [...files, files[0]]));
  const onProgress = ({ done, total }: { done: number; total: number }): void => {
    expect(total).toBe(61);
    seen.push(done);
    if (done >= 20) controller.abort();
  };
  const { signal } = controller;
  const work = decode(catalogue, join(folder, "cache"), { onProgress, signal });
  await expect(work).rejects.toThrow(expect.objectContaining({ name: "AbortError" }) as Error);
  const { decoded } = await decode(catalogue, join(folder, "cache"), {
    onProgress: ({ done }) => seen.push(done),
  });
  expect(decoded.fromCache).toBeGreaterThanOrEqual(18);
  expect(decoded.fromCache + decoded.images).toBe(60);
  expect(seen.at(-1)).toBe(61);
});

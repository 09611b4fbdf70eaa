// The CIFAR reader: planes become pixels, labels become names, and no byte may be missing or left over.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { cifar } from "../../../src/data/formats/cifar.ts";
import { cifar100Coarse, cifar100Fine, cifar10Classes } from "../../../src/data/formats/cifar-names.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import { temporaryFolder } from "./idx-files.ts";
import { contextIn, expectRefusal, expectWhole, lister, positives, surviveDamage } from "./listing-checks.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const listEntry = lister(cifar);

/** Byte (channel, pixel) of the picture of a record. */
const level = (record: number, channel: number, pixel: number): number =>
  (31 * record + 85 * channel + 7 * pixel) % 256;

/** Records of these label bytes each. */
const records = (labels: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from(
    labels.flatMap((bytes, record) => [
      ...bytes,
      ...[0, 1, 2].flatMap((channel) => Array.from({ length: 1024 }, (_, p) => level(record, channel, p))),
    ]),
  );
const write = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder.path, name), bytes);
  return name;
};
const list = (entry: Record<string, unknown>): Promise<Listing> =>
  listEntry({ format: "cifar", ...entry }, contextIn(folder.path));

describe("a cifar entry", () => {
  test("lists CIFAR-10, red, green and blue of a pixel side by side", async () => {
    const listing = await list({ files: [write("a.bin.gz", gzipSync(records([[3], [0], [9]])))] });
    expectWhole(listing);
    expect(listing.labelNames).toEqual(cifar10Classes);
    expect(positives(listing)).toEqual([1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    expect(listing.rawLabels.subarray(0, 10).indexOf(1)).toBe(3);
    expect(listing.records.map(({ id }) => id)).toEqual(["0", "1", "2"]);
    const { image } = listing.records[1];
    if (image.kind !== "array") expect.fail("the image is not in an array");
    expect(image.array).toMatchObject({ count: 3, height: 32, width: 32, channels: 3 });
    const pixels = image.array.pixels.subarray(3072, 6144);
    for (const pixel of [0, 1, 31, 32, 1023]) {
      expect([...pixels.subarray(3 * pixel, 3 * pixel + 3)]).toEqual(
        [0, 1, 2].map((c) => level(1, c, pixel)),
      );
    }
  });

  test("reads several files one after the other", async () => {
    const files = [write("first.bin", records([[1], [2]])), write("second.bin", records([[7]]))];
    const listing = await list({ files });
    expectWhole(listing);
    expect(listing.records.map(({ id }) => id)).toEqual(["first.bin/0", "first.bin/1", "second.bin/0"]);
    expect(listing.records.map((_, i) => listing.rawLabels.subarray(10 * i, 10 * i + 10).indexOf(1))).toEqual(
      [1, 2, 7],
    );
    expect(listing.records[2].image).toMatchObject({
      at: 0,
      array: { file: join(folder.path, "second.bin") },
    });
  });

  test("lists the fine or the coarse labels of CIFAR-100", async () => {
    const files = [
      write(
        "c100.bin",
        records([
          [4, 0],
          [19, 99],
        ]),
      ),
    ];
    const fine = await list({ files, variant: "cifar100" });
    const coarse = await list({ files, variant: "cifar100", labels: "coarse" });
    for (const listing of [fine, coarse]) expectWhole(listing);
    const shown = ({ labelNames, rawLabels }: Listing): (string | undefined)[] =>
      [0, 1].map((i) => labelNames[rawLabels.subarray(i * labelNames.length).indexOf(1)]);
    expect(shown(fine)).toEqual(["apple", "worm"]);
    expect(shown(coarse)).toEqual(["fruit_and_vegetables", "vehicles_2"]);
  });

  test("knows ten, a hundred and twenty names, each once and in the order of the alphabet where they have one", () => {
    expect(new Set(cifar10Classes).size).toBe(10);
    expect([cifar100Fine.length, cifar100Coarse.length]).toEqual([100, 20]);
    for (const names of [cifar100Fine, cifar100Coarse])
      expect([...names]).toEqual([...new Set(names)].toSorted());
  });

  test("is refused with the bytes expected and found", async () => {
    const whole = records([[3], [0]]);
    const size = /holds 6145 bytes, which is not a whole number of cifar10 records of 3073/u;
    await expectRefusal(list({ files: [write("cut.bin", whole.subarray(0, -1))] }), size);
    await expectRefusal(
      list({ files: [write("long.bin", Buffer.concat([whole, Buffer.of(0)]))] }),
      /long\.bin: holds 6147 bytes/u,
    );
    await expectRefusal(
      list({ files: [write("empty.bin", new Uint8Array(0))] }),
      /empty\.bin: holds 0 bytes/u,
    );
    const hundred = write("hundred.bin", records([[4, 0]]));
    await expectRefusal(list({ files: [hundred] }), /it looks like cifar100: set the variant/u);
    await expectRefusal(list({ files: ["none.bin"] }), /none\.bin: does not exist/u);
  });

  test("is refused for the editions that are not read, with the file to take", async () => {
    // Opcodes of pickle protocol 2: an empty dictionary, a mark, a short string.
    const pickle = Buffer.concat([
      Buffer.from("\x80\x02}q\x01(U\x0bbatch_label", "latin1"),
      new Uint8Array(3048),
    ]);
    const files = [write("pickle", gzipSync(pickle))];
    await expectRefusal(
      list({ files }),
      /pickle: is a Python pickle \(the "python version" of CIFAR\), which is not read: take data_batch_1\.bin of cifar-10-binary\.tar\.gz, the "binary version"/u,
    );
    await expectRefusal(
      list({ files, variant: "cifar100" }),
      /take train\.bin of cifar-100-binary\.tar\.gz/u,
    );
    const tar = new Uint8Array(2 * 3073);
    tar.set(Buffer.from("ustar"), 257);
    await expectRefusal(
      list({ files: [write("all.tar", tar)] }),
      /all\.tar: is a tar archive: unpack it, and name/u,
    );
    const matlab = [write("batch.mat", Buffer.from("MATLAB 5.0 MAT-file, Platform: GLNXA64"))];
    await expectRefusal(
      list({ files: matlab }),
      /batch\.mat: is the "Matlab version" of CIFAR, which is not read/u,
    );
  });

  test("may not name one file by two paths", async () => {
    const file = write("once.bin", records([[3]]));
    await expectRefusal(list({ files: [file, `./${file}`] }), /files\.1 names .*once\.bin again/u);
  });

  test("is refused for a label that there is not, with the record", async () => {
    const strange = [write("strange.bin", records([[3], [10]]))];
    await expectRefusal(
      list({ files: strange }),
      /strange\.bin: record 1: has class label 10, but cifar10 has labels 0 to 9/u,
    );
    const coarse = write("coarse.bin", records([[20, 3]]));
    await expectRefusal(list({ files: [coarse], variant: "cifar100" }), /record 0: has coarse label 20/u);
    const fine = write("fine.bin", records([[3, 100]]));
    await expectRefusal(
      list({ files: [fine], variant: "cifar100", labels: "coarse" }),
      /record 0: has fine label 100, but cifar100 has labels 0 to 99/u,
    );
  });

  test("may name no file twice, nor a kind of labels that CIFAR-10 does not have", async () => {
    const schema = z.object(cifar.fields);
    expect(schema.safeParse({ files: ["a", "a"] }).error?.message).toContain("names a file twice");
    expect(schema.safeParse({ files: [] }).success).toBe(false);
    const files = [write("ten.bin", records([[3]]))];
    await expectRefusal(list({ files, labels: "fine" }), /labels is for the variant cifar100/u);
  });

  test("survives 300 damaged copies of its file", async () => {
    const whole = records([[3], [0], [9]]);
    const open = (path: string): Promise<Listing> => list({ files: [path] });
    const refused =
      (await surviveDamage(folder.path, whole, 200, open)) +
      (await surviveDamage(folder.path, gzipSync(whole), 100, open));
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(300);
  });
});

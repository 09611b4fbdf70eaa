// The array formats on real files.
import { expect, test } from "vitest";
import { cifar } from "../../../src/data/formats/cifar.ts";
import { idx } from "../../../src/data/formats/idx.ts";
import { medmnist } from "../../../src/data/formats/medmnist.ts";
import { parts } from "../../../src/data/catalogue/listing.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import { cifarTest, cifarTrain, mnistTrain } from "../published-counts.ts";
import { dataRoot, withData } from "../real-data.ts";
import { contextIn, expectWhole, lister, positives } from "./listing-checks.ts";

/** The mean grey level of the first array of a listing, and of each of its channels. */
function meanOf({ records }: Listing): { readonly shape: string; readonly channels: number[] } {
  const { image } = records[0];
  if (image.kind !== "array") expect.fail("the image is not in an array");
  const { pixels, height, width, channels } = image.array;
  const sums = Array<number>(channels).fill(0);
  for (let at = 0; at < pixels.length; at++) sums[at % channels] += pixels[at];
  return {
    shape: `${height} x ${width} x ${channels}`,
    channels: sums.map((sum) => sum / (pixels.length / channels)),
  };
}

withData(["mnist"], "real MNIST", () => {
  test("lists 60,000 digits with their known counts", async () => {
    const entry = {
      format: "idx",
      images: "mnist/train-images-idx3-ubyte.gz",
      labels: "mnist/train-labels-idx1-ubyte.gz",
    };
    const listing = await lister(idx)(entry, contextIn(dataRoot));
    expectWhole(listing);
    expect(listing.labelNames.join("")).toBe("0123456789");
    expect(positives(listing)).toEqual(mnistTrain);
  });
});

withData(["cifar10"], "real CIFAR-10", () => {
  test("lists 5,000 images of two files with their known counts", async () => {
    const files = ["cifar10/data_batch_1_first4000.bin.gz", "cifar10/test_batch_first1000.bin.gz"];
    const list = (files: readonly string[]): Promise<Listing> =>
      lister(cifar)({ format: "cifar", files }, contextIn(dataRoot));
    const both = await list(files);
    expectWhole(both);
    const [train, tested] = [await list([files[0]]), await list([files[1]])];
    expect(positives(train)).toEqual(cifarTrain);
    expect(positives(tested)).toEqual(cifarTest);
    expect(positives(both)).toEqual(positives(train).map((count, k) => count + positives(tested)[k]));
    const { shape, channels } = meanOf(train);
    expect(shape).toBe("32 x 32 x 3");
    // CIFAR-10's published channel means: 0.4914, 0.4822, 0.4465; of an excerpt, nearly.
    for (const [c, mean] of [0.4914, 0.4822, 0.4465].entries()) {
      expect(Math.abs(channels[c] / 255 - mean)).toBeLessThan(0.01);
    }
  });
});

withData(["medmnist"], "real MedMNIST", () => {
  const sets: Record<
    string,
    {
      shape: string;
      first: string;
      /** Images in train, validation, test. */
      counts: readonly number[];
      /** Positives of each label in them, where SOURCE.md has them. */
      positives?: readonly (readonly number[])[];
    }
  > = {
    retinamnist: { shape: "28 x 28 x 3", first: "0", counts: [1080, 120, 400] },
    breastmnist: {
      shape: "28 x 28 x 1",
      first: "malignant",
      counts: [546, 78, 156],
      positives: [
        [147, 399],
        [21, 57],
        [42, 114],
      ],
    },
    pneumoniamnist: {
      shape: "28 x 28 x 1",
      first: "normal",
      counts: [4708, 524, 624],
      positives: [
        [1214, 3494],
        [135, 389],
        [234, 390],
      ],
    },
    dermamnist_rebuilt: {
      shape: "28 x 28 x 3",
      first: "actinic keratoses and intraepithelial carcinoma",
      counts: [2101, 301, 600],
    },
    chestmnist_rebuilt: { shape: "28 x 28 x 1", first: "atelectasis", counts: [709, 102, 189] },
  };
  const list = (name: string): Promise<Listing> =>
    lister(medmnist)({ format: "medmnist", file: `medmnist/${name}.npz` }, contextIn(dataRoot));

  for (const [name, expected] of Object.entries(sets)) {
    test(`lists ${name} with the sizes and labels that are published`, async () => {
      const listing = await list(name);
      expectWhole(listing);
      expect(meanOf(listing).shape).toBe(expected.shape);
      expect(listing.labelNames[0]).toBe(expected.first);
      expect(parts.map((part) => listing.records.filter((record) => record.part === part).length)).toEqual(
        expected.counts,
      );
      const found = parts.map((part) => positives(listing, part));
      if (expected.positives !== undefined) expect(found).toEqual(expected.positives);
      if (name !== "chestmnist_rebuilt") {
        expect(found.map((row) => row.reduce((sum, count) => sum + count))).toEqual(expected.counts);
      }
    });
  }

  test("lists chestmnist_rebuilt with the counts of the 1,000 X-rays that it was made from", async () => {
    const listing = await list("chestmnist_rebuilt");
    const total = Object.fromEntries(listing.labelNames.map((name, k) => [name, positives(listing)[k]]));
    expect(total).toEqual({
      atelectasis: 95,
      cardiomegaly: 83,
      effusion: 170,
      infiltration: 162,
      mass: 35,
      nodule: 39,
      pneumonia: 11,
      pneumothorax: 40,
      consolidation: 42,
      edema: 31,
      emphysema: 37,
      fibrosis: 32,
      pleural: 29,
      hernia: 9,
    });
    const inTest = positives(listing, "test");
    expect([inTest[6], inTest[13]]).toEqual([0, 0]); // no pneumonia and no hernia
    const inValidation = positives(listing, "validation");
    expect([inValidation[7], inValidation[13]]).toEqual([0, 0]); // no pneumothorax and no hernia
  });
});

// Which arrays of an .npz file belong to which part.
import { afterAll, describe, expect, test } from "vitest";
import { medmnist } from "../../../src/data/formats/medmnist.ts";
import { temporaryFolder } from "./idx-files.ts";
import { contextIn, expectRefusal, expectWhole, positives, remarksOf } from "./listing-checks.ts";
import { npy, npz } from "./npz-files.ts";
import { column, images, npzListing } from "./npz-listing.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const { write, list, listWith } = npzListing(folder.path);

describe("a part that a file does not have", () => {
  const noValidation = { val_images: undefined, val_labels: undefined };

  test("is empty", async () => {
    const listing = await listWith(noValidation);
    expectWhole(listing);
    expect(listing.records.map(({ id, part }) => `${id} ${part}`)).toEqual([
      "train/0 train",
      "train/1 train",
      "train/2 train",
      "test/0 test",
    ]);
    expect(
      positives(await listWith({ ...noValidation, test_images: undefined, test_labels: undefined })),
    ).toEqual([...[1, 1, 1]]);
  });

  test("is not taken for empty where arrays of another name may be its own", async () => {
    await expectRefusal(
      listWith({ ...noValidation, valid_images: images([2, 4, 5]), valid_labels: column([2, 0]) }),
      /has no arrays for validation, but others: "valid_images\.npy", "valid_labels\.npy"; say with members which .* members: \{ train: \[train_images, train_labels\], test: \[test_images, test_labels\] \}/u,
    );
  });

  test("leaves other arrays alone, and says which", async () => {
    const { remarks, context } = remarksOf(contextIn(folder.path));
    await listWith({ ...noValidation, seed: npy([1], [0.5], { descr: "<f8" }) }, {}, context);
    expect(remarks.map(({ sentence }) => sentence.replace(folder.path, ""))).toEqual([
      '"entry" leaves out arrays of /changed.npz that are of no part: "seed.npy".',
    ]);
  });
});

describe("arrays of other names", () => {
  const keras = {
    x_train: images([3, 4, 5]),
    y_train: npy([3], [0, 2, 1]),
    x_test: images([1, 4, 5]),
    y_test: npy([1], [2]),
  };
  const members = { train: ["x_train", "y_train"], test: ["x_test", "y_test.npy"] };

  test("are those of the parts that the manifest says", async () => {
    write("keras.npz", npz(keras));
    const listing = await list("keras.npz", { members });
    expectWhole(listing);
    expect(listing.records.map(({ id, part }) => `${id} ${part}`)).toEqual([
      "train/0 train",
      "train/1 train",
      "train/2 train",
      "test/0 test",
    ]);
    expect(positives(listing)).toEqual([1, 1, 2]);
  });

  test("may be of no part", async () => {
    write("all.npz", npz({ X: images([3, 4, 5]), y: npy([3], [0, 1, 1]) }));
    const { records, rawLabels } = await list("all.npz", { members: { all: ["X", "y"] } });
    expect(records.map(({ id, part }) => [id, part])).toEqual([
      ["0", undefined],
      ["1", undefined],
      ["2", undefined],
    ]);
    expect([...rawLabels]).toEqual([1, 0, 0, 1, 0, 1]);
  });

  test("are listed where the manifest does not say it, with what it might say", async () => {
    await expectRefusal(
      list("keras.npz"),
      /keras\.npz: has no member train_images\.npy; it holds "x_train\.npy", .* such as members: \{ train: \[x_train, y_train\], test: \[x_test, y_test\] \}/u,
    );
    await expectRefusal(list("all.npz"), /such as members: \{ all: \[X, y\] \}/u);
    await expectRefusal(
      list("keras.npz", { members: { train: ["x_trian", "y_train"] } }),
      /members\.train names "x_trian", which .* did you mean "x_train"/u,
    );
  });

  test("are named by part or all together, and each once", () => {
    const said = (value: unknown): string =>
      medmnist.fields.members.safeParse(value).error?.message ?? "nothing";
    expect(said({})).toContain("names no arrays");
    expect(said({ all: ["X", "y"], test: ["a", "b"] })).toContain("names all beside a part");
    expect(said({ train: ["X", "y"], test: ["X", "z"] })).toContain("names an array twice");
    expect(said({ train: ["X"] })).toContain("must name two arrays");
    expect(said({ val: ["X", "y"] })).toContain("the keys are train, validation, test, all");
  });
});

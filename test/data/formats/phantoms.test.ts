// Phantoms as a dataset format: what is drawn is what the listing says, whatever the limit.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { phantoms } from "../../../src/data/formats/phantoms.ts";
import type { ListContext, ListedRecord, Listing } from "../../../src/data/catalogue/listing.ts";
import { contextIn, expectRefusal, expectWhole, lister, positives } from "./listing-checks.ts";

const listEntry = lister(phantoms);
const list = (entry: Record<string, unknown>, changes: Partial<ListContext> = {}): Promise<Listing> =>
  listEntry(
    { format: "phantoms", site: "both", count: 9, ...entry },
    contextIn("", {
      classes: ["mass", "effusion"],
      image: { height: 16, width: 16, channels: 1 },
      ...changes,
    }),
  );
const pixelsOf = ({ image }: ListedRecord): Uint8Array => {
  if (image.kind !== "array") expect.fail("the image is not in an array");
  const size = image.array.height * image.array.width;
  return image.array.pixels.subarray(image.at * size, (image.at + 1) * size);
};

describe("a phantoms entry", () => {
  test("lists half of its images at each site, every finding of the classes known on all", async () => {
    const listing = await list({ prevalence: { mass: 1, effusion: 0 } });
    expectWhole(listing);
    expect(listing.labelNames).toEqual(["mass", "effusion"]);
    expect(positives(listing)).toEqual([9, 0]);
    expect(listing.rawLabels).not.toContain(255);
    expect(listing.records.map(({ id }) => id).join(" ")).toBe("A/0 A/1 A/2 A/3 A/4 B/0 B/1 B/2 B/3");
    expect(new Set(listing.records.map((record) => pixelsOf(record).join())).size).toBe(9);
    expect((await list({ site: "B", count: 3 })).records.map(({ id }) => id)).toEqual(["B/0", "B/1", "B/2"]);
  });

  test("draws no more than the limit, and those are the first of each site", async () => {
    const all = await list({});
    const few = await list({}, { limit: 3 });
    expect(few.records.map(({ id }) => id)).toEqual(["A/0", "A/1", "B/0"]);
    for (const record of few.records) {
      const same = all.records.findIndex(({ id }) => id === record.id);
      expect(pixelsOf(record)).toEqual(pixelsOf(all.records[same]));
      const row = few.records.indexOf(record);
      expect(few.rawLabels.slice(2 * row, 2 * row + 2)).toEqual(all.rawLabels.slice(2 * same, 2 * same + 2));
    }
    expect((await list({}, { limit: 1 })).records).toHaveLength(1);
  });

  test("draws the same for one seed, and other patients for another seed or entry", async () => {
    const [first, again, seeded, renamed] = [
      await list({}),
      await list({}),
      await list({}, { seed: 2 }),
      await list({}, { entry: "other" }),
    ];
    expect(pixelsOf(again.records[0])).toEqual(pixelsOf(first.records[0]));
    expect(pixelsOf(seeded.records[0])).not.toEqual(pixelsOf(first.records[0]));
    expect(pixelsOf(renamed.records[0])).not.toEqual(pixelsOf(first.records[0]));
    const patients = [...first.records, ...renamed.records].map(({ patient }) => patient);
    expect(patients).not.toContain(undefined);
    expect(new Set(patients).size).toBe(18);
  });

  test("is refused for classes that cannot be drawn, and images that are not square, too small or too many", async () => {
    await expectRefusal(list({}, { classes: ["masss"] }), /hold "masss".*did you mean "mass"\?/u);
    const image = (height: number, width: number): Partial<ListContext> => ({
      image: { height, width, channels: 1 },
    });
    await expectRefusal(list({}, image(32, 16)), /is 32 x 16, but phantoms are square/u);
    await expectRefusal(list({}, image(8, 8)), /at least 16 x 16/u);
    await expectRefusal(
      list({ count: 1_000_000 }, image(64, 64)),
      /over 2 GiB: lower count or the image size/u,
    );
  });

  test("takes one prevalence for all or one a finding, and no others", () => {
    const schema = z.object(phantoms.fields);
    const parse = (prevalence: unknown): ReturnType<typeof schema.safeParse> =>
      schema.safeParse({ site: "A", count: 1, prevalence });
    expect(parse(undefined).data?.prevalence).toBe(0.3);
    expect(parse({ nodule: 0.5 }).data?.prevalence).toEqual({ nodule: 0.5 });
    expect(parse({ nodul: 0.5 }).error?.message).toContain("nodul");
    expect(parse({ nodul: 0.5 }).error?.message).toContain("did you mean");
    expect(parse(1.5).success).toBe(false);
    expect(parse("often").error?.message).toContain("must be a share from 0 to 1");
  });
});

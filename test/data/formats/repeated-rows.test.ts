// Several rows of one image: what each policy makes of them, what is refused, and which rows go with a bad one.
import { afterAll, describe, expect, test } from "vitest";
import { joinRows } from "../../../src/data/formats/repeated-rows.ts";
import type { Repeated } from "../../../src/data/formats/repeated-rows.ts";
import { table } from "../../../src/data/formats/table.ts";
import type { ListContext, Listing } from "../../../src/data/catalogue/listing.ts";
import type { Remark } from "../../../src/data/catalogue/remarks.ts";
import { rawLabel, rawProbability } from "../../../src/labels/raw-labels.ts";
import { complaint, contextAt, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const { positive, negative, uncertain, unknown, blank } = rawLabel;

type Entry = Parameters<typeof list<typeof table.fields>>[1];
function listRows(
  rows: readonly string[],
  entry: Partial<Entry>,
  changes: Partial<ListContext> = {},
): Promise<Listing> {
  writeFiles(folder.path, { "t.csv": rows.join("\n") });
  const whole = { format: "table", table: "t.csv", image: "image", ...entry } as const;
  return list(table, whole, folder.path, contextAt(folder.path, changes));
}
/** Lists without what is bad, and says what that is. */
async function skipping(rows: readonly string[], entry: Partial<Entry>): Promise<[string[], string[]]> {
  const told: string[] = [];
  const bad = ({ message }: Error): void => void told.push(message.replaceAll(`${folder.path}/`, ""));
  const { records } = await listRows(rows, entry, { bad });
  return [records.filter(({ leftOut }) => !leftOut).map(({ id }) => id), told];
}

describe("a policy joins the labels that rows state", () => {
  const said = { p: positive, n: negative, u: uncertain, "?": unknown, "-": blank, "3": 130, "8": 180 };
  test.each<[string, Record<Repeated, number>]>([
    ["pp", { any: positive, all: positive, majority: positive, mean: positive, uncertain: positive }],
    ["p-?", { any: positive, all: positive, majority: positive, mean: positive, uncertain: positive }],
    ["-?", { any: unknown, all: unknown, majority: unknown, mean: unknown, uncertain: unknown }],
    ["--", { any: blank, all: blank, majority: blank, mean: blank, uncertain: blank }],
    ["pn", { any: positive, all: negative, majority: uncertain, mean: 150, uncertain }],
    ["npp", { any: positive, all: negative, majority: positive, mean: 167, uncertain }],
    ["pnn-", { any: positive, all: negative, majority: negative, mean: 133, uncertain }],
    ["nu", { any: uncertain, all: negative, majority: negative, mean: uncertain, uncertain }],
    ["pu", { any: positive, all: uncertain, majority: positive, mean: uncertain, uncertain }],
    ["uu", { any: uncertain, all: uncertain, majority: uncertain, mean: uncertain, uncertain }],
    ["33", { any: 130, all: 130, majority: 130, mean: 130, uncertain: 130 }],
    ["38", { any: 180, all: 130, majority: uncertain, mean: 155, uncertain }],
    ["n8", { any: 180, all: negative, majority: negative, mean: 140, uncertain }],
    ["p3", { any: positive, all: 130, majority: positive, mean: 165, uncertain }],
    ["8u", { any: uncertain, all: uncertain, majority: uncertain, mean: uncertain, uncertain }],
  ])("%s", (rows, wanted) => {
    for (const [policy, label] of Object.entries(wanted)) {
      const joined = new Uint8Array(1);
      const codes = Array.from(rows, (row) => said[row as keyof typeof said]);
      for (const order of [codes, codes.toReversed()]) {
        joinRows(
          order.map((code) => Uint8Array.of(code)),
          policy as Repeated,
          joined,
        );
        expect([policy, joined[0]]).toEqual([policy, label]);
      }
    }
  });

  test("and never makes certain what is only nearly so", () => {
    const rows = Array.from({ length: 300 }, (_, i) => Uint8Array.of(i === 0 ? positive : negative));
    const joined = new Uint8Array(1);
    joinRows(rows, "mean", joined);
    expect(joined[0]).toBe(101);
    expect([0, 0.001, 0.004, 0.38, 0.999, 1].map(rawProbability)).toEqual([0, 101, 101, 138, 199, 1]);
  });
});

describe("rows of one image", () => {
  const long = [
    "image,finding,box",
    "a.png,effusion,1",
    "a.png,mass,2",
    "b.png,mass,3",
    "b.png,mass,4",
    "c.png,,5",
  ];

  test("that say the same are one row, whatever their other columns hold", async () => {
    const [kept, told] = await skipping(["id,box,Target", "a,,0", "b,1,1", "b,2,1.0"], {
      image: "id",
      columns: ["Target"],
    });
    expect([kept, told]).toEqual([["a", "b"], []]);
  });

  test("of words are the union under any, and a finding of inspect", async () => {
    const remarks: Omit<Remark, "source">[] = [];
    const listing = await listRows(
      long,
      { label: "finding", repeated: "any" },
      { remark: (remark) => void remarks.push(remark) },
    );
    expect(listing.labelNames).toEqual(["effusion", "mass"]);
    expect([0, 1, 2].map((record) => givenOf(listing, record))).toEqual([
      [positive, positive],
      [negative, positive],
      [blank, blank],
    ]);
    expect(remarks).toEqual([
      {
        kind: "repeated-rows",
        sentence:
          '1 image of "source" has rows that say different things about 2 labels, and is joined by repeated: any; one is "a.png" ' +
          "on lines 2 and 3, where effusion is positive and negative, mass is negative and positive.",
        cases: [
          { name: "effusion", count: 1, example: '"a.png" on lines 2 and 3' },
          { name: "mass", count: 1, example: '"a.png" on lines 2 and 3' },
        ],
      },
    ]);
  });

  test("that differ are an error without a policy, and left out as a whole where bad rows are", async () => {
    expect(await complaint(listRows(long, { label: "finding" }), folder.path)).toBe(
      't.csv: record 1: line 3: the image "a.png" has rows that say different things, on lines 2 and 3: effusion is positive ' +
        "and negative, mass is negative and positive; say what they mean together with repeated: and one of any, all, " +
        "majority, mean, uncertain",
    );
    const [kept, told] = await skipping(long, { label: "finding" });
    expect(kept).toEqual(["b.png", "c.png"]);
    expect(told).toHaveLength(1);
  });

  test("may leave out the patient and the part, but not name two", async () => {
    const rows = [
      "image,x,who,set",
      "a.png,1,nan,test",
      "a.png,1,p1,",
      "b.png,1,p1,train",
      "b.png,1,p2,train",
    ];
    const fields = { columns: ["x"], patient: "who", official: "set", repeated: "any" as const };
    const [kept, told] = await skipping([...rows, "c.png,1,p3,train", "c.png,1,p3,test"], fields);
    expect(kept).toEqual(["a.png"]);
    expect(told.map((message) => message.replace(/^t\.csv: record \d: /u, ""))).toEqual([
      'line 5: the image "b.png" is of patient "p2" here and of patient "p1" on line 4',
      'line 7: the image "c.png" is in part "test" here and in part "train" on line 6',
      'line 4: is left out as well: it is of the image "b.png", which the bad row on line 5 names too',
      'line 6: is left out as well: it is of the image "c.png", which the bad row on line 7 names too',
    ]);
    const { records } = await listRows(rows.slice(0, 3), fields);
    expect(records.map(({ patient, part }) => [patient, part])).toEqual([["p1", "test"]]);
  });
});

describe("a bad row takes its image with it", () => {
  const good = ["image,x,y", "a.png,1,0", "b.png,1,0", "c.png,0,0"];
  test.each([
    ["with a mark that is none", "a.png,maybe,0"],
    ["with a cell too few", "a.png,1"],
    ["with a cell too many", "a.png,1,0,"],
    ["with its cells in another order", "0,a.png,1,2"],
    ["with a quote inside a cell", 'a.png,1,5"x'],
    ["with a quote that never closes", 'a.png,"1,0'],
    ["with a path of another system", "C:\\films\\a.png,1,0"],
    ["with a path out of the folder", "../old/a.png,0,0"],
  ])("%s", async (_, bad) => {
    for (const repeated of [undefined, "any", "mean"] as const) {
      const fields = { columns: ["x", "y"], ...(repeated === undefined ? {} : { repeated }) };
      const [kept, told] = await skipping([...good, bad], fields);
      expect(kept).toEqual(["b.png", "c.png"]);
      expect(told).toHaveLength(2);
      expect(told[1]).toBe(
        't.csv: record 0: line 2: is left out as well: it is of the image "a.png", which the bad row on line 5 names too',
      );
    }
  });

  test("also where a line is too long to be read", async () => {
    const [kept, told] = await skipping([...good, `b.png,1,${"x".repeat(2 ** 20)}`], { columns: ["x", "y"] });
    expect(kept).toEqual(["a.png", "c.png"]);
    expect(told).toHaveLength(2);
  });

  test.each([
    [
      "names no image",
      "nan,1,0",
      /line 5: names no image; mend or remove it: --skip-bad cannot leave it out/u,
    ],
    [
      "has lost its name",
      "1,0",
      /line 5: has 2 cells, .*; mend or remove it: --skip-bad cannot leave it out/u,
    ],
    [
      "names another one",
      'z.p"ng,1,0',
      /line 5: a quote stands inside a cell.* since it names no image of another row/u,
    ],
  ])("or is an error for good where rows are joined and it %s", async (_, bad, message) => {
    const [kept] = await skipping([...good, bad], { columns: ["x", "y"] });
    expect(kept).toEqual(["a.png", "b.png", "c.png"]);
    await expect(skipping([...good, bad], { columns: ["x", "y"], repeated: "all" })).rejects.toThrow(message);
  });

  test("unless it says nothing at all", async () => {
    const [kept, told] = await skipping([...good, ",nan,"], { columns: ["x", "y"], repeated: "all" });
    expect([kept.length, told]).toEqual([3, ["t.csv: record 3: line 5: names no image"]]);
  });
});

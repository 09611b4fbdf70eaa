// `tessera inspect` as a process of its own, on small files with known faults: a leak of each kind, a contradiction, a
// copy, a file that is no image.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Inspection } from "../../src/data/inspection/findings.ts";
import type { SizeCount } from "../../src/data/inspection/sizes.ts";
import { own, runBuilt, type Ended } from "./built.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tessera-inspect-"));
  writeData();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A grey picture that is like no other of another number. */
function picture(number: number, height = 20, width = 20): Buffer {
  const png = new PNG({ height, width });
  for (let at = 0; at < png.data.length; at++) {
    png.data[at] = at % 4 === 3 ? 255 : (number + Math.floor(at / 4)) % 256;
  }
  return PNG.sync.write(png);
}

const manifest = `
classes: [mass, edema]
image: { height: 16, width: 16 }
sources:
  - name: clinic
    format: table
    table: clinic.csv
    images: clinic
    image: image
    patient: patient
    label: finding
    separator: "|"
    unlabelled: [todo]
    split: { by: list, table: clinic.csv, image: image, part: part }
  - name: hospital
    format: table
    table: hospital.csv
    images: hospital
    image: image
    patient: patient
    columns: [edema]
    values: { positive: ["1"], negative: ["0"], uncertain: ["-1"] }
    uncertain: 0.6
augment: { weak: none, strong: { preset: none, shift: 4, noise: 20 } }
`;

function writeData(): void {
  writeFileSync(join(folder, "m.yaml"), manifest);
  for (const name of ["clinic", "hospital"]) mkdirSync(join(folder, name));
  const clinic = [
    "image,patient,finding,part",
    "a.png,1,mass|edema,train",
    "b.png,2,nothing,train",
    "c.png,3,edema,train",
    "d.png,4,todo,train",
    "e.png,1,mass,test", // patient 1 is in train
    "f.png,6,edema,test", // the pixels of b.png, which has nothing
    "g.png,7,nothing,test",
  ];
  for (const [i, name] of ["a", "b", "c", "d", "e", "b", "g"].entries()) {
    writeFileSync(join(folder, "clinic", `${"abcdefg".charAt(i)}.png`), picture(name.charCodeAt(0)));
  }
  const hospital = ["image,patient,edema", "h.png,1,1", "i.png,2,-1", "j.png,3,0", "k.png,4,0"];
  writeFileSync(join(folder, "hospital", "h.png"), picture(1));
  writeFileSync(join(folder, "hospital", "i.png"), picture(2, 30, 40));
  writeFileSync(join(folder, "hospital", "j.png"), picture(1)); // a copy, and a contradiction
  writeFileSync(join(folder, "hospital", "k.png"), picture(3).subarray(0, 60));
  writeFileSync(join(folder, "clinic.csv"), `${clinic.join("\n")}\n`);
  writeFileSync(join(folder, "hospital.csv"), `${hospital.join("\n")}\n`);
}

const inspect = (...more: string[]): Promise<Ended> =>
  runBuilt(folder, ["inspect", "m.yaml", "--data-root", folder, "--device", "reference", ...more]);

interface Report extends Omit<Inspection, "counts"> {
  readonly records: string[];
  readonly lists: { source: string; part: string; classes: Record<string, object> }[];
  readonly sizes: Record<string, SizeCount[]>;
  readonly decoding: Record<string, number | null>;
}

describe("tessera inspect", () => {
  test("prints counts and findings; what cannot be decoded is an error in the end, and not with --skip-bad", async () => {
    const { code, output, errors } = await inspect();
    expect(output).toContain(
      "clinic: 4 train, 3 test images; 20 x 20 pixels; 4 + 3 patients; 1 image with no label at all",
    );
    expect(output).toContain("hospital: 4 train images; 20-30 x 20-40 pixels; 4 patients");
    expect(output).toMatch(/edema +1 +2 +1\n/u); // positive, negative, soft; nothing absent
    expect(output).toContain("Uncertain in the source: edema 1 (taken as 0.6 positive).");
    expect(output).toContain(
      'LEAK: 1 image is in two parts of "clinic": train and test.\n    b.png (train) = f.png (test)',
    );
    expect(output).toContain('LEAK: 1 patient is in two parts of "clinic": train and test.\n    patient ');
    expect(output).toMatch(/\n {4}patient [0-9a-f]{12}: a\.png/u);
    expect(output).toContain("CONFLICT: edema: 2 images are positive in one place and negative in another.");
    expect(output).toContain(
      "    f.png (test) is positive, b.png (train) negative\n    h.png is positive, j.png negative\n",
    );
    expect(output).toContain(
      'COPIES: 1 image in "hospital" (train) is an exact copy of another there: 2 of 3 are',
    );
    expect(output).toMatch(/UNDECODABLE: 1 image of "hospital" \(train\) cannot be decoded.\n {4}k.png: \S/u);
    expect(output).toMatch(/8 image files decoded in [\d.]+ s/u); // of 11: two copies, one damaged
    expect(own(errors).split("\n").at(-1)).toMatch(/^error: .*hospital.k\.png: .*--skip-bad$/u);
    expect(code).toBe(2);
    const again = await inspect("--skip-bad", "--quiet");
    expect(again.output).toMatch(/\n0 image files decoded, 10 found in the cache/u);
    expect([again.code, own(again.errors)]).toEqual([0, ""]);
  });

  test("names rows that cannot be read, which are an error in the end, and not with --skip-bad", async () => {
    const table = join(folder, "hospital.csv");
    const good = readFileSync(table, "utf8");
    writeFileSync(table, `${good}l.png,5\nm.png,6,maybe\n`);
    try {
      const { code, output, errors } = await inspect();
      expect(output).toMatch(
        /\n2 records of tables and lists cannot be read:\n {2}.*hospital\.csv: record 4: line 6: has 2 cells.*\n {2}.*record 5: line 7/u,
      );
      expect(own(errors).split("\n").at(-1)).toMatch(/^error: .*hospital\.csv: record 4: .*--skip-bad$/u);
      expect(code).toBe(2);
      const skipped = await inspect("--json", "--skip-bad");
      expect([skipped.code, (JSON.parse(skipped.output) as Report).records.length]).toEqual([0, 2]);
    } finally {
      writeFileSync(table, good);
    }
  });

  test("--json has everything, and nothing but JSON", async () => {
    const { code, output } = await inspect("--json", "--skip-bad");
    const report = JSON.parse(output) as Report;
    expect(code).toBe(0);
    expect(Object.keys(report)).toEqual([
      ...["manifest", "dataRoot", "seed", "limit", "task", "classes", "image", "lists", "sizes", "findings"],
      ...["clean", "records", "decoding", "sheets", "views"],
    ]);
    expect(report.lists.map(({ source, part }) => `${source} ${part}`)).toEqual([
      ...["clinic train", "clinic test", "hospital train"],
    ]);
    expect(report.lists[2]?.classes["edema"]).toEqual({
      ...{ positive: 1, negative: 2, absent: 0, soft: 1, uncertain: 1, uncertainAs: "0.6 positive" },
    });
    expect(report.sizes["clinic"]).toEqual([{ height: 20, width: 20, images: 7 }]);
    expect(report.findings.map(({ kind }) => kind)).toEqual([
      ...["leaked-image", "leaked-patient", "conflicting-labels", "duplicate-images", "undecodable-image"],
      "words-without-class",
    ]);
    expect(report.decoding).toMatchObject({ undecodable: 1 });
  });

  test("writes a sheet of each list, and one of both views as the device draws them", async () => {
    const { code, output } = await inspect(
      "--skip-bad",
      "--sheets",
      join("new", "sheets"),
      "--views",
      join("new", "v.png"),
    );
    expect(code).toBe(0);
    const sheets = readdirSync(join(folder, "new", "sheets")).sort();
    expect(sheets).toEqual(["clinic-test.png", "clinic-train.png", "hospital-train.png"]);
    for (const name of sheets) expect(output).toContain(`Sheet: ${join("new", "sheets", name)}`);
    const sheet = PNG.sync.read(readFileSync(join(folder, "new", "sheets", "clinic-train.png")));
    expect(sheet.width).toBeLessThan(2000);
    const views = PNG.sync.read(readFileSync(join(folder, "new", "v.png")));
    /** The pixels of a cell, by column and row of cells. */
    const cell = (column: number): string => {
      const side = 16 * 12;
      const rows = Array.from({ length: side }, (_, y) => {
        const from = 4 * ((y + 4 + 12 + 22) * views.width + 4 + column * (side + 12));
        return views.data.subarray(from, from + 4 * side).toString("latin1");
      });
      return rows.join("");
    };
    const [original, weak, again, , strong, other] = [0, 1, 2, 3, 4, 5].map(cell);
    expect(new Set(original).size).toBeGreaterThan(10);
    expect([weak === original, again === original]).toEqual([true, true]); // "none" changes nothing
    expect(new Set([original, strong, other]).size).toBe(3);
  });

  const bad: [name: string, parameters: () => string[], message: RegExp][] = [
    [
      "a folder that is a file",
      () => ["--sheets", "m.yaml"],
      /^error: --sheets m\.yaml: is a file; name a folder/u,
    ],
    [
      "a folder below a file",
      () => ["--sheets", join("m.yaml", "x")],
      /^error: --sheets .*m\.yaml is a file, not a folder/u,
    ],
    [
      "a picture below a file",
      () => ["--views", join("m.yaml", "x", "v.png")],
      /^error: --views .*m\.yaml is a file, not a folder/u,
    ],
    [
      "a file that is a folder",
      () => ["--views", "clinic"],
      /^error: --views clinic: it is a folder; name a file/u,
    ],
    [
      "a cache that is a file",
      () => ["--cache", "m.yaml", "--quiet"],
      /^error: .*cannot be used as a cache.*--cache/u,
    ],
  ];
  test.each(bad)("%s is refused in one line", async (_, parameters, message) => {
    const { code, output, errors } = await inspect(...parameters());
    expect(own(errors)).toMatch(message);
    expect(own(errors).split("\n")).toHaveLength(1);
    expect([code, output]).toEqual([2, ""]);
  });
});

test("patients that are nearly one are hashes, unless --identify asks for names", async () => {
  mkdirSync(join(folder, "near"), { recursive: true });
  for (const k of [1, 2, 3, 4]) writeFileSync(join(folder, "near", `${k}.png`), picture(50 * k));
  writeFileSync(
    join(folder, "near.csv"),
    "image,label,who\n1.png,mass,007\n2.png,no,7\n3.png,mass,8\n4.png,no,9\n",
  );
  const entry =
    "{ name: near, format: table, table: near.csv, images: near, image: image, label: label, patient: who, " +
    "split: { by: image, test: 0.5 } }";
  writeFileSync(
    join(folder, "near.yaml"),
    `classes: [mass]\nimage: { height: 16, width: 16 }\nsources:\n  - ${entry}\n`,
  );
  const command = ["inspect", "near.yaml", "--data-root", ".", "--quiet"];
  const { output } = await runBuilt(folder, command);
  expect(output).toMatch(
    /GUESS: "near" names 1 patient nearly as another: [0-9a-f]{12} \(nearly [0-9a-f]{12}\); .* --identify shows the names\./u,
  );
  expect(output).not.toContain("007");
  expect((await runBuilt(folder, [...command, "--identify"])).output).toContain('"7" (nearly "007")');
});

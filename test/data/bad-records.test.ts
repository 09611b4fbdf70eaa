// Records that cannot be listed: an error that says how to go on without them, or left out and listed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import { clinic, header, idsOf, make, root, rows, split, table } from "./small-sources.ts";

describe("bad records", () => {
  const damaged = [header, ...rows.map((row) => row.join(","))];
  damaged[2] = "b.png,p1";
  damaged[4] = damaged[4].replace(",PA,0,", ",PA,maybe,");
  writeFileSync(join(root, "damaged.csv"), damaged.join("\n"));
  const twice =
    clinic(split).replaceAll("table.csv", "damaged.csv") +
    `  - { name: other, ${table.replace("table.csv", "damaged.csv")}, knows: [mass], others: [edema], ${split} }\n`;

  test("are an error that says how to go on without them", async () => {
    const refused = make(twice);
    await expect(refused).rejects.toThrow(DataError);
    await expect(refused).rejects.toThrow(
      /damaged\.csv: record 1: line 3: has 2 cells, but .* columns; mend or remove it, or add --skip-bad to go on without/u,
    );
    await expect(refused).rejects.toMatchObject({ record: 1 });
  });

  test("are left out where they may be, and each is listed once", async () => {
    const { lists, skipped } = await make(twice, { skipBad: true });
    const ids = lists
      .filter(({ source }) => source === "clinic")
      .flatMap(({ samples }) => samples.map(({ id }) => id));
    expect(ids.sort().join(" ")).toBe("a.png c.png e.png f.png g.png h.png i.png j.png k.png l.png");
    expect(skipped.map(({ message }) => message.replace(`${root}/`, "").slice(0, 50))).toEqual([
      "damaged.csv: record 1: line 3: has 2 cells, but the header".slice(0, 50),
      'damaged.csv: record 3: line 5: edema is "maybe"; it must be'.slice(0, 50),
    ]);
    expect((await make(clinic(split), { skipBad: true })).skipped).toEqual([]);
  });

  test("of a list that splits a source are left out too", async () => {
    const lines = ["a.png,train", "b.png,tarin", "c.png,test", "c.png,train", "d.png,test", "b.png,test"];
    const write = (...more: string[]): void =>
      writeFileSync(join(root, "folds.csv"), ["file,fold", ...lines, ...more].join("\n"));
    write();
    const listed = clinic("split: { by: list, table: folds.csv, image: file, part: fold }");
    await expect(make(listed)).rejects.toThrow(/folds\.csv: record 1: line 3: fold is "tarin".*--skip-bad/u);
    write('e.png,te"st', "e.png,train");
    const made = await make(listed, { skipBad: true });
    // Nobody knows the part of b.png, c.png and e.png, whatever their other lines say.
    expect(idsOf(made)).toEqual({ train: ["a.png"], test: ["d.png"] });
    expect(made.skipped.map(({ record }) => record)).toEqual([6, 1, 3]);
  });

  test("do not hide a damaged file, nor that nothing is left", async () => {
    writeFileSync(join(root, "cut.csv"), Uint8Array.of(0x1f, 0x8b, 8, 0, 0));
    const cut = make(clinic(split).replaceAll("table.csv", "cut.csv"), { skipBad: true });
    await expect(cut).rejects.toThrow(/cut\.csv: cannot be read/u);
    writeFileSync(join(root, "all-bad.csv"), `${header}\na.png,p,PA,x,0,0,train\n`);
    const nothing = make(clinic(split).replaceAll("table.csv", "all-bad.csv"), { skipBad: true });
    await expect(nothing).rejects.toThrow(
      /m\.yaml:5: sources\[0\] holds no image that can be listed; the first fault: .*all-bad\.csv: record 0/u,
    );
  });

  test("change neither the split nor the share of the images that stay", async () => {
    const many = Array.from({ length: 60 }, (_, i) => `i${i}.png,p${i % 25},${i % 2}`);
    const write = (name: string, lines: readonly string[]): void =>
      writeFileSync(join(root, name), ["file,who,x", ...lines].join("\n"));
    write("whole.csv", many);
    write(
      "hurt.csv",
      many.map((line, i) => (i % 7 === 3 ? line.replace(/.$/u, "x") : line)),
    );
    const placesIn = async (file: string, fields: string): Promise<Map<string, string>> => {
      const source = `format: table, table: ${file}, image: file, patient: who, columns: [x]`;
      const text = `classes: [x]\nimage: { height: 8, width: 8 }\nsources: [{ name: s, ${source}, ${fields} }]\n`;
      const { lists } = await make(`${text}test: { ${table}, mapping: { mass: x } }`, { skipBad: true });
      return new Map(
        lists.flatMap(({ source: name, part, samples }) =>
          samples.map(({ id }) => [`${name} ${id}`, part] as const),
        ),
      );
    };
    for (const fields of [
      "split: { by: image, test: 0.4 }",
      "split: { by: patient, test: 0.4 }",
      "part: 1/2",
      "rows: { from: 20 }",
    ]) {
      const whole = await placesIn("whole.csv", fields);
      const hurt = await placesIn("hurt.csv", fields);
      const kept = [...whole].filter(([key]) => Number(/i(\d+)/u.exec(key)?.[1]) % 7 !== 3);
      expect([fields, [...hurt]]).toEqual([fields, kept]);
    }
  });

  test("are the message where nothing else is left of a table, a split list or a second source", async () => {
    writeFileSync(join(root, "narrow.csv"), `${header}\na.png,p1\nb.png\n`);
    const narrow = make(clinic(split).replaceAll("table.csv", "narrow.csv"), { skipBad: true });
    await expect(narrow).rejects.toThrow(
      /narrow\.csv: record 0: line 2: has 2 cells, but .*; no row of the table can be read$/u,
    );
    writeFileSync(join(root, "words.csv"), "file,fold\na.png,tarin\nb.png,tset\n");
    const listed = clinic("split: { by: list, table: words.csv, image: file, part: fold }");
    await expect(make(listed, { skipBad: true })).rejects.toThrow(
      /words\.csv: record 0: line 2: fold is "tarin", .*; no line of the list can be read$/u,
    );
    const second = `  - { name: other, ${table.replace("table.csv", "all-bad.csv")}, ${split} }\n`;
    await expect(
      make(clinic(split) + second + second.replace("other", "third"), { skipBad: true }),
    ).rejects.toThrow(
      /m\.yaml:6: sources\[1\] holds no image that can be listed; the first fault: .*all-bad\.csv: record 0/u,
    );
  });
});

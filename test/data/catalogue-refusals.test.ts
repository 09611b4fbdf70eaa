// Whatever the data proves wrong in a manifest is said with its line, and a file that is missing with its whole path.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DataError, ManifestError } from "../../src/errors/data-errors.ts";
import { clinic, digits, make, root, rows, split, table } from "./small-sources.ts";

describe("what the data proves wrong is refused with its line:", () => {
  const refuse = async (text: string, message: RegExp): Promise<void> => {
    const failure: unknown = await make(text).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ManifestError);
    expect(String(failure)).toMatch(message);
    expect(String(failure)).not.toContain("\n");
  };

  test("a label, class or column that there is not, with the nearest", async () => {
    await refuse(
      clinic(split).replace("oedema: Edema", "oedma: Edema"),
      /m\.yaml:5: sources\[0\]\.mapping\.oedma maps a label .* did you mean "oedema"/u,
    );
    await refuse(
      clinic(split).replace("classes: [Edema, mass]", "classes: [Edema, maas]"),
      /m\.yaml:2: classes\[1\] names "maas", but no source knows it.*did you mean "mass"/u,
    );
    await refuse(
      clinic(`${split}, where: { veiw: PA }`),
      /m\.yaml:5: sources\[0\]\.where\.veiw is no column .* did you mean "view"/u,
    );
    await refuse(
      `${clinic(split)}  - { name: other, ${table}, knows: [mass], others: [edema], ${split}, limitPerClass: { Edema: 3 } }`,
      /m\.yaml:6: sources\[1\]\.limitPerClass\.Edema limits "Edema", which "other" has no labels of/u,
    );
  });

  test("a class that no source knows, with the labels that there are", async () => {
    await refuse(
      clinic(split).replace("classes: [Edema, mass]", "classes: [Edema, zebra]"),
      /m\.yaml:2: classes\[1\] names "zebra", but no source knows it: .*; the labels are edema, oedema, mass$/u,
    );
  });

  test("a split list that speaks of other images, with one of them", async () => {
    writeFileSync(join(root, "others.txt"), "x/y.png\n");
    await refuse(
      clinic("split: { by: list, test: others.txt }"),
      /m\.yaml:5: sources\[0\]\.split lists none of the images of "clinic", such as "a\.png"; it names others, such as "x\/y\.png"$/u,
    );
  });

  test("a file or folder that is not there, with the one that is", async () => {
    await expect(make(clinic(split).replaceAll("table.csv", "Table.csv"))).rejects.toThrow(
      /Table\.csv: does not exist; --data-root is .*; did you mean "table\.csv"\?$/u,
    );
    await expect(make(digits("limit: 3", "labels: tinny/labels"))).rejects.toThrow(
      /did you mean "tiny\/labels"\?$/u,
    );
  });

  test("an image of a table that leads elsewhere, with the reason", async () => {
    writeFileSync(join(root, "drive.csv"), ["file,mass", "C:\\img\\a.png,1", "b.png,0"].join("\n"));
    await expect(
      make(
        clinic(split).replace(
          /\{ name: clinic.*/u,
          "{ name: clinic, format: table, table: drive.csv, image: file, columns: [mass] }",
        ),
      ),
    ).rejects.toThrow(
      /drive\.csv: record 0: line 2: the image .* does not lie below the folder of the images: it is the path of a Windows drive;/u,
    );
  });

  test("a class of which no image to train on has a label, and why", async () => {
    writeFileSync(
      join(root, "rare.csv"),
      ["file,mass", "0.png,1", ...rows.map((_, i) => `${i + 1}.png,`)].join("\n"),
    );
    const rare = (fields: string): string =>
      digits("part: 1/2", "labels: tiny/labels, part: 2/2")
        .replace("classes: [", "classes: [mass, ")
        .replace(
          "test:",
          `  - { name: R, format: table, table: rare.csv, image: file, columns: [mass], ${fields} }\ntest:`,
        );
    expect((await make(rare("limit: 13"))).lists).toHaveLength(3);
    await refuse(
      rare("limit: 1"),
      /^ManifestError: m\.yaml:2: classes\[0\] names "mass", but no training image .*: the limit of 1 kept none of the 1 of "R" that do; raise it$/u,
    );
    const few = make(rare("limit: 9"), { limit: 1 });
    await expect(few).rejects.toThrow(
      /m\.yaml:2: classes\[0\] names "mass", .* --limit of 1 kept none of the 1 of "R"/u,
    );
    await refuse(
      rare("rows: { from: 2 }"),
      /m\.yaml:2: classes\[0\] .* in "R", filters and splits leave out all that do/u,
    );
    expect((await make(rare("rows: { from: 2 }, blank: negative"))).lists).toHaveLength(3);
  });

  test("a split that the source cannot have", async () => {
    await refuse(clinic("split: { by: official }"), /m\.yaml:5: sources\[0\]\.split\.by is official, but/u);
    await refuse(
      digits("split: { by: patient, test: 0.5 }", "labels: tiny/labels"),
      /sources\[0\]\.split\.by is patient, but this source does not say whose images/u,
    );
    await refuse(
      clinic("split: { by: patient, test: 0.01 }"),
      /split leaves the test part empty: no patient .* change the seed of the split, or its fractions/u,
    );
    writeFileSync(join(root, "none.txt"), "nothing.png\n");
    await refuse(
      clinic("split: { by: list, test: none.txt }"),
      /split lists none of the images .* "a\.png"/u,
    );
    await refuse(
      digits("part: 1/2", "labels: tiny/labels, part: 2/2, parts: [test]"),
      /m\.yaml:8: test\.parts are named, but/u,
    );
  });

  test("nothing to train or to test on, or nothing left of an entry", async () => {
    await refuse(clinic("limit: 3"), /test is missing: name images to test on, or give a source a split/u);
    await refuse(
      clinic(`${split}, rows: { from: 1, to: 1 }, where: { view: AP }`),
      /sources\[0\] takes no image/u,
    );
    const held = `test: { ${table}, official: fold, rows: { to: 3 }, mapping: { edema: Edema } }`;
    await refuse(
      clinic("split: { by: none }") + held,
      /m\.yaml:6: test takes no image: its filters leave none of/u,
    );
    writeFileSync(join(root, "all.txt"), rows.map(([file]) => file).join("\n"));
    await refuse(
      clinic("split: { by: list, test: all.txt }"),
      /m\.yaml:4: sources leave no image to train on/u,
    );
  });

  test("what a format finds wrong in its fields", async () => {
    await refuse(
      clinic(`${split}, label: view`),
      /m\.yaml:5: sources\[0\]\.columns cannot stand beside label/u,
    );
  });
});

test("a file that is not there is named in full, with the data root", async () => {
  const gone = make(digits("part: 1/2", "labels: tiny/none, part: 2/2"));
  await expect(gone).rejects.toThrow(DataError);
  await expect(gone).rejects.toThrow(`${join(root, "tiny/none")}: does not exist; --data-root is ${root}`);
});

// Names in manifests stay as they are spelled, merge keys fill groups, and what YAML reads as another thing is said.
import { describe, expect, test } from "vitest";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";

const manifest = (classes: string, entry = "", more = ""): string => `classes: ${classes}
image: { height: 4, width: 4 }
sources:
  - name: A
    format: folder
    folder: a
    ${entry}
test: { format: folder, folder: b }
${more}`;
const classesOf = (classes: string): readonly string[] => parseManifest(manifest(classes), "m.yaml").classes;
const refusal = (text: string): string => {
  try {
    parseManifest(text, "m.yaml");
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
};

describe("names", () => {
  test("of digits are as they are spelled, wherever a name stands", () => {
    expect(classesOf("[01, 02, 1e3, 3.0, 0x1F, 7, -1, 12345678901234567890]")).toEqual([
      ...["01", "02", "1e3", "3.0", "0x1F", "7", "-1", "12345678901234567890"],
    ]);
    const [source] = parseManifest(
      manifest(
        "[01, 1e3]",
        "knows: [01, 1e3]\n    mapping: { 007: 1e3, 1.50: 01 }\n    holds: [007]\n    limitPerClass: { 01: 0x10 }",
      ),
      "m.yaml",
    ).sources;
    expect(source).toMatchObject({
      knows: ["01", "1e3"],
      mapping: { "007": "1e3", "1.50": "01" },
      holds: ["007"],
      limitPerClass: { "01": 16 },
    });
  });

  test("that YAML 1.2 takes for texts are texts", () => {
    expect(classesOf("[yes, no, on, off, y, n, 2020-01-01, ''' ', NEIN]".replace("''' '", "'007'"))).toEqual([
      ...["yes", "no", "on", "off", "y", "n", "2020-01-01", "007", "NEIN"],
    ]);
  });

  test("that are none in YAML are refused with what to write", () => {
    expect(refusal(manifest("[cat, null]"))).toBe(
      'm.yaml:1: classes[1] is nothing in YAML; for a name write "null", or what it is, in quotes',
    );
    expect(refusal(manifest("[cat, ~]"))).toMatch(/^m\.yaml:1: classes\[1\] is nothing in YAML/u);
    expect(refusal(manifest("[true, cat]"))).toBe(
      'm.yaml:1: classes[0] is a truth value in YAML; for a name write "true" in quotes',
    );
    expect(refusal(manifest("[cat]").replace("folder: a", "folder: 12"))).toBe(
      "m.yaml:6: sources[0].folder must be a text, not 12; write it in quotes",
    );
  });

  test("leave numbers numbers where numbers are wanted, whatever their spelling", () => {
    const read = parseTrainingManifest(
      manifest(
        "[01]",
        "rows: { from: 0x2, to: 1e3 }\n    where: { age: [07, 1.50] }",
        "train: { learningRate: 1e-3, batch: 0o20 }",
      ),
      "m.yaml",
    );
    expect(read.classes).toEqual(["01"]);
    expect(read.sources[0]).toMatchObject({ rows: { from: 2, to: 1000 }, where: { age: [7, 1.5] } });
    expect(read.train).toMatchObject({ learningRate: 0.001, batch: 16 });
    expect(refusal(manifest("[01]", "rows: { from: 01.50 }"))).toMatch(
      /^m\.yaml:7: sources\[0\]\.rows\.from must be a whole number, not 1\.5$/u,
    );
  });
});

describe("merge keys", () => {
  const merged = (test: string): string => `classes: [cat]
image: { height: 4, width: 4 }
sources:
  - &base
    name: A
    format: folder
    folder: a
test:
${test}`;

  test("fill in what a group does not say itself, on whichever side it stands", () => {
    const read = parseManifest(merged("  <<: *base\n  name: T\n  folder: b\n"), "m.yaml");
    expect(read.test).toMatchObject({ name: "T", format: "folder", folder: "b" });
    expect(read.sources[0]).toMatchObject({ name: "A", folder: "a" });
    const after = parseManifest(merged("  folder: b\n  <<: *base\n  name: T\n"), "m.yaml");
    expect(after.test).toMatchObject({ name: "T", folder: "b" });
    const two = parseManifest(merged("  <<: [{ folder: c }, *base]\n  name: T\n"), "m.yaml");
    expect(two.test).toMatchObject({ name: "T", folder: "c" });
  });

  test("have the line of what they brought in", () => {
    expect(refusal(merged("  <<: *base\n  name: T\n  split: { by: none }\n"))).toMatch(
      /^m\.yaml:11: test\.split is not known/u,
    );
    expect(refusal(merged("  <<: *base\n  name: T\n").replace("folder: a", "folder: [a]"))).toMatch(
      /^m\.yaml:7: sources\[0\]\.folder must be a text/u,
    );
    expect(refusal(merged("  <<: *base\n  name: A\n"))).toMatch(
      /^m\.yaml:10: test\.name names "A" a second time/u,
    );
    expect(refusal(merged("  <<: *base\n"))).toMatch(/^m\.yaml:5: test\.name names "A" a second time/u);
  });

  test("that name no group, or themselves, or far too much, are refused with their line", () => {
    expect(refusal(merged("  <<: base\n  name: T\n"))).toBe(
      "m.yaml:9: is not valid YAML: a merge key << names a group of keys, or a list of them",
    );
    expect(refusal("classes: [a]\nimage: &image\n  <<: *image\n  height: 4\n")).toBe(
      "m.yaml:3: is not valid YAML: a merge key << names the group that it stands in",
    );
    const lines = ["a0: &a0 { x: 1 }"];
    for (let i = 1; i < 12; i++) {
      const nine = Array<string>(9)
        .fill(`*a${i - 1}`)
        .join(", ");
      lines.push(`a${i}: &a${i} { <<: [${nine}], k${i}: 1 }`);
    }
    expect(refusal(lines.join("\n"))).toMatch(
      /^m\.yaml:6: is not valid YAML: merge keys << unfold to over 100000 values/u,
    );
  });
});

test("paths of Windows are read with slashes, and what leaves the data root is named for what it is", () => {
  expect(
    parseManifest(manifest("[cat]").replace("folder: a", "folder: .\\a\\b"), "m.yaml").sources[0],
  ).toMatchObject({
    folder: "./a/b",
  });
  const leaving = (path: string): string =>
    refusal(manifest("[cat]").replace("folder: a", `folder: '${path}'`));
  expect(leaving("C:\\data\\a")).toMatch(
    /m\.yaml:6: .* leaves the data root: "C:\/data\/a" is the path of a Windows drive;/u,
  );
  expect(leaving("\\\\server\\share")).toMatch(/is the path of a network share;/u);
  expect(leaving("/data/a")).toMatch(/is an absolute path;/u);
  expect(leaving("..\\a")).toMatch(/leads out of it by \.\.;/u);
});

test("a class that no table or file has a place for is refused with its line", () => {
  expect(refusal(manifest('[cat, "two\\nlines"]'))).toMatch(/^m\.yaml:1: classes\[1\] holds a line break/u);
  expect(refusal(manifest(`[cat, ${"x".repeat(201)}]`))).toMatch(
    /^m\.yaml:1: classes\[1\] has 201 letters;/u,
  );
  expect(classesOf(`[cat, ${"x".repeat(200)}]`)).toHaveLength(2);
  expect(refusal(manifest("[__proto__]"))).toMatch(/^m\.yaml:1: classes\[0\] cannot be the name of a class/u);
  expect(classesOf("[image, patient, constructor, toString]")).toHaveLength(4);
});

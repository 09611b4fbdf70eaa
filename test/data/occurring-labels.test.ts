// Sources whose labels are the words that occur: which classes they are taken to know.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digits, make, root } from "./small-sources.ts";

describe("a class of a source whose labels are the words that occur", () => {
  const words = (fields: string, classes = "mel, nv, bcc"): string => `
classes: [${classes}]
image: { height: 2, width: 2 }
model: { blocks: [1] }
augment: { weak: none, strong: none }
sources:
  - { name: all, format: idx, images: tiny/images, labels: tiny/labels, labelNames: [mel, nv, bcc, x], part: 1/2 }
  - { name: skin, format: table, table: words.csv, image: file, label: dx, ${fields} }
test: { format: idx, images: tiny/images, labels: tiny/labels, labelNames: [mel, nv, bcc, x], part: 2/2 }
`;
  const skin = async (fields: string, classes?: string): Promise<number[]> => [
    ...((await make(words(fields, classes))).lists.find(({ source }) => source === "skin")?.states ?? []),
  ];
  writeFileSync(join(root, "words.csv"), "file,dx\na,mel\nb,nv\nc,todo\nd,\n");
  const unlabelled = "unlabelled: [todo]";

  test("is negative where it does not occur, if the source is said to know it", async () => {
    const expected = [1, 0, 0, 0, 1, 0, 255, 255, 255, 255, 255, 255];
    expect(await skin(`${unlabelled}, knows: [mel, nv, bcc]`)).toEqual(expected);
    expect(await skin(`${unlabelled}, mapping: { basal: bcc }`)).toEqual(expected);
    expect(await skin(`${unlabelled}, words: [bcc, mel, nv]`)).toEqual(expected);
    expect(await skin(unlabelled)).toEqual([1, 0, 255, 0, 1, 255, 255, 255, 255, 255, 255, 255]);
  });

  test("follows the policy for blanks in an empty cell, and never where nobody has looked", async () => {
    expect(await skin(`${unlabelled}, knows: [mel, nv, bcc], blank: negative`)).toEqual([
      ...[1, 0, 0, 0, 1, 0, 255, 255, 255, 0, 0, 0],
    ]);
  });

  test("is not made of a slip of the pen", async () => {
    await expect(make(words("mapping: { nvv: bcc }", "mel, bcc"))).rejects.toThrow(
      /sources\[1\]\.mapping\.nvv maps a label that this source does not have.*did you mean "nv"\?$/u,
    );
    await expect(make(words("knows: [mel, NV-]", "mel, NV-"))).rejects.toThrow(
      /sources\[0\] has the label "nv", which is nearly the class "NV-": write mapping: \{nv: "NV-"\} if it means the same, or others: \[nv\]/u,
    );
  });

  test("may be a digit that does not occur", async () => {
    const some = digits("part: 1/2, knows: [0, 1, 2, 3, 7]", "labels: tiny/labels, part: 2/2").replace(
      "classes: [0, 1, 2, 3]",
      "classes: [0, 1, 2, 3, 7]",
    );
    const [{ states }] = (await make(some)).lists;
    expect(states.filter((_, at) => at % 5 === 4)).toEqual(new Uint8Array(20));
    await expect(make(some.replaceAll("7]", "seven]"))).rejects.toThrow(
      /sources\[0\]\.knows\[4\] names "seven", but no label of this source means it/u,
    );
  });
});

// The field of an entry about boxes: the table that says where on its images things are.
import { z } from "zod";
import { column, name, record, wholeNumber } from "./fields.ts";
import { path } from "./path-field.ts";

const four = (words: string) => z.array(column).length(4, { error: () => `must be four columns, ${words}` });

/** ChestX-ray14's list. */
const usual = {
  image: "Image Index",
  label: "Finding Label",
  box: ["Bbox [x]", "Bbox [y]", "Bbox [w]", "Bbox [h]"],
} as const;

const table = record({
  table: path,
  /** Column of the image, named as in the source. */
  image: column.default(usual.image),
  /** Column of what the box is around: a label of the source, or a class. */
  label: column.optional(),
  /** Instead of it, the class of all boxes. */
  class: name.optional(),
  /** Columns of the left edge, the upper edge, width and height. */
  box: four(
    "of the left edge, the upper edge, width and height, such as box: [x, y, width, height]",
  ).optional(),
  /** Instead of it, columns of the left, upper, right and lower edge. */
  corners: four(
    "of the left, upper, right and lower edge, such as corners: [x_min, y_min, x_max, y_max]",
  ).optional(),
  /** Size of the pictures that the boxes were drawn on, where the image files are copies of another size. */
  size: record(
    { height: wholeNumber, width: wholeNumber },
    "needs { height, width } of the pictures that the boxes were drawn on, such as { height: 1024, width: 1024 }",
  ).optional(),
  /** A word of the column `label` -> the class that it means. */
  mapping: z.record(z.string(), name).optional(),
}).transform(({ label, class: all, box, corners, ...rest }, context) => {
  for (const [field, one, other, another] of [
    ["class", all, label, "label"],
    ["corners", corners, box, "box"],
  ] as const) {
    if (one === undefined || other === undefined) continue;
    context.issues.push({
      code: "custom",
      message: `cannot stand beside ${another}`,
      input: one,
      path: [field],
    });
  }
  return {
    ...rest,
    what: all === undefined ? ({ column: label ?? usual.label } as const) : ({ class: all } as const),
    edges:
      corners === undefined
        ? ({ kind: "box", columns: box ?? usual.box } as const)
        : ({ kind: "corners", columns: corners } as const),
  };
});

/** Where the boxes of an entry are, and how its table says so. */
export type BoxTable = z.output<typeof table>;

/** A file in the form of ChestX-ray14's `BBox_List_2017.csv`, or a record that names the columns of another one. */
export const boxes = z.unknown().transform((input, context): BoxTable => {
  const read = table.safeParse(typeof input === "string" ? { table: input } : input);
  if (read.success) return read.data;
  const isGroup = typeof input === "object" && input !== null && !Array.isArray(input);
  for (const issue of read.error.issues.slice(0, 1)) {
    const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
    context.issues.push({
      ...{ code: "custom", input },
      message:
        isGroup || typeof input === "string"
          ? issue.message
          : "must be a file, or a group such as {table: boxes.csv, image: file, label: finding, box: [x, y, width, height]}",
      path: isGroup ? path : [],
    });
  }
  return z.NEVER;
});

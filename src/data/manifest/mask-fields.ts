// The fields of an entry about masks: where they are, and what the numbers (or colours) in them mean.
import { z } from "zod";
import { column, name, record } from "./fields.ts";
import { isMaskValues, numberKey, type MaskValues } from "./mask-values.ts";
import { path } from "./path-field.ts";

/** Where the mask of each image is. */
export type MaskPlaces =
  /** Below a folder of the data root, under the image's own name with any ending. */
  | { readonly kind: "folder"; readonly folder: string }
  /** By a path below the data root, with {name}, {folder} and columns in braces. */
  | { readonly kind: "template"; readonly template: string }
  /** By a path in a column, below a folder of the data root; below the folder of the image without one. */
  | { readonly kind: "column"; readonly column: string; readonly folder?: string | undefined };

const inColumn = record({ column, folder: path.optional() });

export const masks = z.unknown().transform((input, context): MaskPlaces => {
  const isText = typeof input === "string";
  const read = isText ? path.safeParse(input) : inColumn.safeParse(input);
  if (!read.success) {
    const isGroup = typeof input === "object" && input !== null && !Array.isArray(input);
    const message =
      isText || isGroup
        ? (read.error.issues[0]?.message ?? "")
        : 'must be a folder, a path such as "masks/{name}_segmentation.png", or {column: ...} with the column of the paths';
    context.issues.push({ code: "custom", message, input, path: isGroup ? keyOf(read.error.issues[0]) : [] });
    return z.NEVER;
  }
  if (typeof read.data !== "string") return { kind: "column", ...read.data };
  return /[{}]/u.test(read.data)
    ? { kind: "template", template: read.data }
    : { kind: "folder", folder: read.data };
});

function keyOf(issue: z.core.$ZodIssue | undefined): PropertyKey[] {
  if (issue === undefined) return [];
  return issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
}

const colourKey = /^#[0-9a-f]{6}$/iu;

/** What an entry says that the numbers or colours in its masks mean, by number; undefined where it says nothing. */
export function meaningsOf({
  values,
  colours,
}: {
  readonly values?: unknown;
  readonly colours?: Readonly<Record<string, string>> | undefined;
}): ReadonlyMap<number, string> | undefined {
  if (colours !== undefined) {
    return new Map(Object.entries(colours).map(([colour, name]) => [colourNumber(colour), name]));
  }
  if (!isMaskValues(values)) return undefined;
  return new Map(Object.entries(values).map(([number, name]) => [Number(number), name]));
}

/** Numbers, or colours, as numbers. */
export const numbersOf = (list: readonly (number | string)[] = []): number[] =>
  list.map((one) => (typeof one === "string" ? colourNumber(one) : one));

export const maskValues: z.ZodType<MaskValues> = z
  .record(
    z.string().regex(numberKey, "is no number of masks; write values such as {1: Liver, 5: Spleen}"),
    name,
  )
  .refine((all) => Object.keys(all).length > 0, "is empty: say what the numbers in the masks mean");

export const colours = z
  .record(
    z
      .string()
      .regex(colourKey, 'is no colour; write colours such as {"#804080": Road}, in quotes')
      .transform((text) => text.toLowerCase()),
    name,
  )
  .refine((all) => Object.keys(all).length > 0, "is empty: say what the colours in the masks mean");

/** Numbers, or colours, of masks. */
export const maskNumbers = z
  .array(
    z.union(
      [
        z.int(),
        z
          .string()
          .regex(colourKey)
          .transform((text) => text.toLowerCase()),
      ],
      {
        error: ({ input }) =>
          `must be a number of the masks, or a colour such as "#000000", not ${JSON.stringify(input)}`,
      },
    ),
  )
  .min(1);

/** A colour as the number that masks in colours have. */
export const colourNumber = (colour: string): number => Number.parseInt(colour.slice(1), 16);

/** What every entry may say of its masks. */
export const maskFields = {
  /**
   * For segmentation: where the masks are. A folder: a mask there is called as its image, with any ending, and lies in the same
   * folder below. A path with braces, below the data root: {name} is the image's name without folder and ending, {folder} its
   * folder, and every column of the table may stand there, too. Or {column: mask}: the column of the mask's path, below `folder` if
   * there is one, or else below the folders of the images.
   */
  masks: masks.optional(),
  /** Instead of `values`, for masks in colours: {"#804080": Road}. Black is background where it is not named. */
  colours: colours.optional(),
  /** Numbers of pixels that nobody labelled: they take part in no loss and no metric. */
  ignore: maskNumbers.optional(),
  /** Numbers beside 0 that mean no class. */
  background: maskNumbers.optional(),
};

// What may stand in an entry of a manifest (a source, the validation images, the test images): the fields that all
// formats have in common, joined to those of the format that `format` names.
import { z } from "zod";
import { suggestion } from "../../errors/nearest.ts";
import { name, names, oneOf, path, record, share, wholeNumber, wrongWord } from "./fields.ts";
import { formatNames, formats } from "../formats/index.ts";
import type { FormatName, Formats } from "../formats/index.ts";
import { parts } from "../catalogue/listing.ts";

/** One setting for all classes, or one a class; a class that is left out has the default. */
export type ByClass<Value extends string | number> = Value | Readonly<Record<string, Value>>;

/** Reads a ByClass, so that a complaint names the class it is about. */
const byClass = <Value extends string | number>(
  value: z.ZodType<Value>,
): z.ZodPipe<z.ZodUnknown, z.ZodTransform<ByClass<Value>>> =>
  z.unknown().transform((input, context): ByClass<Value> => {
    const read = (item: unknown, at: string[]): Value => {
      const result = value.safeParse(item);
      if (result.success) return result.data;
      const message = result.error.issues[0]?.message ?? "cannot be read";
      context.issues.push({ code: "custom", message, input: item, path: at });
      return z.NEVER;
    };
    if (typeof input !== "object" || input === null || Array.isArray(input)) return read(input, []);
    return Object.fromEntries(Object.entries(input).map(([key, item]) => [key, read(item, [key])]));
  });

const policyWords = ["absent", "positive", "negative"] as const;
export type UncertainPolicy = (typeof policyWords)[number] | number;
const notAPolicy = {
  error: ({ input }: { input?: unknown }): string => {
    const hint = typeof input === "string" ? suggestion(input, policyWords) : "";
    return `must be absent, positive, negative, or a probability from 0 to 1, not ${JSON.stringify(input)}${hint}`;
  },
};
const uncertainPolicy = z.union(
  [z.enum(policyWords), z.number().min(0, notAPolicy).max(1, notAPolicy)],
  notAPolicy,
);

const blankWords = ["absent", "negative"] as const;
export type BlankPolicy = (typeof blankWords)[number];

/** `n/m`: the n-th of m equal parts. */
const part = z
  .string()
  .regex(/^[1-9]\d{0,3}\/[1-9]\d{0,3}$/u, 'must look like "1/2": the first of two equal parts')
  .transform((text) => {
    const [index = 1, of = 1] = text.split("/").map(Number);
    return { index, of };
  })
  .refine(
    ({ index, of }) => index <= of,
    "names a part that does not exist: the first number is at most the second",
  );

/** Some records by their place in the source, counted from 1, both ends included. */
const rows = record({ from: wholeNumber.default(1), to: wholeNumber.optional() }).refine(
  ({ from, to = Infinity }) => from <= to,
  "ends before it begins",
);

/** What a column must say: a value, one of several values, or a number within limits. */
export type Condition = string | number | readonly (string | number)[] | Range;
interface Range {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}
const cell = z.union([z.string(), z.number()]);
const condition: z.ZodType<Condition> = z.union(
  [
    cell,
    z.array(cell).min(1).max(1000),
    record({ min: z.number().optional(), max: z.number().optional() }).refine(
      ({ min, max }) => min !== undefined || max !== undefined,
      "is a range without min and max",
    ),
  ],
  {
    error: () =>
      'must be a value, a list of values, or a range such as {min: 18, max: 90}; quote "yes" and "no"',
  },
);

/** Which images of a listing are taken, and what their labels mean: the same for sources and splits. */
const common = {
  /** The source's own label name -> the class it speaks of; several may speak of one. Labels called like a class need none. */
  mapping: z.record(z.string(), name).optional(),
  /**
   * Classes it has labels of; every other class is absent on all its images. Default: all that its labels speak of. In
   * formats whose labels are the words that occur (idx, folder, table with `label`), what occurs can be chance: a class that
   * is named here, or that a label under `mapping` speaks of, is negative where it does not occur, and without either it is
   * absent.
   */
  knows: names.optional(),
  /** What becomes of a label that the source calls uncertain: one for all classes, or one a class. */
  uncertain: byClass<UncertainPolicy>(uncertainPolicy).default("absent"),
  /**
   * What becomes of a label that the source leaves blank: one for all classes, or one a class. Labels that nobody has looked
   * for yet, as the source says itself, stay absent.
   */
  blank: byClass<BlankPolicy>(oneOf(blankWords)).default("absent"),
  /** Which images are taken: those positive for one of these labels, in the source's own words. Default: all. */
  holds: names.optional(),
  /** Which images are taken, by the columns of their table: a value, a list of values, or {min, max}. */
  where: z.record(z.string(), condition).optional(),
  /** Which images are taken, by their place in the source: {from: 1, to: 5000}. */
  rows: rows.optional(),
  /**
   * Which share of the source's images belongs here, "1/2" for the first half. Images (of a source that names patients:
   * patients) are dealt like cards, in an order that never depends on --seed, so that parts with one denominator share
   * no image. Default: all of them.
   */
  part: part.optional(),
  /** At most so many images, drawn at random. Of a source that is split, this limits the training part alone. */
  limit: wholeNumber.optional(),
  /**
   * At most so many positives of each class: one number, or one a class. Images are visited in a random order; one that
   * is positive for a class which has its number already is left out, whatever else it shows.
   */
  limitPerClass: byClass(
    z.int({ error: () => "must be a whole number, or one a class, such as {nodule: 100}" }).min(1, {
      error: () => "must be at least 1",
    }),
  ).optional(),
  /**
   * Whose patients they are: entries with one word here share their names of patients, which `tessera inspect` compares.
   * Default: all entries of chestxray14, of chexpert and of covidx; entries of table that read one table or have a folder of
   * images in common; of the rest, each alone.
   */
  patients: name.optional(),
};

/** Two sums of fractions this near to each other are one. */
const nothing = 1e-9;

/** Fractions sum to 1; one that is left out has what the others leave. */
const fractions = {
  train: share.optional(),
  validation: share.optional(),
  test: share.optional(),
};
export interface Fractions {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

const drawn = <By extends string>(
  by: By,
): z.ZodPipe<
  z.ZodObject<{ by: z.ZodLiteral<By>; seed: z.ZodDefault<z.ZodInt> } & typeof fractions, z.core.$strict>,
  z.ZodTransform<{ by: By; seed: number } & Fractions>
> =>
  record({
    by: z.literal(by),
    /** Which of the possible splits; --seed has no say in it. */
    seed: z.int().min(0).default(0),
    ...fractions,
  }).transform((split, context) => {
    const { train, validation, test } = split;
    const given = [train, validation, test].filter((fraction) => fraction !== undefined);
    // 1 - 0.7 - 0.3 is 5e-17, which is no share of anything.
    const left = 1 - given.reduce((sum, fraction) => sum + fraction, 0);
    const rest = Math.abs(left) < nothing ? 0 : left;
    const filled =
      train === undefined
        ? { train: rest, validation: validation ?? 0, test: test ?? 0 }
        : validation === undefined && test !== undefined
          ? { train, validation: rest, test }
          : { train, validation: validation ?? 0, test: test ?? rest };
    const sum = filled.train + filled.validation + filled.test;
    const clear = validation !== undefined || test !== undefined;
    if (rest < 0 || Math.abs(sum - 1) > nothing || !clear) {
      const reason = clear
        ? `has fractions that sum to ${Number((1 - rest).toPrecision(6))}, not 1`
        : "does not say how much is for validation or for testing: give test, validation or both, such as " +
          `{by: ${by}, validation: 0.1, test: 0.2}; by: none lets everything train`;
      context.issues.push({ code: "custom", message: reason, input: split });
    }
    return { by: split.by, seed: split.seed, ...filled };
  });

const byList = record({
  by: z.literal("list"),
  /** A table with a line an image: */
  table: path.optional(),
  /** its column of image names, and */
  image: name.optional(),
  /** its column of parts, */
  part: name.optional(),
  /** whose words mean these parts; train, training, valid, val, validation, dev, test and testing are understood. */
  words: z.record(z.string(), oneOf(parts)).optional(),
  /** Or text files with an image name a line. A name without a folder finds an image in any, if there is one alone. */
  train: path.optional(),
  validation: path.optional(),
  test: path.optional(),
}).superRefine((split, context) => {
  const { table, image, part: column, words, train, validation, test } = split;
  const complain = (at: string, message: string): void => {
    context.issues.push({ code: "custom", message, input: split, path: [at] });
  };
  const files = [train, validation, test].some((file) => file !== undefined);
  if (table === undefined) {
    if (!files) complain("by", "list needs a table, or text files under train, validation or test");
    const stray = Object.entries({ image, part: column, words }).find(([, value]) => value !== undefined);
    if (stray) complain(stray[0], "is of a table, but no table is named");
  } else if (files) {
    complain("table", "cannot be combined with text files under train, validation or test");
  } else {
    if (image === undefined) complain("image", "is missing: the column of the table that holds image names");
    if (column === undefined) complain("part", "is missing: the column of the table that holds the parts");
  }
});

const splitWords = ["patient", "image", "official", "list", "none"] as const;

/** How a source falls into training, validation and test images. Never depends on --seed or --limit. */
const split = z.discriminatedUnion(
  "by",
  [
    /**
     * All images of a patient go to one part, which follows from the patient's name and the seed alone: sources that name
     * their patients alike and have this split alike agree. Fractions are probabilities, so parts meet them roughly.
     */
    drawn("patient"),
    /** Fractions are met to within one image, whoever they are of. */
    drawn("image"),
    /** As the publishers of the dataset have it. */
    record({ by: z.literal("official") }),
    /** As a file of the manifest's own says; images that it does not name are left out. */
    byList,
    /** Everything trains, whatever the publishers say. */
    record({ by: z.literal("none") }),
  ],
  { error: ({ input }) => wrongWord(input, "by", splitWords) },
);
export type Split = z.output<typeof split>;

/** What a training source adds. */
const source = {
  /** For tables and messages. */
  name,
  ...common,
  /** Default: official where the format knows the official parts, otherwise none. */
  split: split.optional(),
};

/** What the validation and test entries add. Their images never depend on --seed, and `--limit` does not touch them. */
const held = (title: "validation" | "test"): HeldFields => ({
  name: name.default(title),
  ...common,
  /** Which official parts are taken. Default: the part of this entry's name where the format knows parts, else all. */
  parts: z.array(oneOf(parts)).min(1).optional(),
});
type HeldFields = typeof common & {
  name: z.ZodDefault<typeof name>;
  parts: z.ZodOptional<z.ZodArray<z.ZodEnum<z.core.util.ToEnum<(typeof parts)[number]>>>>;
};

type EntrySchema<Common extends z.ZodRawShape> = {
  [Name in FormatName]: z.ZodObject<Common & Formats[Name]["fields"], z.core.$strict>;
}[FormatName];
type EntrySchemas<Common extends z.ZodRawShape> = readonly [EntrySchema<Common>, ...EntrySchema<Common>[]];

/** An entry of any format: the fields given, joined to those of the format that its `format` names. */
function entryOf<Common extends z.ZodRawShape>(
  fields: Common,
): z.ZodDiscriminatedUnion<EntrySchemas<Common>> {
  const options = formatNames.map((format) => record({ ...fields, ...formats[format].fields }));
  // One option a format; that a list made by `map` is not empty is beyond the compiler.
  return z.discriminatedUnion("format", options as unknown as EntrySchemas<Common>, {
    error: ({ input }) => wrongWord(input, "format", formatNames),
  });
}

export const sourceEntry = entryOf(source);
export const validationEntry = entryOf(held("validation"));
export const testEntry = entryOf(held("test"));

export type SourceEntry = z.output<typeof sourceEntry>;
export type HeldEntry = z.output<typeof testEntry>;
export type Entry = SourceEntry | HeldEntry;

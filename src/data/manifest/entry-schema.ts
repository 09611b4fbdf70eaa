// What may stand in an entry of a manifest (a source, the validation images, the test images): the fields that all
// formats have in common, joined to those of the format that `format` names.
import { z } from "zod";
import { suggestion } from "../../errors/nearest.ts";
import { boxes } from "./box-fields.ts";
import { maskFields } from "./mask-fields.ts";
import { values } from "./values-field.ts";
import { column, name, names, oneOf, record, share, wholeNumber, window, wrongWord } from "./fields.ts";
import { path } from "./path-field.ts";
import { formatNames, formats } from "../formats/formats.ts";
import type { FormatName, Formats } from "../formats/formats.ts";
import { parts } from "../catalogue/listing.ts";

/** One setting for all classes, or one for each; a class that is left out has the default. */
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

/** A condition on a column: a value, one of several values, or a number within limits. */
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
  /** The source's own label -> the class that it means; several may mean one. A label with the name of a class needs none. */
  mapping: z.record(z.string(), name).optional(),
  /**
   * Classes it has labels of; every other class is absent on all its images. Default: all that its labels speak of. In
   * formats whose labels are the words that occur, such as the names of folders, what occurs can be chance: a class that is
   * named here, or that a label under `mapping` speaks of, is negative where it does not occur, and without either it is
   * absent.
   */
  knows: names.optional(),
  /**
   * Labels of the source that mean something else than every class, however near they are to the name of one: "mass" beside the
   * class "Mass" is an error until it stands here or under `mapping`. They are not listed among the words that no class takes.
   */
  others: names.optional(),
  /** What a label becomes that the source calls uncertain: one setting for all classes, or one for each. */
  uncertain: byClass<UncertainPolicy>(uncertainPolicy).default("absent"),
  /**
   * What a label becomes that the source leaves blank: one setting for all classes, or one for each. Labels stay absent where the
   * source says that nobody has looked yet.
   */
  blank: byClass<BlankPolicy>(oneOf(blankWords)).default("absent"),
  /** Which images are taken: those positive for one of these labels, in the source's own words. Default: all. */
  holds: names.optional(),
  /**
   * Which images are taken, by the columns of their table: a value, a list of values, or {min, max}. An age as DICOM has it is a
   * number of years: "058Y" is 58, "006M" is 0.5. A cell that is no number is in no range, and is counted and shown.
   */
  where: z.record(z.string(), condition).optional(),
  /** Which images are taken, by their place in the source: {from: 1, to: 5000}. */
  rows: rows.optional(),
  /**
   * The share of the source's images that belongs to this entry, "1/2" for the first half. Images (or patients, where the
   * source names them) are dealt like cards, in an order that never depends on --seed, so that parts with one denominator
   * share no image. Default: all of them.
   */
  part: part.optional(),
  /** The most images, drawn at random. For a source that is split, this limits the training part alone. */
  limit: wholeNumber.optional(),
  /**
   * The most positives of each class: one number, or one for each class. Images are visited in a random order; an image that is
   * positive for a class with enough positives is left out, whatever else it shows.
   */
  limitPerClass: byClass(
    z.int({ error: () => "must be a whole number, or one a class, such as {nodule: 100}" }).min(1, {
      error: () => "must be at least 1",
    }),
  ).optional(),
  /** Bits that the samples of its image files really have, 1 to 16: 2^bits - 1 becomes white. Default: as each file says. */
  bits: z.int().min(1).max(16).optional(),
  /**
   * [low, high] in the numbers of its image files or arrays: `low` and all below become black, `high` and all above white. Goes
   * before `bits` and before a window of the file.
   */
  window: window.optional(),
  /**
   * Whether the patient of each image is the PatientID (0010,0020) of its DICOM file. Then listing opens the beginning of every
   * file. For sources whose table or names do not tell patients.
   */
  patientTag: z.boolean().optional(),
  /**
   * Whose patients they are: entries with one word here share their names of patients, which `tessera inspect` compares. "1" and
   * "1.0" are one patient; "1" and "001" are two, which is shown; "nan" and the like are none.
   * Default, as each format says (../formats/NAME.ts): all entries of the format where that is of one published dataset;
   * entries that read one table or have a folder of images in common; or each entry alone.
   */
  patients: name.optional(),
  /**
   * With `columns` of labels: the words in them; numbers are compared as numbers, words without regard to case. Defaults: 1, true,
   * yes, positive; 0, false, no, negative; -1, uncertain, u. An empty cell and the words for "missing" (labels/wording.ts) are
   * blank, beside those under `blank`, unless they are named here. With masks: what the numbers in them mean,
   * {1: Liver, 5: Spleen}; several may mean one class, 0 is background where it is not named, and a number that occurs and is named
   * nowhere is an error.
   */
  values: values.optional(),
  ...maskFields,
  /**
   * For classification: a table of boxes that say where on an image a class is. Nothing is learned from them; `tessera evaluate`
   * holds maps of where a model looked against them. A file in the form of ChestX-ray14's list, or {table, image, label, box, ...} with
   * the columns of another one.
   */
  boxes: boxes.optional(),
};

/** Two sums of fractions this near to each other are one. */
const nothing = 1e-9;

/** Fractions sum to 1; one that is left out takes the rest. */
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
    /** Seed of the split, independent of --seed. */
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
  /** A table with a line for each image: */
  table: path.optional(),
  /** its column of image names, and */
  image: column.optional(),
  /** its column of parts, */
  part: column.optional(),
  /** whose words mean these parts; train, training, valid, val, validation, validate, dev, test and testing are understood. */
  words: z.record(z.string(), oneOf(parts)).optional(),
  /** Or text files with one image name on each line. A name without a folder matches an image in any, if only one has it. */
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

/** How a source is split into training, validation and test images. Never depends on --seed or --limit. */
const split = z.discriminatedUnion(
  "by",
  [
    /**
     * All images of a patient go to one part, which follows from the patient's name and the seed alone: sources that name
     * their patients alike and have the same split agree. Fractions are probabilities, so they are met roughly.
     */
    drawn("patient"),
    /** Fractions are met to within one image, regardless of patients. */
    drawn("image"),
    /** The split of the dataset's publishers. */
    record({ by: z.literal("official") }),
    /** By a list of the manifest's own; images that it does not name are left out. */
    byList,
    /** Everything trains, whatever the official split is. */
    record({ by: z.literal("none") }),
  ],
  { error: ({ input }) => wrongWord(input, "by", splitWords) },
);
export type Split = z.output<typeof split>;

/** Fields of a training source only. */
const source = {
  /** For tables and messages. */
  name,
  ...common,
  /** Default: official where the format knows the official parts, otherwise none. */
  split: split.optional(),
};

/** Fields of the validation and test entries only. Their images never depend on --seed or --limit. */
const held = (title: "validation" | "test"): HeldFields => ({
  name: name.default(title),
  ...common,
  /** The official parts that are taken. Default: the part with this entry's name, or all where the format has no parts. */
  parts: z.array(oneOf(parts)).min(1).optional(),
});
type HeldFields = typeof common & {
  name: z.ZodDefault<typeof name>;
  parts: z.ZodOptional<z.ZodArray<z.ZodEnum<z.core.util.ToEnum<(typeof parts)[number]>>>>;
};

type EntrySchema<Common extends z.ZodRawShape> = {
  [Name in FormatName]: z.ZodObject<
    Common & { format: z.ZodLiteral<Name> } & Formats[Name]["fields"],
    z.core.$strict
  >;
}[FormatName];
type EntrySchemas<Common extends z.ZodRawShape> = readonly [EntrySchema<Common>, ...EntrySchema<Common>[]];

/** An entry of any format: the fields given, and those of the format whose name in the table stands under `format`. */
function entryOf<Common extends z.ZodRawShape>(
  fields: Common,
): z.ZodDiscriminatedUnion<EntrySchemas<Common>> {
  const options = formatNames.map((format) =>
    record({ ...fields, format: z.literal(format), ...formats[format].fields }),
  );
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

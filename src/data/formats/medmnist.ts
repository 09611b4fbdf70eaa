// Reads .npz files (a zip of NumPy arrays) of images and labels: MedMNIST's, with the parts of its official split, and files
// made like them.
import { basename } from "node:path";
import { z } from "zod";
import { names, name, record } from "../manifest/fields.ts";
import { path } from "../manifest/path-field.ts";
import { readBytes } from "../../files/bytes.ts";
import type { Listing } from "../catalogue/listing.ts";
import type { Format } from "./format.ts";
import { namesVolumes } from "./medmnist-names.ts";
import { listContent, parseNpz, volumes } from "./npz-content.ts";

const pair = z.tuple([name, name], {
  error: () => "must name two arrays, the images and their labels, such as [x_train, y_train]",
});

/** The arrays of each part, or of a file without parts. */
const membersField = record({
  train: pair.optional(),
  validation: pair.optional(),
  test: pair.optional(),
  /** In place of the three: the arrays of a file that has no parts. */
  all: pair.optional(),
}).superRefine(({ all, ...parts }, context) => {
  const given = Object.values(parts).filter((names) => names !== undefined);
  const complain = (message: string): void => {
    context.issues.push({ code: "custom", message, input: parts });
  };
  if (all === undefined && given.length === 0)
    complain("names no arrays: give train, validation, test, or all");
  if (all !== undefined && given.length > 0)
    complain("names all beside a part: give all alone, or parts alone");
  const named = [...given, ...(all === undefined ? [] : [all])].flat();
  if (new Set(named).size < named.length) complain("names an array twice");
});
const fields = {
  /** The .npz file below the data root, of any image size, grey or colour. A part that it does not have is empty. */
  file: path,
  /**
   * Which arrays are the images and the labels of which part, where they are not called as MedMNIST calls them:
   * `{ train: [x_train, y_train], test: [x_test, y_test] }`, or `{ all: [X, y] }` for a file without parts.
   */
  members: membersField.optional(),
  /**
   * What label 0, 1, 2, ... (or label column 0, 1, 2, ...) is called. Default: the published names where the file is
   * named after a set ("chestmnist_64.npz") and has its labels, otherwise the numbers "0", "1", "2", ...
   */
  labelNames: names.optional(),
};

/** The two-dimensional sets of MedMNIST, and files made like them. */
export const medmnist: Format<typeof fields> = {
  fields,
  exhaustive: true,
  arrayWindow: true,
  patients: "entry",
  list: async (entry, context): Promise<Listing> => {
    const { locate, once } = context;
    const file = await locate(entry.file);
    if (namesVolumes(basename(file))) throw volumes(file, "is named after a set of volumes");
    const key = JSON.stringify(["medmnist", file, entry.members, context.window]);
    const content = await once(key, async () =>
      parseNpz(file, await readBytes(file), entry.members, context),
    );
    for (const remark of content.remarks) context.remark(remark(context.entry));
    return listContent(content, entry.labelNames, context);
  },
};

// Volumes of CT, MR and the like in NIfTI files: a volume is a patient, its slices are the images, and label volumes are their masks.
import { statSync } from "node:fs";
import { basename, dirname, posix, resolve } from "node:path";
import { z } from "zod";
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { requireColumns, rowError } from "../../files/csv.ts";
import { voxelVolumeOf } from "../../files/nifti-affine.ts";
import { isMissing } from "../../labels/wording.ts";
import type { ListContext, ListedRecord, Listing } from "../catalogue/listing.ts";
import { counted } from "../../errors/counted.ts";
import { column, record } from "../manifest/fields.ts";
import { path } from "../manifest/path-field.ts";
import { labelFinder } from "../volumes/label-files.ts";
import type { ListedVolume } from "../volumes/label-files.ts";
import { SliceShelf } from "../volumes/slice-shelf.ts";
import { planes } from "../volumes/slicing.ts";
import { volumeFile, volumesBelow, volumesLike } from "../volumes/volume-files.ts";
import { LabelSlices, VolumeSlices } from "../volumes/volume-slices.ts";
import type { Format } from "./format.ts";
import { imagesBelow, locateTable } from "./table-rows.ts";

const sliceNumber = z.int().min(0);

const fields = {
  /**
   * The volumes, .nii or .nii.gz: a folder of them, at any depth; one file; or a path in which {name} stands for the name of a folder
   * or file, or a part of it, such as "kits/{name}/imaging.nii.gz".
   */
  volumes: path.optional(),
  /** Or a table with a row for each volume: */
  table: path.optional(),
  /** its column of paths, below the folder of the table or `images`, */
  image: column.optional(),
  /** and its column of patients. Default: each volume is a patient. */
  patient: column.optional(),
  /** The folder that the paths in the table start from. */
  images: path.optional(),
  /**
   * Across which axis volumes are cut: axial, coronal or sagittal, whichever axis of the file that is, or the number of an axis of the
   * file, 0, 1 or 2. Default: axial.
   */
  axis: z
    .union([z.enum(planes), z.literal(0), z.literal(1), z.literal(2)], {
      error: ({ input }) =>
        `must be ${planes.join(", ")}, or an axis of the files, 0, 1 or 2, not ${JSON.stringify(input)}`,
    })
    .optional(),
  /** Some of the slices of each volume, by their number from 0, both ends included: { from: 40, to: 120, every: 2 }. */
  slices: record({
    from: sliceNumber.default(0),
    to: sliceNumber.optional(),
    every: z.int().min(1).default(1),
  })
    .refine(({ from, to = Infinity }) => from <= to, "end before they begin")
    .optional(),
};
type NiftiEntry = z.output<z.ZodObject<typeof fields>>;

export const nifti: Format<typeof fields> = {
  fields,
  // What a volume shows beside what is outlined, nobody says.
  exhaustive: false,
  arrayWindow: true,
  slices: true,
  patients: ({ volumes, table, images }) => {
    const from = images ?? (table === undefined ? folderOf(volumes ?? "") : posix.dirname(table));
    return [`volumes ${posix.resolve("/", from)}`];
  },
  list: async (entry, context): Promise<Listing> => {
    const fail = (field: string, reason: string): never => {
      throw new ManifestError(`"${context.entry}"`, field, reason);
    };
    if (context.masked !== true) {
      fail(
        "format",
        "is nifti, whose labels are label volumes: say task: segmentation and masks; for classification save slices as PNG and " +
          "list them in a table",
      );
    }
    const volumes = await volumesOf(entry, context, fail);
    const { window, masks } = context;
    // Label volumes have the shape and the place of their volumes; a folder has them under the same names.
    const labelFileOf = masks && (await labelFinder(masks, volumes, context, fail));
    const shelf = await context.once("slices of volumes", () => Promise.resolve(new SliceShelf()));
    const { axis, slices } = entry;
    const records: ListedRecord[] = [];
    const read: VolumeSlices[] = [];
    for (const volume of volumes) {
      try {
        const { file } = volume;
        context.links?.refuse(file);
        const image = await context.once(JSON.stringify(["volume", file, axis, window]), () =>
          VolumeSlices.read(file, { axis, window }, shelf),
        );
        const label = await labelFileOf?.(volume);
        const key = JSON.stringify(["labels", label, file, axis]);
        const mask =
          label === undefined
            ? undefined
            : await context.once(key, () => LabelSlices.read(label, image, shelf));
        read.push(image);
        records.push(...recordsOf(volume, image, mask, slices));
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        context.bad(error);
      }
    }
    if (read.length > 0 && records.length === 0) fail("slices", "take none of any volume");
    tellGuesses(read, entry, context);
    return { labelNames: [], records, rawLabels: new Uint8Array(0) };
  },
};

/** The folder of a path that may be one of a file or have {name} in it. */
function folderOf(volumes: string): string {
  const start = volumes.search(/[{}]/u);
  if (start >= 0) return volumes.slice(0, volumes.lastIndexOf("/", start) + 1);
  return /\.nii(?:\.gz)?$/iu.test(volumes) ? posix.dirname(volumes) : volumes;
}

async function volumesOf(
  { volumes, table, image, patient, images }: NiftiEntry,
  context: ListContext,
  fail: (field: string, reason: string) => never,
): Promise<ListedVolume[]> {
  if (volumes !== undefined) {
    const [stray] =
      Object.entries({ table, image, patient, images }).find(([, value]) => value !== undefined) ?? [];
    if (stray !== undefined)
      fail(stray, "cannot stand beside volumes: volumes are named by a path or in a table");
    return (await volumesAt(volumes, context, fail)).map((each) => ({ ...each, patient: each.id }));
  }
  if (table === undefined || image === undefined) {
    return fail(
      table === undefined ? "volumes" : "image",
      table === undefined
        ? "is missing: name their folder, or a table and its column of paths under image"
        : "is missing: the column of the table that holds the paths of the volumes",
    );
  }
  const rows = await locateTable(table, context);
  requireColumns(rows, [image, ...(patient === undefined ? [] : [patient])]);
  const root = images === undefined ? dirname(rows.file) : await context.locate(images);
  const find = imagesBelow(root);
  return rows.rows.flatMap((row, at): ListedVolume[] => {
    const { cells } = row;
    const name = cells[image];
    const file = isMissing(name) ? undefined : find(name);
    const who = patient === undefined ? undefined : cells[patient];
    if (file === undefined || (who !== undefined && isMissing(who))) {
      const empty = file === undefined ? image : (patient ?? "");
      context.bad(
        rowError(rows, at, `says nothing of use in column ${empty}: ${JSON.stringify(cells[empty])}`),
      );
      return [];
    }
    const found = { ...volumeFile(root, name), file };
    return [{ ...found, patient: who ?? found.id, row: cells }];
  });
}

async function volumesAt(
  volumes: string,
  context: ListContext,
  fail: (field: string, reason: string) => never,
): ReturnType<typeof volumesBelow> {
  if (/[{}]/u.test(volumes)) {
    const root = await context.locate(".");
    // Before anything is said of what lies there.
    context.links?.refuse(resolve(root, volumes.slice(0, volumes.search(/[^/]*[{}]/u))));
    return await volumesLike(root, volumes, (reason) => fail("volumes", reason));
  }
  const root = await context.locate(volumes);
  return statSync(root).isFile()
    ? [volumeFile(dirname(root), basename(root))]
    : await volumesBelow(root, context.bad, context.links);
}

/** A record for each slice that is taken. */
export function recordsOf(
  { id, patient, row }: Pick<ListedVolume, "id" | "patient" | "row">,
  image: VolumeSlices,
  mask?: LabelSlices,
  { from, to = Infinity, every }: NonNullable<NiftiEntry["slices"]> = { from: 0, every: 1 },
): ListedRecord[] {
  const voxelVolume = voxelVolumeOf(image.header.affine);
  const records: ListedRecord[] = [];
  for (let at = from; at < Math.min(image.count, to + 1); at += every) {
    records.push({
      ...{ id: `${id}/${at}`, image: { kind: "array", array: image, at }, patient, voxelVolume },
      ...(mask === undefined ? {} : { mask: { kind: "array", array: mask, at } }),
      ...(row === undefined ? {} : { row }),
    });
  }
  return records;
}

/** Tells what the manifest leaves open and was decided here. */
function tellGuesses(read: readonly VolumeSlices[], entry: NiftiEntry, context: ListContext): void {
  if (read.length === 0) return;
  const [first] = read;
  const name = JSON.stringify(context.entry);
  const tell = (sentence: string, of: readonly VolumeSlices[]): void => {
    context.remark({
      kind: "guess",
      sentence,
      cases: of.map(({ file, count }) => ({ name: file, count })),
    });
  };
  const own = read.filter(({ hasOwnWindow }) => hasOwnWindow);
  if (own.length > 0) {
    const [low, high] = own[0].window.map((each) => Number(each.toPrecision(4)));
    tell(
      `${name} names no window, so that ${counted(own.length, "volume")} of it are shown by their own numbers, ` +
        `${own[0].file} from ${low} to ${high}; window: [-100, 240] suits the organs in CT (Hounsfield units).`,
      own,
    );
  }
  if (entry.axis === undefined) {
    tell(
      `${name} names no axis, so that its volumes are cut into axial slices, ${first.file} across its axis ` +
        `${first.slicing.axis} into ${first.count}; axis: axial says so.`,
      read,
    );
  }
  const lost = read.filter(({ header }) => !header.oriented);
  if (lost.length > 0) {
    tell(
      `${name} has ${counted(lost.length, "volume")} that do not say how they lie in the patient (no sform, no qform), such as ` +
        `${lost[0].file}: their axes are taken to run to the right, the front and the head.`,
      lost,
    );
  }
}

// Labels for stored features: those in their file, of a CSV table, or of a manifest.

import { UsageError } from "../errors/errors.ts";
import { rowError } from "../files/csv.ts";
import { readTable } from "../files/read-table.ts";
import type { Part } from "../data/catalogue/listing.ts";
import { parts } from "../data/catalogue/listing.ts";
import { noClass } from "../data/manifest/class-filter.ts";
import { readTrainingManifest } from "../assemble/training-manifest.ts";
import { absent, negative, positive } from "../labels/states.ts";
import { isManifestName } from "./asked-images.ts";
import type { FeatureTable } from "../runs/features-file.ts";
import { listImages } from "../runs/load-images.ts";

/** One for each row of the features that has a label. */
export interface ProbeRow {
  /** In the features. */
  readonly row: number;
  /** Undefined where nobody says. */
  readonly part: Part | undefined;
  /** Among all sources. */
  readonly patient: string | undefined;
}

export interface ProbeLabels {
  readonly classes: readonly string[];
  readonly rows: readonly ProbeRow[];
  /** [rows, K] label states. */
  readonly states: Uint8Array;
}

/** Where the images of a manifest are listed. */
interface ManifestPlace {
  readonly dataRoot?: string;
  readonly followLinks?: boolean;
  readonly skipBad: boolean;
}

const identity = ["source", "part", "image", "patient"] as const;

/** What labels say of one image. */
interface LabelledImage {
  readonly source: string | undefined;
  readonly image: string;
  readonly part: string | undefined;
  readonly patient: string | undefined;
  readonly states: ArrayLike<number>;
}

/**
 * @param file a manifest (YAML) or a CSV table; undefined for the labels that the features came with
 * @throws UsageError where there are none, or none of these images; DataError and ManifestError for files that cannot be read
 */
export async function probeLabels(
  features: FeatureTable,
  name: string,
  file: string | undefined,
  options: ManifestPlace,
): Promise<ProbeLabels> {
  if (file === undefined) return ownLabels(features, name);
  const { classes, images } = isManifestName(file)
    ? await manifestLabels(file, options)
    : await tableLabels(file);
  const bySource = new Map<string, number>();
  const byImage = new Map<string, number[]>();
  for (const [row, [source, , image]] of features.images.entries()) {
    bySource.set(JSON.stringify([source, image]), row);
    byImage.set(image, [...(byImage.get(image) ?? []), row]);
  }
  const found = images.flatMap(({ source, image, ...label }) => {
    const rows =
      source === undefined
        ? (byImage.get(image) ?? [])
        : [bySource.get(JSON.stringify([source, image])) ?? -1];
    if (rows.length > 1) {
      throw new UsageError(
        `${file}: ${image} is an image of several sources in ${name}; say which in a column source`,
      );
    }
    return rows.filter((row) => row >= 0).map((row) => ({ ...label, row }));
  });
  if (found.length === 0) {
    throw new UsageError(
      `${file}: has no image of ${name}, whose first is ${JSON.stringify(features.images[0][2])} of ${features.images[0][0]}`,
    );
  }
  const seen = new Set<number>();
  const twice = found.find(({ row }) => {
    const isKnown = seen.has(row);
    seen.add(row);
    return isKnown;
  });
  if (twice !== undefined) throw new UsageError(`${file}: has two rows for ${features.images[twice.row][2]}`);
  return {
    classes,
    rows: found.map(({ row, part, patient }) => rowOf(features, row, part, patient)),
    states: Uint8Array.from(found.flatMap(({ states }) => Array.from(states))),
  };
}

function rowOf(
  features: FeatureTable,
  row: number,
  part: string | undefined,
  patient: string | undefined,
): ProbeRow {
  const [, ownPart, , ownPatient] = features.images[row];
  const given = part ?? ownPart;
  return {
    row,
    part: parts.find((each) => each === given),
    patient: (patient ?? ownPatient) === "" ? undefined : (patient ?? ownPatient),
  };
}

function ownLabels(features: FeatureTable, name: string): ProbeLabels {
  if (features.states.every((state) => state === absent)) {
    throw new UsageError(
      `${name}: came without labels; name a manifest, or a CSV table with a column image and one for each class`,
    );
  }
  return {
    classes: features.classes,
    rows: features.images.map((_, row) => rowOf(features, row, undefined, undefined)),
    states: features.states,
  };
}

async function manifestLabels(
  file: string,
  { dataRoot, skipBad, followLinks }: ManifestPlace,
): Promise<{ readonly classes: readonly string[]; readonly images: readonly LabelledImage[] }> {
  if (dataRoot === undefined) throw new UsageError("required option '--data-root <folder>' not specified");
  const manifest = await readTrainingManifest(file, noClass);
  const { classes } = manifest;
  const { lists } = await listImages(manifest, { dataRoot, seed: 0, skipBad, followLinks });
  const images = lists.flatMap(({ source, part, samples, states, patientsOf = source }) =>
    samples.map(({ id, patient }, row) => ({
      ...{ source, part, image: id },
      patient: patient === undefined ? undefined : `${patientsOf}/${patient}`,
      states: states.subarray(row * classes.length, (row + 1) * classes.length),
    })),
  );
  return { classes, images };
}

const stateOfCell: Readonly<Record<string, number>> = {
  "": absent,
  0: negative,
  1: positive,
  "0.0": negative,
  "1.0": positive,
};

async function tableLabels(
  file: string,
): Promise<{ readonly classes: readonly string[]; readonly images: readonly LabelledImage[] }> {
  const table = await readTable(file);
  const has = (name: string): boolean => table.columns.includes(name);
  const classes = table.columns.filter((name) => !(identity as readonly string[]).includes(name));
  if (!has("image") || classes.length === 0) {
    throw new UsageError(
      `${file}: needs a column image, and one of 0, 1 or nothing for each class; it has ${table.columns.join(", ")}`,
    );
  }
  const images = table.rows.map(({ cells }, row) => {
    const optional = (name: string): string | undefined =>
      has(name) && cells[name] !== "" ? cells[name] : undefined;
    const part = optional("part");
    if (part !== undefined && !(parts as readonly string[]).includes(part)) {
      throw rowError(table, row, `${JSON.stringify(part)} is no part; parts are ${parts.join(", ")}`, "part");
    }
    const states = classes.map((name) => {
      const state = stateOfCell[cells[name].trim()];
      if (state === undefined)
        throw rowError(
          table,
          row,
          `${JSON.stringify(cells[name])} is no label; labels are 0, 1 or nothing`,
          name,
        );
      return state;
    });
    return { source: optional("source"), part, image: cells["image"], patient: optional("patient"), states };
  });
  return { classes, images };
}

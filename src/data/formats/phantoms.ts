// Lists phantom radiographs, drawn by src/data/phantoms, like any dataset: with every finding known on every image.
import { z } from "zod";
import { suggestion } from "../../errors/nearest.ts";
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { oneOf, share } from "../manifest/fields.ts";
import { background } from "../../labels/label-map.ts";
import { mostArrayBytes } from "../../files/limits.ts";
import type { ListContext, ListedRecord, Listing, MaskArray, PixelArray } from "../catalogue/listing.ts";
import { defaultPrevalence, findingNames, phantoms as draw, siteNames } from "../phantoms/index.ts";
import type { Finding } from "../phantoms/index.ts";
import { randomStream } from "../random-stream.ts";
import type { Format } from "./format.ts";

/** Pixels along each side; fewer are not drawn. */
const leastSide = 16;

const fields = {
  /** The site whose machine takes the pictures; sites differ in contrast and noise. "both" draws half of the images at each. */
  site: oneOf([...siteNames, "both"]),
  /** How many images are drawn. */
  count: z.int().min(1).max(1_000_000),
  /** Share of the images that show a finding: one number for all, or one a finding. Default 0.3. */
  prevalence: z
    .union([share, z.record(z.string(), share)], {
      error: () => "must be a share from 0 to 1, or one a finding, such as {nodule: 0.2}",
    })
    .refine((prevalence) => strangerIn(prevalence) === undefined, {
      error: ({ input }) => {
        const stranger = strangerIn(input) ?? "";
        return `names "${stranger}"; the findings are ${findingNames.join(", ")}${suggestion(stranger, findingNames)}`;
      },
    })
    .default(defaultPrevalence),
};

/** Phantom radiographs: the classes of the manifest must be findings that can be drawn. */
export const phantoms: Format<typeof fields> = {
  fields,
  exhaustive: true,
  ownMasks: true,
  patients: "entry",
  squareImages: { leastSide },
  list: (entry, context) => Promise.resolve().then(() => drawListing(entry, context)),
};

type Entry = Parameters<(typeof phantoms)["list"]>[0];

function drawListing({ count: wanted, prevalence, ...entry }: Entry, context: ListContext): Listing {
  const findings = findingsOf(context);
  const { height: size } = context.image;
  const { masked = false } = context;
  const sites = entry.site === "both" ? siteNames : [entry.site];
  const count = Math.min(wanted, context.limit);
  if (count * size * size > mostArrayBytes) {
    throw new DataError(
      context.entry,
      `would draw ${count} phantoms of ${size} x ${size}, over 2 GiB: lower count or the image size`,
    );
  }
  // Each entry has a stream of its own, so that two entries at one site share no patient.
  const seed = randomStream(context.seed, "phantoms", context.entry).bits();

  const records: ListedRecord[] = [];
  let done = 0;
  const onImage = (): void => context.drawn?.(++done, count);
  const rawLabels = new Uint8Array(count * findings.length);
  for (const [i, site] of sites.entries()) {
    // Halves that differ by one image at most; of a single image, the second site draws none.
    const drawn = Math.floor((count + sites.length - 1 - i) / sites.length);
    if (drawn === 0) continue;
    const { pixels, truth, maps } = draw({
      ...{ count: drawn, size, site, seed, findings, prevalence, onImage, outlines: masked },
    });
    rawLabels.set(truth, records.length * findings.length);
    const array: PixelArray = {
      file: `${context.entry}: phantoms of site ${site}`,
      count: drawn,
      height: size,
      width: size,
      channels: 1,
      pixels,
    };
    // In masks 0 is the background, as in those of other sources, and each finding has the number after its own.
    const values = maps && Uint8Array.from(maps as Uint8Array, (k) => (k === background ? 0 : k + 1));
    const outlined = { file: `${array.file}, outlined`, count: drawn, height: size, width: size };
    const masks: MaskArray | undefined = values && { ...outlined, values };
    for (let at = 0; at < drawn; at++) {
      const id = `${site}/${at}`;
      const mask = masks && { kind: "array" as const, array: masks, at };
      // Each image is another person; the name of the entry keeps those of two entries apart.
      records.push({
        ...{ id, image: { kind: "array", array, at }, patient: `${context.entry}/${id}` },
        ...(mask === undefined ? {} : { mask }),
      });
    }
  }
  const maskLabels = new Map(findings.map((finding, k) => [k + 1, finding]));
  return { labelNames: findings, records, rawLabels, ...(masked ? { maskLabels } : {}) };
}

/** The classes as findings. @throws ManifestError when one is not, or the images are not square or too small */
function findingsOf({ entry, classes, image, parents = [] }: ListContext): Finding[] {
  // A class above others follows from their labels.
  const stranger = classes.find((name, k) => !isFinding(name) && !parents.includes(k));
  if (stranger !== undefined) {
    throw new ManifestError(
      entry,
      "classes",
      `hold "${stranger}", which phantoms cannot show; their findings are ${findingNames.join(", ")}` +
        suggestion(stranger, findingNames),
    );
  }
  if (image.height !== image.width || image.height < leastSide) {
    throw new ManifestError(
      entry,
      "image",
      `is ${image.height} x ${image.width}, but phantoms are square and at least ${leastSide} x ${leastSide}`,
    );
  }
  return classes.filter(isFinding);
}

function isFinding(name: string): name is Finding {
  return (findingNames as readonly string[]).includes(name);
}

/** A name in a table of prevalences that is no finding. */
function strangerIn(prevalence: unknown): string | undefined {
  if (typeof prevalence !== "object" || prevalence === null) return undefined;
  return Object.keys(prevalence).find((name) => !isFinding(name));
}

// Phantom radiographs: small chest images drawn by simulated physics, with fully known truth, for demo and tests.
import { UsageError } from "../../errors/errors.ts";
import {
  aFlag,
  aFunction,
  aNumber,
  aRecord,
  expectFields,
  expectOptions,
  oneOf,
  required,
  strings,
  type OptionChecks,
  bytes,
  expectArgument,
  listOf,
  wholeFrom,
} from "../../errors/arguments.ts";
import { background } from "../../labels/label-map.ts";
import { absent } from "../../labels/states.ts";
import { imageSet } from "../assembly/assembly.ts";
import type { ImageSet } from "../assembly/assembly.ts";
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { randomStream } from "../random-stream.ts";
import { expose, sitePhysics } from "./exposure.ts";
import { diseaseOf, type Disease } from "./phantom-findings.ts";
import { findingNames, siteNames } from "./phantom-names.ts";
import type { Finding, Site } from "./phantom-names.ts";
import { outlinesOf } from "./outlines.ts";
import { project } from "./projection.ts";
import { randomThorax, type Thorax } from "./thorax.ts";

export { findingNames, siteNames } from "./phantom-names.ts";
export type { Finding, Site } from "./phantom-names.ts";

export interface PhantomOptions {
  readonly count: number;
  /** Pixels along each side, 16 or more; default 32. */
  readonly size?: number;
  readonly site: Site;
  readonly seed: number;
  /** Classes, in column order; a finding that is not among them is never drawn. Default: all six. */
  readonly findings?: readonly Finding[];
  /** Share of the images that show a finding, each independently: one number, or one a finding. Default 0.3. */
  readonly prevalence?: number | Readonly<Partial<Record<Finding, number>>>;
  /** The findings that the site has labels of; the others are absent. Default: all of `findings`. */
  readonly knows?: readonly Finding[];
  /**
   * Whether the findings that the site knows are outlined, too: `maps` has where each of them is seen, and its label is positive where
   * a pixel shows it. Where findings lie over one another, a pixel is of the first in the order of `findingNames`. Default false.
   */
  readonly outlines?: boolean;
  /** Called after each image, for progress: a thousand images take seconds. */
  readonly onImage?: () => void;
}

const phantomOptions: OptionChecks<PhantomOptions> = {
  count: required(aNumber),
  size: aNumber,
  site: required(oneOf(siteNames)),
  seed: required(aNumber),
  findings: strings,
  prevalence: {
    words: "a number, or a record of numbers by finding",
    fits: (value) =>
      aNumber.fits(value) || (aRecord.fits(value) && Object.values(value as object).every(aNumber.fits)),
  },
  knows: strings,
  outlines: aFlag,
  onImage: aFunction,
};

export interface PhantomSet extends ImageSet<Uint8Array> {
  /** 0 or 1 for every finding, [count, K], whether the site knows it or not. */
  readonly truth: Uint8Array;
}

export const defaultPrevalence = 0.3;

/** Beams averaged in a pixel, along each side: fine lines such as the pleura would flicker with fewer. */
const raysPerPixel = 2;

/**
 * Draws radiographs at one site. Image i depends on seed, site and i alone, not on how many others are drawn, and the place
 * of a finding does not depend on other findings.
 *
 * @throws ManifestError for an unknown finding
 * @throws DataError for sizes and counts that cannot be
 */
export function phantoms(options: PhantomOptions): PhantomSet {
  expectOptions("phantoms", options, phantomOptions);
  const { count, size = 32, site, seed, findings = findingNames, knows = findings } = options;
  const { prevalence = defaultPrevalence, outlines = false } = options;
  for (const [field, list, allowed] of [
    ["findings", findings, findingNames],
    ["knows", knows, findings],
  ] as const) {
    const stranger = list.find((name) => !allowed.includes(name));
    if (stranger !== undefined) {
      throw new ManifestError(
        "phantoms",
        field,
        `names "${stranger}", which is not one of ${allowed.join(", ")}${suggestion(stranger, allowed)}`,
      );
    }
  }
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(size) || size < 16) {
    throw new DataError(
      "phantoms",
      `cannot be ${count} images of ${size} x ${size}: at least 1, of at least 16 x 16`,
    );
  }
  const shareOf = (finding: Finding): number =>
    typeof prevalence === "number" ? prevalence : (prevalence[finding] ?? defaultPrevalence);

  const pixels = new Uint8Array(count * size * size);
  const truth = new Uint8Array(count * findings.length);
  const states = new Uint8Array(count * findings.length).fill(absent);
  const maps = outlines ? new Uint8Array(count * size * size).fill(background) : undefined;
  for (let i = 0; i < count; i++) {
    const present = findings.filter((finding) => chance(seed, site, i, finding) < shareOf(finding));
    const image = { seed, site, index: i, present, size };
    drawPhantom(image, pixels.subarray(i * size * size, (i + 1) * size * size));
    const seen = new Set<Finding>();
    if (maps !== undefined) {
      for (const [at, number] of outlinePhantom(image).entries()) {
        const finding = findingNames.at(number);
        if (number < 0 || finding === undefined || !knows.includes(finding)) continue;
        maps[i * size * size + at] = findings.indexOf(finding);
        seen.add(finding);
      }
    }
    for (const [k, finding] of findings.entries()) {
      const state = present.includes(finding) ? 1 : 0;
      truth[i * findings.length + k] = state;
      const known = outlines ? Number(seen.has(finding)) : state;
      if (knows.includes(finding)) states[i * findings.length + k] = known;
    }
    options.onImage?.();
  }
  const set = { source: `phantoms ${site}`, count, height: size, width: size, channels: 1, pixels, states };
  return { ...imageSet({ ...set, ...(maps === undefined ? {} : { maps }) }, findings.length), truth };
}

/** One image and what it is to show. */
export interface PhantomImage {
  readonly seed: number;
  readonly site: Site;
  readonly index: number;
  readonly present: readonly Finding[];
  readonly size: number;
}

const phantomImage: OptionChecks<PhantomImage> = {
  seed: required(aNumber),
  site: required(oneOf(siteNames)),
  index: required(wholeFrom(0)),
  present: required(listOf(`findings (${findingNames.join(", ")})`, oneOf(findingNames))),
  size: required(wholeFrom(1)),
};

/** Draws one radiograph into [size, size] grey levels. */
export function drawPhantom(image: PhantomImage, into: Uint8Array): void {
  expectFields("drawPhantom", image, phantomImage);
  expectArgument("drawPhantom", "what it is drawn into", into, bytes);
  const { seed, site, index, size } = image;
  if (into.length !== size * size) {
    throw new UsageError(`drawPhantom: ${size} x ${size} grey levels do not fit into ${into.length} bytes`);
  }
  expose(
    phantomAttenuation(image, size * raysPerPixel),
    size,
    site,
    randomStream(seed, "grain", site, index),
    into,
  );
}

/** The line integrals behind one radiograph, free of noise and contrast: [rays, rays], in nepers. */
export function phantomAttenuation(image: PhantomImage, rays: number): Float32Array {
  const { thorax, disease } = patientOf(image);
  return project(thorax, disease, rays);
}

/** The finding that each pixel of a radiograph is seen to be of, by its number in `findingNames`; -1: none. [size, size]. */
export function outlinePhantom(image: PhantomImage): Int8Array {
  expectFields("outlinePhantom", image, phantomImage);
  const { thorax, disease } = patientOf(image);
  return outlinesOf(thorax, disease, image.size, raysPerPixel);
}

function patientOf({ seed, site, index, present }: PhantomImage): { thorax: Thorax; disease: Disease } {
  const thorax = randomThorax(randomStream(seed, "thorax", site, index), sitePhysics[site].portable);
  const disease = diseaseOf(present, thorax, (finding) =>
    randomStream(seed, "finding", site, index, finding),
  );
  return { thorax, disease };
}

function chance(seed: number, site: Site, index: number, finding: Finding): number {
  return randomStream(seed, "present", site, index, finding).uniform();
}

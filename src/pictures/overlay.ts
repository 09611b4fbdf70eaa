// Label maps drawn over their images: what is given as outlines, what is predicted as translucent areas, and what is wrong.

import { TesseraError } from "../errors/errors.ts";
import { background, ignored } from "../labels/label-map.ts";
import { classColour } from "./class-colours.ts";
import type { Cell, Colour } from "./contact-sheet.ts";
import { shrunk, shrunkMap } from "./zoom.ts";

export interface Overlay {
  readonly image: Cell;
  /** [height, width] The label map of the image's source. */
  readonly given?: Uint8Array | undefined;
  /** [height, width] The label map of a model. */
  readonly predicted?: Uint8Array | undefined;
  /**
   * By class: whether the source outlines it. A prediction of another class on a given background is then neither right nor wrong.
   * Default: all are known.
   */
  readonly known?: readonly boolean[] | undefined;
  /** Sides of the picture to those of the image: 1, 2, ..., or 1/2, 1/3, ... for large images. */
  readonly zoom: number;
}

/** Whether a prediction is right at a pixel. */
export const verdicts = { right: 0, missed: 1, falseAlarm: 2, otherClass: 3 } as const;

/** Colours of wrong pixels; they differ in lightness, so that everybody can tell them apart. */
export const verdictColours = {
  missed: [255, 255, 255],
  falseAlarm: [225, 40, 40],
  otherClass: [250, 200, 60],
} as const satisfies Readonly<Record<string, Colour>>;

/**
 * What is wrong in a predicted label map: given as a class and predicted as none (missed), as none of the known classes and
 * predicted as one of them (a false alarm), or as another class.
 *
 * @returns [pixels] one of `verdicts`; where nothing is given, and where an unknown class is predicted on background, `right`
 */
export function verdictsOf(
  given: Uint8Array,
  predicted: Uint8Array,
  known: readonly boolean[] = [],
): Uint8Array {
  return given.map((label, at) => {
    const guess = predicted[at];
    if (label === ignored || guess === ignored || label === guess) return verdicts.right;
    // A list that is left out knows every class.
    if (label === background) return (known[guess] ?? true) ? verdicts.falseAlarm : verdicts.right;
    return guess === background ? verdicts.missed : verdicts.otherClass;
  });
}

const fill = 0.45;
/** Of areas that are given and not predicted: their outlines say the most, and the image stays visible. */
const faintFill = 0.2;

/**
 * The image with its label maps over it: given classes outlined, predicted ones filled, in the colours of the classes. Where both
 * are there, wrong pixels are struck through; pixels that nobody labelled are hatched in grey. Without a prediction the given
 * areas are faintly filled as well.
 *
 * @returns RGB, of the image's sides times zoom
 * @throws TesseraError for maps of another size than the image, and another zoom
 */
export function overlay(description: Overlay): Cell {
  const { image, given, predicted, known, zoom } = checked(description);
  const picture = enlarged(image, zoom);
  const shown = predicted ?? given;
  if (shown === undefined) return picture;
  const share = predicted === undefined ? faintFill : fill;
  const wrong =
    given === undefined || predicted === undefined ? undefined : verdictsOf(given, predicted, known);
  paint(picture, image.width, zoom, (at, x, y) => {
    if (given?.[at] === ignored && isStripe(x, y, 6)) return [[128, 128, 128], 0.6];
    // Two tones, since a stripe of one would vanish on some areas.
    if (wrong !== undefined && wrong[at] !== verdicts.right && isStripe(x, y, 5))
      return [[255, 255, 255], 0.9];
    const label = shown[at];
    return label < background ? [classColour(label), share] : undefined;
  });
  // What is predicted has a border of its own where nothing else is drawn: an area blends with a coloured image.
  outline(picture, image, given ?? shown, zoom);
  return picture;
}

/**
 * The image dimmed and grey, with wrong pixels in the colours of `verdictColours`; what is predicted of classes that the source does
 * not outline is hatched in their colours, for it is neither right nor wrong.
 * @throws as `overlay`; also where a map is missing
 */
export function mistakes(description: Overlay): Cell {
  const { image, given, predicted, known, zoom } = checked(description);
  if (given === undefined || predicted === undefined)
    throw new TesseraError("mistakes: needs what is given and what is predicted");
  const wrong = verdictsOf(given, predicted, known);
  const ink: readonly (Colour | undefined)[] = [
    undefined,
    verdictColours.missed,
    verdictColours.falseAlarm,
    verdictColours.otherClass,
  ];
  const picture = enlarged(dimmed(image), zoom);
  paint(picture, image.width, zoom, (at, x, y) => {
    if (given[at] === ignored && isStripe(x, y, 6)) return [[128, 128, 128], 0.6];
    const guess = predicted[at];
    // Nobody can say whether it is right.
    if (given[at] === background && guess < background && known?.[guess] === false && isStripe(x, y, 6))
      return [classColour(guess), 0.6];
    const colour = ink[wrong[at]];
    return colour && [colour, 0.9];
  });
  return picture;
}

/** The description at a zoom of at least 1: what is larger is shrunk. */
function checked({ image, given, predicted, known, zoom }: Overlay): Overlay {
  const { height, width } = image;
  for (const [name, map] of Object.entries({ given, predicted })) {
    if (map !== undefined && map.length !== height * width) {
      throw new TesseraError(
        `overlay: ${name} has ${map.length} pixels, and its image ${height} x ${width} = ${height * width}`,
      );
    }
  }
  const factor = zoom < 1 ? Math.round(1 / zoom) : 1;
  if (
    !(zoom > 0) ||
    (zoom >= 1 && !Number.isInteger(zoom)) ||
    Math.abs(factor * Math.min(zoom, 1) - 1) > 1e-9
  )
    throw new TesseraError(`overlay: zoom must be 1, 2, ... or 1/2, 1/3, ..., not ${zoom}`);
  const small = (map: Uint8Array | undefined) => map && shrunkMap(map, height, width, factor);
  return {
    ...{ image: shrunk(image, factor), given: small(given), predicted: small(predicted), known },
    zoom: Math.max(1, zoom),
  };
}

/** An RGB copy whose pixels are squares of `zoom` x `zoom`. */
function enlarged({ height, width, channels, pixels }: Cell, zoom: number): Cell {
  const large = { height: height * zoom, width: width * zoom, channels: 3 };
  const copy = new Uint8Array(large.height * large.width * 3);
  let to = 0;
  for (let y = 0; y < large.height; y++) {
    const row = Math.floor(y / zoom) * width;
    for (let x = 0; x < large.width; x++) {
      const from = (row + Math.floor(x / zoom)) * channels;
      for (let channel = 0; channel < 3; channel++)
        copy[to++] = pixels[from + Math.min(channel, channels - 1)];
    }
  }
  return { ...large, pixels: copy };
}

function dimmed({ height, width, channels, pixels }: Cell): Cell {
  const grey = new Uint8Array(height * width);
  for (let at = 0; at < grey.length; at++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += pixels[at * channels + channel];
    grey[at] = Math.round((0.55 * sum) / channels);
  }
  return { height, width, channels: 1, pixels: grey };
}

/** Diagonal stripes of the picture's own pixels. */
const isStripe = (x: number, y: number, every: number): boolean => (x + y) % every < every / 3;

/** Lays a colour over each pixel of a picture for which there is one, with its share. @param ink of the image's pixel `at` */
function paint(
  { height, width, pixels }: Cell,
  imageWidth: number,
  zoom: number,
  ink: (at: number, x: number, y: number) => readonly [Colour, number] | undefined,
): void {
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.floor(y / zoom) * imageWidth;
    for (let x = 0; x < width; x++, to += 3) {
      const found = ink(row + Math.floor(x / zoom), x, y);
      if (found === undefined) continue;
      const [colour, share] = found;
      for (let channel = 0; channel < 3; channel++)
        pixels[to + channel] = Math.round((1 - share) * pixels[to + channel] + share * colour[channel]);
    }
  }
}

/** Draws a line along the inside of each area, and a dark one beside it where there is room, so that it shows on any image. */
function outline(picture: Cell, { height, width }: Cell, map: Uint8Array, zoom: number): void {
  const line = Math.max(1, Math.round(zoom / 3));
  const dark = zoom < 3 ? 0 : 1;
  const reach = line + dark;
  const classAt = (x: number, y: number): number => {
    const [column, row] = [Math.floor(x / zoom), Math.floor(y / zoom)];
    // The edge of the image is no edge of an area.
    return map[Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1)];
  };
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const own = classAt(x, y);
      if (own >= background) continue;
      let nearest = Infinity;
      for (let dy = -reach; dy <= reach; dy++) {
        for (let dx = -reach; dx <= reach; dx++) {
          const distance = Math.max(Math.abs(dx), Math.abs(dy));
          if (distance < nearest && classAt(x + dx, y + dy) !== own) nearest = distance;
        }
      }
      if (nearest > reach) continue;
      const colour: Colour = nearest <= line ? classColour(own) : [0, 0, 0];
      const share = nearest <= line ? 1 : 0.55;
      const to = 3 * (y * picture.width + x);
      for (let channel = 0; channel < 3; channel++)
        picture.pixels[to + channel] = Math.round(
          (1 - share) * picture.pixels[to + channel] + share * colour[channel],
        );
    }
  }
}

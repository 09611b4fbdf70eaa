// The healthy patient of a phantom radiograph: a random thorax in a standing frame, and where its lungs and heart are.
import type { Random } from "../random-stream.ts";

// The frame: x to the right of the picture, y down, z along the beam; one unit is half the field of view, about 18 cm.
// As on any radiograph, the patient faces us: the heart lies to the right of the picture.

/** -1: the lung on the left of the picture (the patient's right), 1: the other. */
export type Side = -1 | 1;

export interface Ellipsoid {
  readonly x: number;
  readonly y: number;
  /** Semi-axes along x, y and z. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** A soft streak on the picture plane: a vessel, or part of an infiltrate. */
export interface Streak {
  readonly x: number;
  readonly y: number;
  /** Half length and half width, and the direction of its length. */
  readonly length: number;
  readonly width: number;
  readonly angle: number;
  readonly strength: number;
}

export interface Lung {
  readonly side: Side;
  /** Middle of the lung across, and half its width where it is widest. */
  readonly x: number;
  readonly halfWidth: number;
  /** The apex, and the height below which the lung keeps its full width. */
  readonly top: number;
  readonly shoulder: number;
  /** Half the depth along the beam. */
  readonly halfDepth: number;
  /** Highest point of the diaphragm under it. */
  readonly dome: { readonly x: number; readonly y: number };
  /** Where its vessels come from; a collapsing lung shrinks towards it. */
  readonly hilum: { readonly x: number; readonly y: number };
  readonly vessels: readonly Streak[];
}

export interface Thorax {
  /** How the patient stands before the detector: rotation in radians, shift in units, magnification. */
  readonly pose: { readonly angle: number; readonly x: number; readonly y: number; readonly scale: number };
  readonly halfWidth: number;
  readonly halfDepth: number;
  readonly lungs: readonly [Lung, Lung];
  readonly heart: Ellipsoid;
  readonly aorta: Ellipsoid;
  /** Gas in the stomach, under the dome on the heart's side; half of the patients. */
  readonly stomachGas: Ellipsoid | undefined;
  readonly ribs: {
    readonly spacing: number;
    readonly offset: number;
    readonly arch: number;
    readonly density: number;
  };
  /** Things that are no finding but may look like one: dense dots, nipple shadows, electrodes. */
  readonly distractors: readonly Distractor[];
}

/** A disc or ball that adds the same path whatever lies under it. */
export interface Distractor {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Attenuation through its middle. */
  readonly strength: number;
  /** A ball thins out to its rim; a disc does not. */
  readonly flat: boolean;
}

/**
 * Draws a healthy patient.
 *
 * @param portable taken in bed from the front: the heart lies further from the detector and looks larger, the patient
 *   lies less straight and breathes in less, and more wires are about
 */
export function randomThorax(random: Random, portable: boolean): Thorax {
  const breath = random.normal() * 0.03 - (portable ? 0.03 : 0);
  const lungs = ([-1, 1] as const).map((side) => randomLung(random, side, breath)) as [Lung, Lung];
  const magnification = portable ? 1.06 : 1;
  const heartWidth = random.between(0.23, 0.31) * magnification;
  return {
    pose: {
      angle: random.normal() * (portable ? 0.05 : 0.025),
      x: random.normal() * 0.03,
      y: random.normal() * 0.03,
      scale: random.between(0.95, 1.06),
    },
    halfWidth: random.between(0.88, 0.96),
    halfDepth: random.between(0.52, 0.64),
    lungs,
    heart: {
      x: 0.09 + 0.25 * (heartWidth - 0.24) + random.normal() * 0.015,
      y: 0.3 + breath,
      a: heartWidth,
      b: random.between(0.27, 0.33),
      c: 0.28,
    },
    aorta: { x: 0.11, y: random.between(-0.36, -0.28), a: random.between(0.09, 0.13), b: 0.11, c: 0.3 },
    stomachGas:
      random.uniform() < 0.5
        ? { x: random.between(0.3, 0.5), y: random.between(0.74, 0.84), a: 0.15, b: 0.08, c: 0.2 }
        : undefined,
    ribs: {
      spacing: random.between(0.2, 0.24),
      offset: random.uniform(),
      arch: random.between(0.22, 0.32),
      density: random.between(0.14, 0.26),
    },
    distractors: randomDistractors(random, portable),
  };
}

function randomLung(random: Random, side: Side, breath: number): Lung {
  const halfWidth = random.between(0.31, 0.36);
  const x = side * (0.14 + halfWidth + random.normal() * 0.01);
  const hilum = { x: side * 0.2, y: random.between(-0.12, -0.02) };
  // The liver holds the dome on the left of the picture a little higher.
  const dome = { x: x * 0.9, y: 0.5 + breath + (side < 0 ? -0.04 : 0.02) + random.normal() * 0.05 };
  const vessels = Array.from({ length: 12 }, (): Streak => {
    const away = random.between(-1.25, 1.35); // 0 points straight outwards
    const reach = random.between(0.08, 0.42);
    return {
      x: hilum.x + side * reach * Math.cos(away),
      y: hilum.y + reach * Math.sin(away),
      length: random.between(0.09, 0.16),
      width: 0.045 - 0.05 * reach,
      angle: Math.atan2(Math.sin(away), side * Math.cos(away)),
      strength: random.between(0.12, 0.3) * (1.2 - 1.6 * reach),
    };
  });
  return {
    side,
    x,
    halfWidth,
    top: random.between(-0.82, -0.74),
    shoulder: random.between(-0.02, 0.1),
    halfDepth: random.between(0.4, 0.46),
    dome,
    hilum,
    vessels,
  };
}

function randomDistractors(random: Random, portable: boolean): Distractor[] {
  const found: Distractor[] = [];
  if (random.uniform() < 0.25) {
    // A healed, calcified spot: smaller and denser than a nodule.
    found.push({
      x: random.between(-0.7, 0.7),
      y: random.between(-0.5, 0.3),
      radius: 0.04,
      strength: 0.6,
      flat: false,
    });
  }
  if (random.uniform() < 0.25) {
    const [x, y] = [random.between(0.36, 0.5), random.between(0.2, 0.34)];
    for (const side of [-1, 1]) found.push({ x: side * x, y, radius: 0.075, strength: 0.16, flat: false });
  }
  const electrodes = random.uniform() < (portable ? 0.4 : 0.1) ? 2 : 0;
  for (let i = 0; i < electrodes; i++) {
    found.push({
      x: random.between(-0.75, 0.75),
      y: random.between(-0.6, 0.6),
      radius: 0.05,
      strength: 0.9,
      flat: true,
    });
  }
  return found;
}

/** Path of the beam at (x, y) through an inflated lung, before heart and vessels displace any of it. */
export function lungPath(lung: Lung, x: number, y: number): number {
  const full = lungColumn(lung, x, y);
  if (full === 0) return 0;
  // The diaphragm falls away to the sides, and along the beam, where lung reaches down behind the dome.
  const below = y - diaphragm(lung, x);
  return below <= 0 ? full : Math.max(0, full - 2 * Math.sqrt(below / 2.2));
}

/** Path through the column that the ribs enclose, as if there were no diaphragm. */
export function lungColumn(lung: Lung, x: number, y: number): number {
  const rise = (lung.shoulder - y) / (lung.shoulder - lung.top);
  if (rise >= 1) return 0;
  const narrowing = rise <= 0 ? 1 : Math.sqrt(1 - rise * rise);
  const across = (x - lung.x) / (lung.halfWidth * narrowing);
  const square = across * across;
  if (square >= 1) return 0;
  return 2 * lung.halfDepth * Math.sqrt(narrowing * (1 - square * square));
}

/** Height of the diaphragm's crest at x. */
export function diaphragm(lung: Lung, x: number): number {
  const away = (x - lung.dome.x) / lung.halfWidth;
  return lung.dome.y + 0.13 * away * away;
}

/** Path of the beam at (x, y) through an ellipsoid. */
export function chord(shape: Ellipsoid, x: number, y: number): number {
  const u = (x - shape.x) / shape.a;
  const v = (y - shape.y) / shape.b;
  const inside = 1 - u * u - v * v;
  return inside <= 0 ? 0 : 2 * shape.c * Math.sqrt(inside);
}

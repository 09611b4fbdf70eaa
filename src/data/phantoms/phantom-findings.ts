// What disease changes in a thorax: one drawing rule a finding, each from a random stream of its own.
import type { Random } from "../random-stream.ts";
import type { Finding } from "./phantom-names.ts";
import { chord, diaphragm, lungPath } from "./thorax.ts";
import type { Ellipsoid, Lung, Side, Streak, Thorax } from "./thorax.ts";

/** A solid ball, and the finding that it is of. */
export interface Ball extends Ellipsoid {
  readonly side: Side;
  readonly finding: "nodule" | "mass";
}

/** Everything that findings add to a thorax; projection.ts knows how each shows on the picture. */
export interface Disease {
  /** Solid balls that displace lung. A mass is made of several that overlap. */
  readonly balls: readonly Ball[];
  /** Clouds of filled air spaces. */
  readonly clouds: readonly { readonly side: Side; readonly blobs: readonly Streak[] }[];
  /** Fluid over the diaphragm: its height, and how far the meniscus climbs the chest wall. */
  readonly effusion: { readonly side: Side; readonly height: number; readonly climb: number } | undefined;
  /** Air around a lung that has shrunk to `size` of its width and height. */
  readonly collapse: { readonly side: Side; readonly size: number } | undefined;
  /** The heart's new shape. */
  readonly heart: Ellipsoid | undefined;
}

export const health: Disease = {
  balls: [],
  clouds: [],
  effusion: undefined,
  collapse: undefined,
  heart: undefined,
};

/** How far the most enlarged heart exceeds a healthy one. */
const largestHeart = 1.65;

/** What each finding adds to what is already there. The ranges of nodule and mass nearly touch on purpose. */
export const findingRules: Readonly<
  Record<Finding, (random: Random, thorax: Thorax, found: Disease) => Disease>
> = {
  nodule: (random, thorax, found) => {
    // Longer along the beam than across: the density of a small calcifying nodule, in the terms of a ball.
    const radius = random.between(0.085, 0.13);
    const { x, y, side } = placeInLung(random, thorax, radius);
    const ball: Ball = { x, y, a: radius, b: radius, c: radius * 1.8, side, finding: "nodule" };
    return { ...found, balls: [...found.balls, ball] };
  },

  mass: (random, thorax, found) => {
    const radius = random.between(0.155, 0.24);
    const { x, y, side } = placeInLung(random, thorax, radius);
    const lobes = Array.from({ length: 3 }, (): Ball => {
      const angle = random.between(0, 2 * Math.PI);
      const size = radius * random.between(0.6, 0.8);
      const away = radius * 0.55;
      return {
        x: x + away * Math.cos(angle),
        y: y + away * Math.sin(angle),
        a: size,
        b: size,
        c: size * 1.25,
        side,
        finding: "mass",
      };
    });
    const middle: Ball = { x, y, a: radius, b: radius, c: radius * 1.25, side, finding: "mass" };
    return { ...found, balls: [...found.balls, middle, ...lobes] };
  },

  consolidation: (random, thorax, found) => {
    const { x, y, side } = placeInLung(random, thorax, 0.12);
    const spread = random.between(0.1, 0.16);
    const blobs = Array.from({ length: 14 }, (): Streak => {
      const size = random.between(0.1, 0.2);
      return {
        x: x + spread * random.normal(),
        y: y + spread * random.normal(),
        length: size,
        width: size * random.between(0.5, 0.9),
        angle: random.between(0, Math.PI),
        strength: random.between(0.2, 0.6),
      };
    });
    return { ...found, clouds: [...found.clouds, { side, blobs }] };
  },

  effusion: (random, _thorax, found) => ({
    ...found,
    effusion: {
      side: randomSide(random),
      height: random.between(0.04, 0.4),
      climb: random.between(0.2, 0.32),
    },
  }),

  pneumothorax: (random, _thorax, found) => ({
    ...found,
    collapse: { side: randomSide(random), size: random.between(0.62, 0.88) },
  }),

  cardiomegaly: (random, thorax, found) => {
    const growth = random.between(1.22, largestHeart);
    return { ...found, heart: enlarged(thorax.heart, growth) };
  },
};

/** Adds the wanted findings to a thorax, each with the stream that `streamOf` opens for it. */
export function diseaseOf(
  wanted: readonly Finding[],
  thorax: Thorax,
  streamOf: (finding: Finding) => Random,
): Disease {
  return wanted.reduce((found, finding) => findingRules[finding](streamOf(finding), thorax, found), health);
}

/** A large heart widens to its own side most, and droops a little. */
function enlarged(heart: Ellipsoid, growth: number): Ellipsoid {
  return {
    ...heart,
    x: heart.x + 0.3 * (growth - 1) * heart.a,
    y: heart.y + 0.02,
    a: heart.a * growth,
    b: heart.b * (0.7 + 0.3 * growth),
  };
}

function randomSide(random: Random): Side {
  return random.uniform() < 0.5 ? -1 : 1;
}

/**
 * A place where a ball of this radius shows: enough lung along the beam, no heart in front of it, even a large one.
 * Whether the heart is in fact enlarged must not matter, or one finding would move another.
 */
function placeInLung(random: Random, thorax: Thorax, radius: number): { x: number; y: number; side: Side } {
  const heart = enlarged(thorax.heart, largestHeart);
  for (let attempt = 0; ; attempt++) {
    const lung: Lung = thorax.lungs[random.below(2)] ?? thorax.lungs[0];
    const x = lung.x + lung.halfWidth * random.between(-0.8, 0.8);
    const y = random.between(lung.top, diaphragm(lung, x));
    const room =
      lungPath(lung, x, y) > 0.5 && chord(heart, x, y) === 0 && y + radius * 0.5 < diaphragm(lung, x);
    if (room || attempt === 50) return { x, y, side: lung.side };
  }
}

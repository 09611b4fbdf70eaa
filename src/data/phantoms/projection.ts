// Sums attenuation along each beam through thorax and disease: closed formulae for every path, no marching.
import type { Ball, Disease } from "./phantom-findings.ts";
import { chord, lungColumn, lungPath } from "./thorax.ts";
import type { Distractor, Lung, Side, Streak, Thorax } from "./thorax.ts";

// Attenuation a unit of length (18 cm) at a tube voltage of about 120 kV.
const tissue = 3;
const aeratedLung = 0.75;
/** Beyond that of the tissue it takes the place of. */
const bone = 3.5;

/** Beams of a picture, described where the patient is straight and centred: (x, y) = origin + i down + j across. */
export interface Beams {
  readonly count: number;
  readonly origin: readonly [x: number, y: number];
  readonly down: readonly [x: number, y: number];
  readonly across: readonly [x: number, y: number];
}

/**
 * Line integrals of attenuation, one a beam, for parallel beams on a square grid.
 *
 * @param count beams along each side of the picture
 * @returns [count, count], in nepers: a beam keeps exp(-value) of its photons
 */
export function project(thorax: Thorax, disease: Disease, count: number): Float32Array {
  const beams = beamsOf(thorax, count);
  const [right, left] = thorax.lungs.map((lung) => diseasedLung(lung, disease)) as [
    DiseasedLung,
    DiseasedLung,
  ];
  // Vessels and clouds are sums of many soft streaks: stamped once, read by the beams.
  const vessels = new Float32Array(count * count);
  const cloud = new Float32Array(count * count);
  for (const lung of [right, left]) {
    for (const vessel of lung.vessels) stamp(vessels, vessel, beams);
    for (const blob of lung.blobs) stamp(cloud, blob, beams);
  }
  const heart = disease.heart ?? thorax.heart;
  const [downX, downY] = beams.down;
  const [acrossX, acrossY] = beams.across;
  const total = new Float32Array(count * count);
  for (let i = 0; i < count; i++) {
    const rowX = beams.origin[0] + i * downX;
    const rowY = beams.origin[1] + i * downY;
    for (let j = 0; j < count; j++) {
      const x = rowX + j * acrossX;
      const y = rowY + j * acrossY;
      const body = bodyPath(thorax, x, y);
      if (body === 0) continue;
      const at = i * count + j;
      const heartPath = chord(heart, x, y) + chord(thorax.aorta, x, y);
      const air =
        gasDeficit(thorax, x, y) + lungDeficit(x < 0 ? right : left, x, y, heartPath, vessels[at], cloud[at]);
      total[at] = Math.max(0, tissue * body + bones(thorax, x, y) - air);
    }
  }
  for (const distractor of thorax.distractors) addDistractor(total, distractor, beams);
  return total;
}

export function beamsOf({ pose }: Thorax, count: number): Beams {
  const cosine = Math.cos(pose.angle) / pose.scale;
  const sine = Math.sin(pose.angle) / pose.scale;
  const step = 2 / count;
  const [x, y] = [step / 2 - 1 - pose.x, step / 2 - 1 - pose.y];
  return {
    count,
    origin: [cosine * x + sine * y, cosine * y - sine * x],
    down: [step * sine, step * cosine],
    across: [step * cosine, -step * sine],
  };
}

/** Path through the body: flat over most of its width; the neck is narrower than the shoulders. */
function bodyPath({ halfWidth, halfDepth }: Thorax, x: number, y: number): number {
  const u = x / (0.3 + (halfWidth - 0.3) * smoothStep((y + 1.05) / 0.55));
  return u * u >= 1 ? 0 : 2 * halfDepth * Math.sqrt(1 - u * u * u * u);
}

/** Spine, ribs and collar bones. */
function bones({ ribs, halfWidth }: Thorax, x: number, y: number): number {
  let sum = 0;
  const spine = 0.01 - x * x;
  if (spine > 0) sum += bone * 2 * Math.sqrt(spine) * (0.75 + 0.25 * Math.cos((2 * Math.PI * y) / 0.2));

  // Ribs are one family of arches, evenly spaced: only the nearest matters to a beam.
  const u = x / halfWidth;
  if (u * u < 1) {
    const phase = (y + ribs.arch * Math.sqrt(1 - u * u)) / ribs.spacing + ribs.offset;
    sum += ribs.density * hill(((phase - Math.round(phase)) * ribs.spacing) / 0.055);
  }
  const outward = Math.abs(x) - 0.1;
  if (outward > 0 && outward < 0.65) sum += 0.35 * hill((y + 0.6 + 0.3 * outward) / 0.05);
  return sum;
}

/** What windpipe and stomach gas take away. */
function gasDeficit(thorax: Thorax, x: number, y: number): number {
  let path = thorax.stomachGas === undefined ? 0 : chord(thorax.stomachGas, x, y);
  const windpipe = 0.0036 - x * x;
  if (windpipe > 0 && y < -0.22) path += 2 * Math.sqrt(windpipe) * smoothStep((-0.22 - y) / 0.1);
  return tissue * path;
}

/** One lung with all that is in it, ready for its beams. */
export interface DiseasedLung {
  readonly lung: Lung;
  /** Width and height that are left of it; 1 unless it has collapsed. */
  readonly size: number;
  readonly balls: readonly Ball[];
  readonly effusion: { readonly level: number; readonly climb: number } | undefined;
  readonly vessels: readonly Streak[];
  readonly blobs: readonly Streak[];
}

export function diseasedLung(lung: Lung, disease: Disease): DiseasedLung {
  const { side, hilum } = lung;
  const size = disease.collapse?.side === side ? disease.collapse.size : 1;
  /** What lies in a lung moves with it when it shrinks. */
  const moved = <Thing extends { x: number; y: number }>(thing: Thing): Thing => ({
    ...thing,
    x: hilum.x + size * (thing.x - hilum.x),
    y: hilum.y + size * (thing.y - hilum.y),
  });
  const here = (found: { readonly side: Side }): boolean => found.side === side;
  return {
    lung,
    size,
    balls: disease.balls.filter(here).map(moved),
    effusion:
      disease.effusion?.side === side
        ? { level: lung.dome.y + 0.1 - disease.effusion.height, climb: disease.effusion.climb }
        : undefined,
    vessels: lung.vessels.map(moved),
    blobs: disease.clouds.filter(here).flatMap((cloud) => cloud.blobs.map(moved)),
  };
}

/** How much less than solid tissue the chest cavity takes from a beam. */
function lungDeficit(
  { lung, size, balls, effusion }: DiseasedLung,
  x: number,
  y: number,
  heartPath: number,
  vessels: number,
  cloud: number,
): number {
  let cavity = lungPath(lung, x, y) - heartPath;
  if (effusion !== undefined && cavity > 0) {
    cavity *= 1 - fluidShare(lung, effusion, x, y);
  }
  if (cavity <= 0) return 0;

  let lungPart = cavity;
  let density = aeratedLung;
  let pleura = 0;
  if (size < 1) {
    lungPart = Math.min(cavity, shrunkColumn(lung, size, x, y));
    density = Math.min(aeratedLung / size ** 2, 0.6 * tissue);
    // The surface of the collapsed lung, seen edge on as a fine line.
    pleura = Math.max(0, lungPart - Math.min(cavity, shrunkColumn(lung, size * 0.97, x, y)));
  }
  const airPart = cavity - lungPart;
  let solid = 0; // lobes of a mass overlap: the longest path counts
  for (const ball of balls) solid = Math.max(solid, chord(ball, x, y));
  lungPart = Math.max(0, lungPart - solid);
  const filled = cloud === 0 ? 0 : 0.85 * (1 - Math.exp(-cloud));
  const vesselPart = (vessels * lungPart) / (2 * lung.halfDepth);
  const lungDifference = (tissue - density) * (lungPart - 0.35 * Math.min(pleura, lungPart));
  return tissue * airPart + Math.max(0, lungDifference - vesselPart) * (1 - filled);
}

/** The share of the chest cavity at (x, y) that fluid fills: it climbs the chest wall. */
export function fluidShare(
  lung: Lung,
  { level, climb }: NonNullable<DiseasedLung["effusion"]>,
  x: number,
  y: number,
): number {
  const outward = ((x - lung.x) * lung.side) / lung.halfWidth;
  const fourth = outward * outward * outward * outward;
  const height = climb * fourth * (outward > 0 ? 1 : 0.5);
  return smoothStep((y - level + height) / 0.08 + 0.5);
}

export function shrunkColumn(lung: Lung, size: number, x: number, y: number): number {
  const { hilum } = lung;
  return size * lungColumn(lung, hilum.x + (x - hilum.x) / size, hilum.y + (y - hilum.y) / size);
}

/** Adds a streak: strength in its middle, nothing at its ends and sides. */
export function stamp(onto: Float32Array, streak: Streak, beams: Beams): void {
  const [cosine, sine] = [Math.cos(streak.angle), Math.sin(streak.angle)];
  forBeamsNear(beams, streak.x, streak.y, Math.max(streak.length, streak.width), (at, dx, dy) => {
    const along = (cosine * dx + sine * dy) / streak.length;
    const aside = (cosine * dy - sine * dx) / streak.width;
    const inside = 1 - along * along - aside * aside;
    if (inside > 0) onto[at] += streak.strength * inside * inside;
  });
}

function addDistractor(onto: Float32Array, { x, y, radius, strength, flat }: Distractor, beams: Beams): void {
  forBeamsNear(beams, x, y, radius, (at, dx, dy) => {
    const inside = 1 - (dx * dx + dy * dy) / (radius * radius);
    if (inside > 0) onto[at] += flat ? strength : strength * Math.sqrt(inside);
  });
}

/** Visits the beams of a square around (x, y) that holds every beam within `reach`. */
function forBeamsNear(
  { count, origin, down, across }: Beams,
  x: number,
  y: number,
  reach: number,
  visit: (at: number, dx: number, dy: number) => void,
): void {
  const [[downX, downY], [acrossX, acrossY]] = [down, across];
  const [ox, oy] = [x - origin[0], y - origin[1]];
  // The grid is a rotation and a scale: its inverse is its transpose over the squared step.
  const square = downX * downX + downY * downY;
  const middleI = (ox * downX + oy * downY) / square;
  const middleJ = (ox * acrossX + oy * acrossY) / square;
  const radius = reach / Math.sqrt(square);
  const [lastI, lastJ] = [Math.min(count - 1, middleI + radius), Math.min(count - 1, middleJ + radius)];
  for (let i = Math.max(0, Math.ceil(middleI - radius)); i <= lastI; i++) {
    for (let j = Math.max(0, Math.ceil(middleJ - radius)); j <= lastJ; j++) {
      visit(i * count + j, i * downX + j * acrossX - ox, i * downY + j * acrossY - oy);
    }
  }
}

/** 1 at 0, falling to 0 at -1 and 1. */
function hill(u: number): number {
  return u * u >= 1 ? 0 : (1 - u * u) ** 2;
}

/** 0 up to 0, 1 from 1 on, smooth between. */
function smoothStep(u: number): number {
  const v = Math.min(1, Math.max(0, u));
  return v * v * (3 - 2 * v);
}

// Where each finding is seen on a phantom radiograph: what a reader would outline.
import type { Disease } from "./phantom-findings.ts";
import { findingNames, type Finding } from "./phantom-names.ts";
import { beamsOf, diseasedLung, fluidShare, shrunkColumn, stamp, type DiseasedLung } from "./projection.ts";
import { chord, lungPath, type Thorax } from "./thorax.ts";

/** A path through the chest cavity below which nothing is seen of it, as behind the dome of the diaphragm: 4 cm. */
const leastPath = 0.22;
/** The share of air in the cavity from which on it is outlined as such: in front of a collapsed lung there is less. */
const leastAir = 0.5;
/** Filled to this, air spaces stand out from lung: see `lungDeficit` for what it does to a beam. */
const leastCloud = 0.35;

/**
 * The finding that each pixel is of, by its number in `findingNames`, and -1 for none. A pixel is of a finding where half of its
 * beams are. Where findings lie over one another the first in the order of `findingNames` is given, the smaller one: a nodule in a
 * consolidation is a nodule, and the heart is what nothing else covers. What is not seen is not outlined: a nodule under fluid is
 * fluid.
 *
 * @param size pixels along each side
 * @param rays beams along each side of a pixel
 * @returns [size, size]
 */
export function outlinesOf(thorax: Thorax, disease: Disease, size: number, rays: number): Int8Array {
  const count = size * rays;
  const beams = beamsOf(thorax, count);
  const [right, left] = thorax.lungs.map((lung) => diseasedLung(lung, disease));
  const cloud = new Float32Array(count * count);
  for (const lung of [right, left]) for (const blob of lung.blobs) stamp(cloud, blob, beams);
  const [downX, downY] = beams.down;
  const [acrossX, acrossY] = beams.across;
  /** [size, size, findings]: how many beams of a pixel are of a finding. */
  const seen = new Uint8Array(size * size * findingNames.length);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const x = beams.origin[0] + i * downX + j * acrossX;
      const y = beams.origin[1] + i * downY + j * acrossY;
      const pixel = Math.floor(i / rays) * size + Math.floor(j / rays);
      for (const finding of seenAt(thorax, disease, x < 0 ? right : left, x, y, cloud[i * count + j])) {
        seen[pixel * findingNames.length + findingNames.indexOf(finding)]++;
      }
    }
  }
  return Int8Array.from({ length: size * size }, (_, pixel) => {
    const first = pixel * findingNames.length;
    return seen
      .subarray(first, first + findingNames.length)
      .findIndex((beamsOf) => 2 * beamsOf >= rays * rays);
  });
}

/** The findings that the beam at (x, y) shows. */
function* seenAt(
  thorax: Thorax,
  disease: Disease,
  { lung, size, balls, effusion }: DiseasedLung,
  x: number,
  y: number,
  cloud: number,
): Generator<Finding> {
  const heart = disease.heart ?? thorax.heart;
  if (disease.heart !== undefined && chord(heart, x, y) > 0) yield "cardiomegaly";
  const cavity = lungPath(lung, x, y) - chord(heart, x, y) - chord(thorax.aorta, x, y);
  if (cavity < leastPath) return;
  if (effusion !== undefined && fluidShare(lung, effusion, x, y) > 0.5) {
    yield "effusion";
    return;
  }
  const lungPart = size < 1 ? Math.min(cavity, shrunkColumn(lung, size, x, y)) : cavity;
  if (cavity - lungPart > leastAir * cavity) {
    yield "pneumothorax";
    return;
  }
  yield* new Set(balls.filter((ball) => chord(ball, x, y) > 0).map(({ finding }) => finding));
  if (cloud > leastCloud) yield "consolidation";
}

// From attenuation to grey levels: what a site's tube, grid, detector and film-like contrast make of a beam.
import type { Random } from "../random-stream.ts";
import type { Site } from "./phantom-names.ts";

/** What differs between two machines. */
interface SitePhysics {
  /** Whether it comes to the patient's bed; see randomThorax. */
  readonly portable: boolean;
  /** Photons that a pixel counts behind healthy lung: fewer, more grain. */
  readonly photons: number;
  /** Scattered light over direct light, and how far it spreads, in pictures. */
  readonly scatter: number;
  readonly scatterSpread: number;
  /** Blur of the detector, in pixels. */
  readonly blur: number;
  /** Log exposures, relative to healthy lung, that are shown black and white, and the bend between them. */
  readonly black: number;
  readonly white: number;
  readonly gamma: number;
}

export const sitePhysics: Readonly<Record<Site, SitePhysics>> = {
  A: {
    portable: false,
    photons: 6000,
    scatter: 0.15,
    scatterSpread: 0.12,
    blur: 0,
    black: -0.8,
    white: 1.8,
    gamma: 0.85,
  },
  B: {
    portable: true,
    photons: 900,
    scatter: 0.5,
    scatterSpread: 0.15,
    blur: 0.4,
    black: -1.2,
    white: 1.9,
    gamma: 0.8,
  },
};

/** Attenuation behind which automatic exposure aims for `photons`: healthy lung of an average patient. */
const reference = 1.75;

/**
 * Exposes a detector: Beer-Lambert law, averaging over each pixel, scatter, blur, quantum noise, logarithm, contrast.
 *
 * @param attenuation [rays size, rays size], in nepers
 * @param size pixels along each side
 * @param into [size, size], written with grey levels 0..255, dense tissue bright
 */
export function expose(
  attenuation: Float32Array,
  size: number,
  site: Site,
  random: Random,
  into: Uint8Array,
): void {
  const physics = sitePhysics[site];
  const direct = transmitted(attenuation, size);
  const spread = blurred(direct, size, physics.scatterSpread * size);
  let light = direct;
  for (let at = 0; at < light.length; at++) light[at] += physics.scatter * spread[at];
  if (physics.blur > 0) light = blurred(light, size, physics.blur);

  const dose = physics.photons * Math.exp(reference);
  for (let at = 0; at < light.length; at++) {
    const expected = dose * light[at];
    // A Poisson count, by its normal limit: behind the densest tissue some tens of photons are left.
    const counted = Math.max(1, expected + Math.sqrt(expected) * random.normal());
    const exposure = -Math.log(counted / (physics.photons * (1 + physics.scatter)));
    const window = Math.min(1, Math.max(0, (exposure - physics.black) / (physics.white - physics.black)));
    into[at] = Math.round(255 * window ** physics.gamma);
  }
}

/** Mean of exp(-attenuation) over the beams of each pixel: a pixel averages photons, not attenuations. */
function transmitted(attenuation: Float32Array, size: number): Float32Array {
  const count = Math.round(Math.sqrt(attenuation.length));
  const rays = count / size;
  const light = new Float32Array(size * size);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      light[Math.floor(i / rays) * size + Math.floor(j / rays)] += Math.exp(-attenuation[i * count + j]);
    }
  }
  for (let at = 0; at < light.length; at++) light[at] /= rays * rays;
  return light;
}

/** Gaussian blur, one axis after the other; beyond the edge the picture goes on as it ends. */
function blurred(image: Float32Array, size: number, deviation: number): Float32Array {
  const reach = Math.ceil(2 * deviation);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-0.5 * ((k - reach) / deviation) ** 2),
  );
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  for (let k = 0; k < weights.length; k++) weights[k] /= whole;
  const padded = new Float64Array(size + 2 * reach);
  /** Blurs each row and turns the picture on its side, so that the second pass blurs the columns and turns it back. */
  const pass = (from: Float32Array): Float32Array => {
    const to = new Float32Array(from.length);
    for (let row = 0; row < size; row++) {
      padded.fill(from[row * size], 0, reach);
      padded.set(from.subarray(row * size, (row + 1) * size), reach);
      padded.fill(from[(row + 1) * size - 1], reach + size);
      for (let column = 0; column < size; column++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * padded[column + k];
        to[column * size + row] = sum;
      }
    }
    return to;
  };
  return pass(pass(image));
}

// Mixtures of the images of a batch for given labels (Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond Empirical Risk Minimization",
// ICLR 2018): which images are mixed, in which shares, and what is known of a mixture.

import { permutation } from "../data/assembly/order.ts";
import { randomStream, type Random } from "../data/random-stream.ts";
import { absent, firstSoft, lastSoft, negative, positive, targetOf } from "../labels/states.ts";

/** How the images of a step are mixed. */
export interface Mixture {
  /** [B] The image that each is mixed with. */
  readonly partners: Uint32Array;
  /** Of each image itself, in [0, 1]; its partner has the rest. In hundredths, as soft labels are. */
  readonly share: number;
  /** u8 [B, O] What is known of the mixtures. */
  readonly states: Uint8Array;
}

/**
 * The mixture of a step follows from the seed and the step's number alone.
 *
 * @param alpha of Beta(alpha, alpha), which the share is drawn from: a small one leaves most images nearly as they are
 * @param states u8 [B, O] of the images
 */
export function mixtureOf(
  alpha: number,
  seed: number,
  step: number,
  states: Uint8Array,
  count: number,
): Mixture {
  const random = randomStream(seed, "mixup", step);
  const share = Math.round(100 * symmetricBeta(alpha, random)) / 100;
  const partners = permutation(count, random);
  return { partners, share, states: mixedStates(states, partners, share) };
}

/**
 * The label states of mixtures: a soft label of the share of a positive in it, and absent where either image has none. What a label
 * teaches is a straight line in it, so that the loss of a mixture is the mixture of the losses; of soft labels it is so to a hundredth.
 */
export function mixedStates(states: Uint8Array, partners: Uint32Array, share: number): Uint8Array {
  const outputs = states.length / partners.length;
  const whole = lastSoft - firstSoft;
  return states.map((state, at) => {
    const own = targetOf(state);
    const other = targetOf(states[partners[Math.floor(at / outputs)] * outputs + (at % outputs)]);
    if (own === undefined || other === undefined) return absent;
    const percent = Math.round(whole * (share * own + (1 - share) * other));
    if (percent === 0) return negative;
    return percent === whole ? positive : firstSoft + percent;
  });
}

/** A draw of Beta(alpha, alpha): G / (G + H) of two Gamma(alpha) draws, by their logarithms, since those of a small alpha underflow. */
export function symmetricBeta(alpha: number, random: Random): number {
  const [first, second] = [logGamma(alpha, random), logGamma(alpha, random)];
  return 1 / (1 + Math.exp(second - first));
}

/**
 * The logarithm of a draw of Gamma(alpha): one of Gamma(alpha + 1) by Marsaglia and Tsang ("A Simple Method for Generating Gamma
 * Variables", 2000) times U^(1 / alpha).
 */
function logGamma(alpha: number, random: Random): number {
  const d = alpha + 1 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    // 1 - u is never 0.
    if (Math.log(1 - random.uniform()) >= x ** 2 / 2 + d - d * v + d * Math.log(v)) continue;
    return Math.log(d * v) + Math.log(1 - random.uniform()) / alpha;
  }
}

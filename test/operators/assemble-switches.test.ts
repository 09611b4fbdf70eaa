// The switches of Label-Assemble's loss: every combination against its formula written out, the gradients that the
// pseudo-label lets through, and the loss of the authors' released code, worked out by hand.

import { describe, expect, test } from "vitest";
import {
  normaliseChoices,
  unsupervisedChoices,
  type AssembleLossAttributes,
} from "../../src/operators/losses/index.ts";
import {
  absent,
  atLogits,
  batch,
  mixed,
  run,
  sharpened,
  sigmoid,
  useBackends,
  type Case,
} from "./assemble-cases.ts";
import { paper } from "./samples/losses.ts";

const backends = useBackends();

const combinations: AssembleLossAttributes[] = unsupervisedChoices.flatMap((unsupervisedOn) =>
  normaliseChoices.flatMap((normalise) =>
    [true, false].flatMap((stopGradient) =>
      [0, 0.5].map((strongShare) => ({ ...paper, unsupervisedOn, normalise, stopGradient, strongShare })),
    ),
  ),
);
const named = combinations.map(
  (switches) =>
    [
      `unsupervised on ${switches.unsupervisedOn}, divided by ${switches.normalise}, gradient ` +
        (switches.stopGradient ? "stopped" : "through") +
        (switches.strongShare > 0 ? ", both views supervised" : ""),
      switches,
    ] as const,
);

/** Four images of two classes: every kind of label, of which a probability of .3 and one of .75. */
const [weak, strong, states] = [
  [0.3, -1.2, 2.1, -0.4, 1.5, 0.8, -2.2, 0.1],
  [1.1, -0.3, -0.8, 0.2, 2.5, -1.4, -0.6, 0.9],
  [absent, 1, 130, 0, absent, 175, 1, absent],
];
const targets = [undefined, 1, 0.3, 0, undefined, 0.75, 1, undefined];
const images = 4;

/** The losses at logits, pseudo-labels made from those of `pseudo`; every sum written out, with weights of 1. */
function written(
  { unsupervisedOn, normalise, strongShare }: AssembleLossAttributes,
  at: {
    readonly weak: readonly number[];
    readonly strong: readonly number[];
    readonly pseudo: readonly number[];
  },
): [bce: number, pseudo: number, consistency: number] {
  const sums: [number, number, number] = [0, 0, 0];
  const counts = { labelled: 0, unsupervised: 0 };
  targets.forEach((y, i) => {
    const [a, b, label] = [sigmoid(at.weak[i]), sigmoid(at.strong[i]), sharpened(sigmoid(at.pseudo[i]))];
    if (y !== undefined) {
      counts.labelled++;
      const likelihood = (of: number): number => y * Math.log(of) + (1 - y) * Math.log(1 - of);
      sums[0] -= strongShare > 0 ? (likelihood(a) + likelihood(b)) / 2 : likelihood(a);
    }
    if ({ absent: y === undefined, all: true, labelled: y !== undefined }[unsupervisedOn]) {
      counts.unsupervised++;
      sums[1] += (a - label) ** 2;
      sums[2] += (b - label) ** 2;
    }
  });
  const of = (count: number): number => (normalise === "batch" ? images : count);
  const { labelled, unsupervised } = counts;
  return [sums[0] / of(labelled), sums[1] / of(unsupervised), sums[2] / of(unsupervised)];
}

const bumped = (list: readonly number[], at: number, by: number): number[] =>
  list.map((value, i) => (i === at ? value + by : value));
const total = (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0);

describe.each(backends)("the switches of assembleLoss on %s", (_, engine) => {
  test.each(named)("%s: losses as written out, gradients their central differences", async (_, switches) => {
    const found = await run(engine(), atLogits(weak, strong, states, 2), switches);
    const expected = written(switches, { weak, strong, pseudo: weak });
    found.parts.forEach((part, i) => expect(part).toBeCloseTo(expected[i], 6));
    expect(found.total).toBeCloseTo(total(expected), 6);
    const step = 1e-4;
    for (let i = 0; i < weak.length; i++) {
      const slope = (loss: (by: number) => number): number => (loss(step) - loss(-step)) / (2 * step);
      const ofWeak = slope((by) => {
        const moved = bumped(weak, i, by);
        return total(
          written(switches, { weak: moved, strong, pseudo: switches.stopGradient ? weak : moved }),
        );
      });
      const ofStrong = slope((by) =>
        total(written(switches, { weak, strong: bumped(strong, i, by), pseudo: weak })),
      );
      expect(found.weakGradient[i]).toBeCloseTo(ofWeak, 6);
      expect(found.strongGradient[i]).toBeCloseTo(ofStrong, 6);
    }
  });

  test("what is divided differently is the same sum", async () => {
    const given = mixed();
    const labelled = given.states.filter((state) => state !== absent).length;
    const numbers = { absent: given.states.length - labelled, all: given.states.length, labelled };
    for (const unsupervisedOn of unsupervisedChoices) {
      const [entries, whole] = [
        await run(engine(), given, { unsupervisedOn }),
        await run(engine(), given, { unsupervisedOn, normalise: "batch" }),
      ];
      const counts = [labelled, numbers[unsupervisedOn], numbers[unsupervisedOn]];
      whole.parts.forEach((part, i) => expect(part).toBeCloseTo((entries.parts[i] * counts[i]) / batch, 5));
    }
  });

  test("unstopped, the pseudo-label loss has exactly 1/t of the stopped gradient", async () => {
    const given: Case = { ...mixed(), weights: [1, 0] };
    const unlabelled = { ...given, states: given.states.map(() => absent) };
    for (const normalise of normaliseChoices) {
      // Dividing by a power of two rounds nothing.
      for (const temperature of [1, 2, 4]) {
        const how = { temperature, normalise };
        const stopped = await run(engine(), unlabelled, how);
        const through = await run(engine(), unlabelled, { ...how, stopGradient: false });
        expect(stopped.weakGradient.every((value) => value !== 0)).toBe(true);
        expect(through.weakGradient).toEqual(stopped.weakGradient.map((value) => value / temperature));
        expect(through.strongGradient).toEqual(stopped.strongGradient);
      }
      const stopped = await run(engine(), unlabelled, { temperature: 3, normalise });
      const through = await run(engine(), unlabelled, { temperature: 3, normalise, stopGradient: false });
      through.weakGradient.forEach((value, i) => expect(value).toBeCloseTo(stopped.weakGradient[i] / 3, 7));
    }
  });

  test("unstopped, consistency sends -2(1 - 1/t)(a_s - sharpen(a_w)) s_w into the weak view; stopped, nothing", async () => {
    const given: Case = {
      ...atLogits(
        weak,
        strong,
        states.map(() => absent),
        2,
      ),
      weights: [0, 1],
    };
    for (const temperature of [1, 2.5, 4, Infinity]) {
      const stopped = await run(engine(), given, { temperature });
      expect(stopped.weakGradient.every((value) => value === 0)).toBe(true);
      const through = await run(engine(), given, { temperature, stopGradient: false });
      expect(through.strongGradient).toEqual(stopped.strongGradient);
      through.weakGradient.forEach((value, i) => {
        const [a, b] = [sigmoid(weak[i]), sigmoid(strong[i])];
        const sent = -2 * (1 - 1 / temperature) * (b - sharpened(a, temperature)) * a * (1 - a);
        expect(value).toBeCloseTo(sent / weak.length, 6);
      });
    }
  });

  test.each(named)(
    "%s: nothing is taken over no entries, and nothing breaks at logits of 100",
    async (_, how) => {
      const given = mixed();
      const kinds = { none: given.states.map(() => absent), every: given.states.map((_, i) => i % 2) };
      const none = await run(engine(), { ...given, states: kinds.none }, how);
      expect(none.parts[0]).toBe(0);
      const every = await run(engine(), { ...given, states: kinds.every }, how);
      const { unsupervisedOn } = how;
      for (const [found, empty] of [
        [none, unsupervisedOn === "labelled"],
        [every, unsupervisedOn === "absent"],
      ] as const) {
        for (const part of found.parts.slice(1)) expect(part === 0).toBe(empty);
        const isLabelled = found === every && how.strongShare > 0;
        expect(found.strongGradient.every((value) => value === 0)).toBe(empty && !isLabelled);
      }
      const [far, near] = [
        [100, -100, 100, -100, 100, -100, 100, -100],
        [100, 100, -100, -100, -100, 100, 0, -1],
      ];
      const extreme = await run(engine(), atLogits(far, near, states, 2), how);
      const numbers = [extreme.total, ...extreme.parts, ...extreme.weakGradient, ...extreme.strongGradient];
      expect(numbers.filter((value) => !Number.isFinite(value))).toEqual([]);
    },
  );
});

// The released code sums bce, pseudo-label and consistency losses over the entries that it selects, by source and class,
// and divides once by their number. It stores labels that a source does not give as 0, so where such an entry is selected
// it is a negative. Probabilities, with t = 4:
//
//     image 1: weak .8 and .4, which sharpen to .85 and .3; strong .9 and .5; labels 1 and 0
//     image 2: weak .6 and .1, which sharpen to .7 and .075; strong .2 and .25; labels 0 and none
describe.each(backends)("the released code's loss, by hand, on %s", (_, engine) => {
  const logit = (a: number): number => Math.log(a / (1 - a));
  const at = (labels: readonly number[]): Case =>
    atLogits([0.8, 0.4, 0.6, 0.1].map(logit), [0.9, 0.5, 0.2, 0.25].map(logit), labels, 2);
  const released = { unsupervisedOn: "labelled", normalise: "entries", stopGradient: false } as const;
  const close = (found: readonly number[], expected: readonly number[]): void => {
    expect(found).toHaveLength(expected.length);
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
  };

  test("one source of two is selected: over the two entries of its image, and nothing from the other image", async () => {
    const { total, parts, weakGradient, strongGradient } = await run(
      engine(),
      at([1, 0, absent, absent]),
      released,
    );
    // -ln .8 = .2231436, -ln .6 = .5108256; .05^2 + .1^2 = .0125; .05^2 + .2^2 = .0425; two entries.
    close(parts, [0.3669846, 0.00625, 0.02125]);
    expect(total).toBeCloseTo(0.7889692 / 2, 6);
    // ((.8 - 1) - 2 .05/4 .16 - 1.5 .05 .16) / 2 and (.4 + 2 .1/4 .24 - 1.5 .2 .24) / 2.
    close(weakGradient, [-0.108, 0.17, 0, 0]);
    // 2 .05 .09 / 2 and 2 .2 .25 / 2.
    close(strongGradient, [0.0045, 0.05, 0, 0]);
  });

  test("both are selected: the label that is not given is a negative, as it is stored", async () => {
    const { total, parts } = await run(engine(), at([1, 0, 0, 0]), released);
    // -ln .8 - ln .6 - ln .4 - ln .9 = 1.7556204; .0025 + .01 + .01 + .000625; .0025 + .04 + .25 + .030625; four entries.
    close(parts, [0.4389051, 0.00578125, 0.08078125]);
    expect(total).toBeCloseTo(2.1018704 / 4, 6);
  });

  test("in its earlier versions: over all entries, divided by the number of images", async () => {
    const earlier = { ...released, unsupervisedOn: "all", normalise: "batch" } as const;
    const { total } = await run(engine(), at([1, 0, 0, 0]), earlier);
    expect(total).toBeCloseTo(2.1018704 / 2, 6);
  });

  test("nothing is selected: 0, where the released code divides by 0", async () => {
    const { total, parts } = await run(engine(), at([absent, absent, absent, absent]), released);
    expect([total, ...parts]).toEqual([0, 0, 0, 0]);
  });
});

// The same probabilities; every label given, so that the unsupervised losses are over no entries.
describe.each(backends)("both views supervised, by hand, on %s", (_, engine) => {
  const logit = (a: number): number => Math.log(a / (1 - a));
  const weakly = [0.8, 0.4, 0.6, 0.1].map(logit);
  const strongly = [0.9, 0.5, 0.2, 0.25].map(logit);
  const labels = [1, 0, 0, 1];
  const close = (found: readonly number[], expected: readonly number[]): void => {
    expect(found).toHaveLength(expected.length);
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
  };

  test("bce is the mean of both views', and each view gets half of its own gradient", async () => {
    const found = await run(engine(), atLogits(weakly, strongly, labels, 2), { strongShare: 0.5 });
    // Weak: -ln .8 - ln .6 - ln .4 - ln .1 = 3.9528450; strong: -ln .9 - ln .5 - ln .8 - ln .25 = 2.4079456; four entries.
    close([found.total, ...found.parts], [0.7950988, 0.7950988, 0, 0]);
    // (a - y) / 4 / 2.
    close(found.weakGradient, [-0.025, 0.05, 0.075, -0.1125]);
    close(found.strongGradient, [-0.0125, 0.0625, 0.025, -0.09375]);
  });

  test("an absent label has no influence on either view's part", async () => {
    const given = { ...atLogits(weakly, strongly, labels.with(3, absent), 2), weights: [0, 0] } as const;
    const found = await run(engine(), given, { strongShare: 0.5 });
    // 1.6502599 and 1.0216512 are the sums without the last entry; three entries.
    close(found.parts.slice(0, 1), [0.4453185]);
    for (const gradient of [found.weakGradient, found.strongGradient]) expect(gradient[3]).toBe(0);
    const moved = { ...given, strong: given.strong.with(3, 5), weak: given.weak.with(3, -5) };
    expect((await run(engine(), moved, { strongShare: 0.5 })).total).toBe(found.total);
  });

  test("one view in both places is that view alone, to rounding", async () => {
    const given = atLogits(weakly, weakly, labels, 2);
    const [both, alone] = [await run(engine(), given, { strongShare: 0.5 }), await run(engine(), given)];
    close([both.total], [alone.total]);
    close(
      both.weakGradient.map((value, i) => value + both.strongGradient[i]),
      alone.weakGradient,
    );
  });
});

// Training and prediction where classes stand below other classes: every head, every policy, and what a label of a parent is worth
// to its children.

import { describe, expect, test } from "vitest";
import { labelSpaceOf, parentsOfOutputs } from "../../src/assemble/label-space.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import { classifierOf, type TrainingSettings } from "../../src/assemble/training-settings.ts";
import { predict } from "../../src/assemble/evaluation.ts";
import type { HeadChoice } from "../../src/assemble/heads/head.ts";
import type { Assembly, ImageSet } from "../../src/data/assembly/assembly.ts";
import { phantoms } from "../../src/data/phantoms/index.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { assembleLoss } from "../../src/functions/losses.ts";
import { absent, negative, positive } from "../../src/labels/states.ts";
import { auc } from "../../src/metrics/auc.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";
import { smallSettings } from "./settings.ts";

const children = ["mass", "effusion"] as const;
const classes = ["any", ...children];
const parents = [-1, 0, 0];

/** Phantoms of which a source knows the parent alone, or all three. */
function drawn(site: "A" | "B", count: number, seed: number, knows: "parent" | "all"): ImageSet {
  const set = phantoms({ count, size: 16, site, seed, knows: [...children], findings: [...children] });
  const states = new Uint8Array(count * 3).fill(absent);
  for (let at = 0; at < count; at++) {
    const truth = [...set.states.subarray(at * 2, at * 2 + 2)];
    const any = truth.includes(positive) ? positive : negative;
    states[at * 3] = any;
    if (knows === "all" || any === negative) states.set(truth, at * 3 + 1);
  }
  return { ...set, states };
}

const assembly: Assembly = {
  classes,
  parents,
  sources: [drawn("A", 24, 1, "parent"), drawn("B", 16, 2, "all")],
  test: drawn("A", 12, 3, "all"),
};
const flat: Assembly = { classes, sources: assembly.sources, test: assembly.test };
const heads: readonly HeadChoice[] = [
  { kind: "queries", bias: "fc" },
  { kind: "linear" },
  { kind: "per-source" },
  { kind: "dynamic" },
];
const short: TrainingSettings = { ...smallSettings, epochs: 1, steps: 3, warmupEpochs: 0, warmupSteps: 1 };

/** The losses of each step, and the logits of the test images. */
async function trained(
  engine: ReturnType<ReturnType<typeof useEngine>>,
  images: Assembly,
  settings: TrainingSettings,
) {
  const losses: number[][] = [];
  const { classifier, logits } = await trainClassifier(engine, images, settings, {
    step: ({ losses: each }) => {
      losses.push(Object.values(each));
    },
  });
  classifier.dispose();
  return { losses, logits: [...(logits ?? [])] };
}

describe("training with a tree of classes", () => {
  const engine = useEngine({ device: "webgpu" });

  test.each(heads)(
    "head $kind: groups teach, and no class is less likely than one below it",
    async (head) => {
      const settings = { ...short, head };
      const [withTree, without] = [
        await trained(engine(), assembly, settings),
        await trained(engine(), flat, settings),
      ];
      expect(withTree.losses.length).toBeGreaterThan(0);
      expect(withTree.losses.flat().every(Number.isFinite)).toBe(true);
      expect(withTree.losses).not.toEqual(without.losses);
      for (let at = 0; at < withTree.logits.length; at += 3) {
        const [any, ...below] = withTree.logits.slice(at, at + 3);
        expect(any).toBeGreaterThanOrEqual(Math.max(...below));
      }
    },
  );

  test("where absent labels are taken for negative there are no groups, and not a bit changes but the order", async () => {
    const settings: TrainingSettings = { ...short, absent: "negative" };
    const withTree = await trained(engine(), assembly, settings);
    expect(withTree.losses).toEqual((await trained(engine(), flat, settings)).losses);
  });

  test("predictions are raised where they are read, and nowhere else", async () => {
    const [withTree, without] = [assembly, flat].map((images) =>
      classifierOf(engine(), short, labelSpaceOf(images)),
    );
    const { normalisation } = short;
    const raised = await predict(engine(), withTree, assembly.test, normalisation, 5);
    const plain = await predict(engine(), without, assembly.test, normalisation, 5);
    expect([...raised]).toEqual(
      [...plain].map((z, at) => (at % 3 === 0 ? Math.max(...plain.slice(at, at + 3)) : z)),
    );
    withTree.dispose();
    without.dispose();
  });

  test("a head with outputs for each source has the tree once for each", () => {
    const classifier = classifierOf(
      engine(),
      { ...short, head: { kind: "per-source" } },
      labelSpaceOf(assembly),
    );
    expect(parentsOfOutputs(classifier.head, parents)).toEqual([-1, 0, 0, -1, 3, 3]);
    classifier.dispose();
  });

  test("a tree that is none is refused", () => {
    const labels = { ...labelSpaceOf(assembly), parents: [-1, 2, 1] };
    expect(() => classifierOf(engine(), short, labels)).toThrow("parents puts class 1 above itself");
  });
});

// Two children, each of which one feature tells apart; 240 images with the label of their parent alone, 8 with all.
describe("labels of a parent", () => {
  const engine = useEngine({ device: "reference" });
  const [few, many, depth] = [8, 240, 5];

  const features = (count: number, seed: number): Float64Array =>
    Float64Array.from(normal([count, depth], seed).data);
  const truthOf = (x: Float64Array): number[][] =>
    Array.from({ length: x.length / depth }, (_, i) => {
      const below = [x[i * depth] > 0.7, x[i * depth + 1] > 0.7].map(Number);
      return [Math.max(...below), ...below];
    });

  /** AUC of both children on other images, by gradient descent on the loss alone. */
  async function childrenAuc(seed: number, withTree: boolean): Promise<number> {
    const x = features(few + many, seed);
    const states = Uint8Array.from(
      truthOf(x).flatMap(([any, ...below], i) =>
        i < few || any === 0 ? [any, ...below] : [any, absent, absent],
      ),
    );
    const count = few + many;
    let theta = new Float64Array(3 * depth);
    let bias = new Float64Array(3);
    for (let step = 0; step < 60; step++) {
      const found = engine().scope(() => {
        const [images, t, b] = [
          engine().tensor(x, [count, depth]),
          engine().tensor(theta, [3, depth]),
          engine().tensor(bias),
        ];
        using tape = new Tape(engine());
        const above = engine().tensor(Uint32Array.from(parents), [3], "u32");
        const { total } = assembleLoss(
          ...([images, images, t, b, engine().tensor(states, [count, 3], "u8")] as const),
          engine().tensor([0, 0]),
          withTree ? { parents: above } : {},
        );
        return tape.gradients(total, [t, b]);
      });
      const [ofTheta, ofBias] = await Promise.all(found.map((tensor) => tensor.read()));
      theta = theta.map((value, i) => value - 6 * ofTheta[i]);
      bias = bias.map((value, i) => value - 6 * ofBias[i]);
      for (const tensor of found) tensor.dispose();
    }
    const other = features(400, seed + 100);
    const truth = truthOf(other);
    const scores = [1, 2].map((k) => {
      const logits = truth.map((_, i) =>
        theta
          .subarray(k * depth, (k + 1) * depth)
          .reduce((sum, w, d) => sum + w * other[i * depth + d], bias[k]),
      );
      return (
        auc(
          logits,
          Uint8Array.from(truth, (row) => row[k]),
        ) ?? NaN
      );
    });
    return (scores[0] + scores[1]) / 2;
  }

  test("teach its children, where without the tree they teach them little", async () => {
    const found: (readonly [number, number])[] = [];
    for (const seed of [1, 2]) found.push([await childrenAuc(seed, true), await childrenAuc(seed, false)]);
    // About .997 and .94: images that show no parent teach the children without a tree, too.
    for (const [withTree, without] of found) {
      expect(withTree).toBeGreaterThan(0.99);
      expect(without).toBeLessThan(0.98);
    }
  });
});

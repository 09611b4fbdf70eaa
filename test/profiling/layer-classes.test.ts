// Layer classes of a profile: every operator has one, every launch is counted once, and each in the class that it belongs to.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { batchNorm } from "../../src/functions/normalisation.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { sum } from "../../src/functions/reduction.ts";
import { kernelFor } from "../../src/kernels/built-in-kernels.ts";
import { DenseNet } from "../../src/nn/densenet.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Candidate, Operator } from "../../src/operators/operator.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { classesOf, classRules, layerClasses, type LayerClass } from "../../src/profiling/layer-classes.ts";
import { profile, type Profile } from "../../src/profiling/profile.ts";
import { chromeTrace } from "../../src/profiling/trace.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { samples } from "../operators/samples.ts";

const open = useEngine({ device: "webgpu" });

interface Found {
  readonly kernel: string;
  readonly layerClass: LayerClass;
}

const known = new Map<OperatorName, readonly Found[]>();

/** The classes of all launches of an operator's samples, here and on a GPU, with their kernels. */
function classified(name: OperatorName): readonly Found[] {
  const found = known.get(name) ?? classifiedSamples(name);
  known.set(name, found);
  return found;
}

function classifiedSamples(name: OperatorName): Found[] {
  const here = open().traits;
  const large = { ...here, isSoftware: false, subgroupSize: { minimum: 32, maximum: 32 } };
  const operator = operators[name] as unknown as Operator<unknown>;
  return samples[name].flatMap(({ inputs, attributes }) => {
    const outputs = operator.infer(inputs, attributes);
    const shapes = [...inputs, ...outputs].map(({ shape }) => shape);
    const candidates: Candidate[] = [here, large].flatMap((traits) =>
      operator.candidates(inputs, attributes, traits),
    );
    const launches = candidates.flatMap((candidate) =>
      candidate.launches.map(({ kernel, sizes }) => ({
        kernel: kernelFor(kernel),
        sizes,
        operator: name,
        shapes,
      })),
    );
    return classesOf(launches).map((layerClass, i) => ({ kernel: launches[i].kernel.name, layerClass }));
  });
}

const classesIn = ({ classes }: Profile): LayerClass[] => classes.map(({ layerClass }) => layerClass);
const secondsOf = ({ classes }: Profile): number =>
  classes.reduce((total, { seconds }) => total + seconds, 0);

describe("every operator", () => {
  const names = Object.keys(operators) as OperatorName[];

  test("has a class, or parts that have", () => {
    expect(Object.keys(classRules).sort()).toEqual([...names].sort());
    for (const name of names) {
      const found = classified(name).map(({ layerClass }) => layerClass);
      for (const layerClass of found) expect(layerClasses).toContain(layerClass);
      const rule = classRules[name];
      if (typeof rule === "string" && rule !== "parts") {
        expect([...new Set(found)], name).toEqual(found.length === 0 ? [] : [rule]);
      }
    }
  });

  test("whose parts are told apart leaves nothing but copies to everything else", () => {
    const parts = names.filter((name) => classRules[name] === "parts");
    expect(parts.length).toBeGreaterThan(5);
    const rest = parts
      .flatMap(classified)
      .filter(({ layerClass }) => layerClass === "everything else")
      .map(({ kernel }) => kernel);
    expect([...new Set(rest)].sort()).toEqual(["channelPadding", "stridedCopy"]);
  });

  test("that convolves is told by its filter, and its chunks are a join", () => {
    for (const name of ["conv2d", "conv2dInputGradient", "conv2dWeightGradient"] as const) {
      const found = classified(name);
      const others = found.filter(({ kernel }) => kernel !== "sumChunks");
      for (const { kernel, layerClass } of found) {
        if (kernel === "sumChunks") expect(layerClass, name).toBe("join");
        else
          expect(["stem", "1x1 convolution", "3x3 convolution", "other convolution"]).toContain(layerClass);
      }
      expect(new Set(others.map(({ layerClass }) => layerClass)).size, name).toBeGreaterThan(1);
    }
  });
});

/** A step of a small DenseNet with all that one has: a stem with its pool, bottlenecks, a transition. */
async function profiledDenseNet(engine: Engine): Promise<Profile> {
  const network = new DenseNet(engine, new Initialiser(engine, 3), {
    inputChannels: 1,
    stem: { features: 8, kernel: 7, stride: 2, pool: true },
    blocks: [2, 2],
    growth: 4,
    bottleneck: 2,
    compression: 0.5,
  });
  const weights = [...network.parameters().values()];
  const optimiser = new SGD(weights, { learningRate: 0.1 });
  using x = engine.full([2, 32, 32, 1], 0.5);
  using program = await engine.record(() => {
    const { value, gradients } = valueAndGradients(() => sum(network.forward(x, "training")), weights);
    optimiser.step(gradients);
    return value;
  });
  const found = await profile(program, { replays: 1, warmup: 1 });
  optimiser.dispose();
  network.dispose();
  return found;
}

describe("a profile", () => {
  test("of a DenseNet has its layers, forward beside backward, and the shares add up to the whole", async () => {
    const found = await profiledDenseNet(open());
    expect(classesIn(found)).toEqual(
      expect.arrayContaining([
        ...["stem", "1x1 convolution", "3x3 convolution", "transition", "row loop", "join", "normalisation"],
        ...["pooling", "optimiser"],
      ]),
    );
    expect(classesIn(found)).toEqual(layerClasses.filter((each) => classesIn(found).includes(each)));
    expect(found.classes.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1, 9);
    expect(secondsOf(found)).toBeCloseTo(found.seconds, 12);
    expect(found.classes.reduce((count, { launches }) => count + launches, 0)).toBe(found.launches.length);
    for (const { phases, launches, seconds } of found.classes) {
      expect(phases.reduce((count, phase) => count + phase.launches, 0)).toBe(launches);
      expect(phases.reduce((total, phase) => total + phase.seconds, 0)).toBeCloseTo(seconds, 12);
    }
    const byClass = new Map(found.classes.map((each) => [each.layerClass, each]));
    const launchesOf = (layerClass: LayerClass, phase: string): number | undefined =>
      byClass.get(layerClass)?.phases.find((each) => each.phase === phase)?.launches;
    // One for each layer; two for each on the way back.
    expect(launchesOf("3x3 convolution", "forward")).toBe(4);
    expect(launchesOf("1x1 convolution", "forward")).toBe(4);
    expect(launchesOf("3x3 convolution", "backward")).toBe(8);
    expect(launchesOf("1x1 convolution", "backward")).toBe(8);
    expect(launchesOf("transition", "forward")).toBe(1);
    expect(byClass.get("optimiser")?.phases.map(({ phase }) => phase)).toEqual(["optimiser"]);
  });

  test("without dense blocks has no transitions", async () => {
    const engine = open();
    using x = engine.full([2, 8, 8, 16], 0.5);
    using filter = engine.full([1, 1, 16, 8], 0.1);
    using gamma = engine.full([8], 1);
    using program = await engine.record(() => batchNorm(conv2d(x, filter), gamma, gamma).y);
    const found = await profile(program, { replays: 1, warmup: 1 });
    expect(classesIn(found)).toEqual(["1x1 convolution", "row loop", "join", "normalisation"]);
  });

  test("is written with its classes", async () => {
    const found = await profiledDenseNet(open());
    const { otherData, traceEvents } = chromeTrace(found);
    const classes = otherData["classes"] as readonly {
      readonly class: string;
      readonly milliseconds: number;
      readonly percent: number;
      readonly phases: Readonly<Record<string, { readonly milliseconds: number }>>;
    }[];
    expect(classes.map((each) => each.class)).toEqual(classesIn(found));
    expect(classes.reduce((total, { percent }) => total + percent, 0)).toBeCloseTo(100, 0);
    const [first] = classes;
    expect(Object.keys(first.phases)).toEqual(["forward", "backward"]);
    const launches = traceEvents.filter(({ cat }) => cat === "launch");
    expect(launches.map(({ args }) => args["class"])).toEqual(found.launches.map((each) => each.layerClass));
  });
});

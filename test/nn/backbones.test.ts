// What every backbone promises: features that are the mean of its last maps, and maps of each stage with gradients.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { add, multiply } from "../../src/functions/elementwise.ts";
import { globalAveragePool } from "../../src/functions/pooling.ts";
import { sum } from "../../src/functions/reduction.ts";
import type { Backbone } from "../../src/nn/backbone.ts";
import { backboneKind, createBackbone, type BackboneConfiguration } from "../../src/nn/backbones.ts";
import { DenseNet, type Composition, type DenseNetConfiguration } from "../../src/nn/densenet.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { ResNet, type ResNetConfiguration } from "../../src/nn/resnet.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const smallStem = { features: 4, kernel: 3, stride: 1, pool: false };
const largeStem = { features: 4, kernel: 7, stride: 2, pool: true };
const layers = { inputChannels: 1, blocks: [1, 2, 1], growth: 4, bottleneck: 2, compression: 0.5 };
const odd = { ...layers, growth: 3, bottleneck: null };
const resnet: Omit<ResNetConfiguration, "stem"> = {
  kind: "resnet",
  inputChannels: 1,
  block: "basic",
  blocks: [1, 1, 2],
};

const bottlenecks: ResNetConfiguration = { ...resnet, block: "bottleneck", stem: smallStem };

/** Each with the height, width and channels of its maps of images of 24 x 21 pixels. */
const backbones: readonly (readonly [string, BackboneConfiguration, readonly string[]])[] = [
  ["a DenseNet", { ...layers, stem: smallStem }, ["24x21x8", "12x10x12", "6x5x10"]],
  ["a DenseNet with a stem pool", { ...layers, stem: largeStem }, ["6x6x8", "3x3x12", "1x1x10"]],
  ["a DenseNet that is not fused", { ...odd, stem: smallStem }, ["24x21x7", "12x10x9", "6x5x7"]],
  ["a ResNet", { ...resnet, stem: smallStem }, ["24x21x4", "24x21x4", "12x11x8", "6x6x16"]],
  ["a ResNet with a stem pool", { ...resnet, stem: largeStem }, ["12x11x4", "6x6x4", "3x3x8", "2x2x16"]],
  ["a ResNet of bottlenecks", bottlenecks, ["24x21x4", "24x21x16", "12x11x32", "6x6x64"]],
];

const imagesOf = (engine: Engine): Tensor => engine.tensor(normal([2, 24, 21, 1], 7).data, [2, 24, 21, 1]);
const made = (engine: Engine, configuration: BackboneConfiguration): Backbone =>
  createBackbone(engine, new Initialiser(engine, 1), configuration);

/** The gradients of all parameters of a sum in which every value of every map counts, and the maps' values. */
async function outcome(
  engine: Engine,
  net: Backbone,
): Promise<{ readonly maps: HostArray[]; readonly gradients: HostArray[] }> {
  const parameters = [...net.parameters().values()];
  let all: readonly Tensor[] = [];
  const { gradients } = valueAndGradients(() => {
    all = net.maps(imagesOf(engine), "training").map((map) => engine.keep(map));
    return all
      .map((map, i) => sum(multiply(map, engine.tensor(normal(map.shape, i).data, map.shape))))
      .reduce(add);
  }, parameters);
  const read = (tensors: readonly Tensor[]): Promise<HostArray[]> =>
    Promise.all(tensors.map((tensor) => tensor.read()));
  return { maps: await read(all), gradients: await read(gradients) };
}

/** The largest difference of two tensors, relative to the largest value. */
function difference(found: HostArray, wanted: HostArray): number {
  expect(found.length).toBe(wanted.length);
  const scale = Math.max(...Array.from(wanted, Math.abs), 1e-6);
  return Math.max(...Array.from(wanted, (value, i) => Math.abs(found[i] - value))) / scale;
}

describe("every backbone", () => {
  const open = useEngine({ device: "reference" });

  test.each(backbones)("%s: its features are the mean of its last maps", async (_, configuration, shapes) => {
    const net = made(open(), configuration);
    for (const mode of ["training", "untracked", "inference"] as const) {
      const maps = net.maps(imagesOf(open()), mode);
      expect(maps.map(({ shape }) => shape.join("x"))).toEqual(shapes.map((shape) => `2x${shape}`));
      expect(net.stageChannels).toEqual(maps.map(({ shape }) => shape[3]));
      expect(net.features).toBe(net.stageChannels.at(-1));
      for (const map of maps) expect(new Set(await map.read()).size).toBeGreaterThan(1);
      const [features, pooled] = [
        await net.forward(imagesOf(open()), mode).read(),
        await globalAveragePool(maps[maps.length - 1]).read(),
      ];
      // In training, maps() has moved the running statistics, which the features of a batch do not depend on.
      expect(difference(features, pooled), mode).toBeLessThan(1e-9);
    }
  });

  test.each(backbones)("%s: all its parameters learn from its maps", async (_, configuration) => {
    const net = made(open(), configuration);
    const { gradients } = await outcome(open(), net);
    const names = [...net.parameters().keys()];
    gradients.forEach((gradient, i) => {
      expect(
        gradient.some((value) => value !== 0),
        names[i],
      ).toBe(true);
    });
  });

  test.each(backbones)(
    "%s: maps() moves the running statistics in training alone, as forward() does",
    async (_, configuration) => {
      const statisticsAfter = async (use: (net: Backbone) => unknown): Promise<HostArray[]> => {
        const net = made(open(), configuration);
        use(net);
        const held = [...net.state().values()].filter(({ kind }) => kind === "buffer");
        return Promise.all(held.map(({ tensor }) => tensor.read()));
      };
      const [none, untracked, mapped, forward] = [
        await statisticsAfter(() => undefined),
        await statisticsAfter((net) => net.maps(imagesOf(open()), "untracked")),
        await statisticsAfter((net) => net.maps(imagesOf(open()), "training")),
        await statisticsAfter((net) => net.forward(imagesOf(open()), "training")),
      ];
      expect(untracked).toEqual(none);
      for (const [i, values] of forward.entries()) {
        expect(difference(mapped[i], values)).toBeLessThan(1e-9);
        expect(difference(mapped[i], none[i])).toBeGreaterThan(0);
      }
    },
  );
});

describe.each([
  ["reference", 1e-9],
  ["webgpu", 2e-3],
] as const)("the maps of a fused DenseNet on %s", (device, tolerance) => {
  const open = useEngine({ device });

  test.each([smallStem, largeStem])(
    "are those of the plain one, and so are their gradients",
    async (stem) => {
      const of = (composition: Composition): ReturnType<typeof outcome> => {
        const net = new DenseNet(open(), new Initialiser(open(), 1), { ...layers, stem });
        net.composition = composition;
        return outcome(open(), net);
      };
      const [fused, plain] = [await of("fused"), await of("plain")];
      for (const part of ["maps", "gradients"] as const) {
        plain[part].forEach((values, i) => {
          expect(difference(fused[part][i], values), `${part} ${i}`).toBeLessThan(tolerance);
        });
      }
    },
  );
});

describe("the table of backbones", () => {
  const open = useEngine({ device: "reference" });

  test("takes a configuration without a kind for a DenseNet's", () => {
    const configuration: DenseNetConfiguration = { ...layers, stem: smallStem };
    expect(backboneKind(configuration)).toBe("densenet");
    expect(made(open(), configuration)).toBeInstanceOf(DenseNet);
    expect(made(open(), { ...resnet, stem: smallStem })).toBeInstanceOf(ResNet);
  });

  test("refuses a DenseNet without blocks", () => {
    const none = { ...layers, blocks: [], stem: smallStem };
    expect(() => made(open(), none)).toThrow(UsageError);
    expect(() => made(open(), none)).toThrow("a DenseNet needs at least one dense block");
  });

  test("refuses a kind that there is not, with the nearest", () => {
    expect(() => made(open(), { kind: "resnett" } as never)).toThrow(
      'there is no backbone of the kind "resnett"; did you mean "resnet"?',
    );
  });
});

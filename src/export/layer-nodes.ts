// Layers as ONNX nodes. Networks here are NHWC with filters [R, S, C, K]; ONNX is NCHW with [K, C, R, S], as PyTorch is.

import type { OnnxGraph } from "../interchange/onnx-graph.ts";
import type { HeldTensor, Weights } from "../tensor/held.ts";
import { channelsFirst } from "./torch-layout.ts";

/** That of every batch norm of a backbone. */
const epsilon = 1e-5;

interface WindowOptions {
  readonly window: number;
  readonly stride: number;
  readonly padding?: number;
}

/** Writes the layers of a module, whose tensors are found by their dotted names. */
export class LayerNodes {
  readonly graph: OnnxGraph;
  readonly #weights: Weights;

  constructor(graph: OnnxGraph, weights: Weights) {
    this.graph = graph;
    this.#weights = weights;
  }

  has(name: string): boolean {
    return this.#weights.has(name);
  }

  tensor(name: string): HeldTensor {
    const tensor = this.#weights.get(name);
    if (tensor === undefined) throw new Error(`there is no tensor ${name}`);
    return tensor;
  }

  /** A constant, as it is. */
  constant(name: string): string {
    return this.graph.initializer(name, this.tensor(name));
  }

  /** A convolution whose padding keeps the size at stride 1, as `Conv2d` has it by default. */
  convolution(x: string, name: string, stride = 1): string {
    const weight = channelsFirst(this.tensor(`${name}.weight`));
    const [, , height, width] = weight.shape;
    const [above, before] = [height, width].map((extent) => Math.floor((extent - 1) / 2));
    return this.graph.node("Conv", [x, this.graph.initializer(`${name}.weight`, weight)], name, {
      kernel_shape: [height, width],
      strides: [stride, stride],
      pads: [above, before, above, before],
    });
  }

  /** A transposed convolution whose windows lie side by side, with a bias. */
  enlarge(x: string, name: string): string {
    const weight = channelsFirst(this.tensor(`${name}.weight`));
    const [, , height, width] = weight.shape;
    const inputs = [x, this.graph.initializer(`${name}.weight`, weight), this.constant(`${name}.bias`)];
    return this.graph.node("ConvTranspose", inputs, name, {
      kernel_shape: [height, width],
      strides: [height, width],
    });
  }

  /** By the running statistics. */
  batchNorm(x: string, name: string): string {
    const tensors = ["weight", "bias", "running_mean", "running_var"].map((each) => `${name}.${each}`);
    const inputs = [x, ...tensors.map((each) => this.constant(each))];
    return this.graph.node("BatchNormalization", inputs, name, { epsilon: { float: epsilon } });
  }

  /** Batch norm and ReLU. */
  activated(x: string, name: string): string {
    return this.relu(this.batchNorm(x, name));
  }

  relu(x: string): string {
    return this.graph.node("Relu", [x], `${x}.relu`);
  }

  add(a: string, b: string, name: string): string {
    return this.graph.node("Add", [a, b], name);
  }

  concat(parts: readonly string[], name: string): string {
    return this.graph.node("Concat", parts, name, { axis: 1 });
  }

  pool(kind: "MaxPool" | "AveragePool", x: string, { window, stride, padding = 0 }: WindowOptions): string {
    return this.graph.node(kind, [x], `${x}.pool`, {
      kernel_shape: [window, window],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    });
  }

  /** [B, D, h, w] to the means over the pixels, [B, D]. */
  globalAverage(x: string): string {
    const pooled = this.graph.node("GlobalAveragePool", [x], `${x}.mean`);
    return this.graph.node("Flatten", [pooled], `${x}.mean.flat`, { axis: 1 });
  }
}

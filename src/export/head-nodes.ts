// Heads as ONNX nodes, and what becomes of their logits.

import type { HeadSettings } from "../assemble/heads/head.ts";
import { childrenFirst, type Parents } from "../labels/class-tree.ts";
import type { Weights } from "../tensor/held.ts";
import type { LayerNodes } from "./layer-nodes.ts";
import { linearForm, type LinearHeadSettings } from "../assemble/heads/linear-form.ts";

/** Logits [B, K] of features [B, D]. @returns the name of that value */
export function headNodes(
  to: LayerNodes,
  features: string,
  settings: HeadSettings,
  weights: Weights,
  classes: number,
): string {
  if (settings.kind === "dynamic") return dynamicNodes(to, features, classes);
  const { graph } = to;
  const { weight, bias } = linearForm(settings, weights);
  const constants = [graph.initializer("head.weight", weight), graph.initializer("head.bias", bias)];
  return graph.node("Gemm", [features, ...constants], "head", { transB: 1 });
}

/** Logits [B, O, H, W] of the features of each pixel [B, D, H, W]. */
export function pixelHeadNodes(
  to: LayerNodes,
  features: string,
  settings: LinearHeadSettings,
  weights: Weights,
): string {
  const { graph } = to;
  const { weight, bias } = linearForm(settings, weights);
  const filter = { shape: [...weight.shape, 1, 1], data: weight.data };
  const constants = [graph.initializer("head.weight", filter), graph.initializer("head.bias", bias)];
  return graph.node("Conv", [features, ...constants], "head", { kernel_shape: [1, 1] });
}

/** The small network that `DynamicHead` makes for each image and class: 8 -> 8, 8 -> 8 and 8 -> 1. */
function dynamicNodes(to: LayerNodes, features: string, classes: number): string {
  const { graph } = to;
  const linear = (name: string): string =>
    graph.node("Gemm", [features, to.constant(`${name}.weight`), to.constant(`${name}.bias`)], name);
  const width = to.tensor("head.reduction.weight").shape[1];
  const unsqueezed = (x: string, axes: readonly number[], name: string): string =>
    graph.node("Unsqueeze", [x, graph.integers(`${name}.axes`, axes)], name);
  const ofImages = unsqueezed(linear("head.controller"), [1], "head.controller.images");
  const networks = graph.node("Add", [ofImages, to.constant("head.controller.codes")], "head.networks");
  const slice = (begin: number, end: number, name: string): string => {
    const bounds = Object.entries({ starts: begin, ends: end, axes: 2 });
    const inputs = bounds.map(([word, value]) => graph.integers(`${name}.${word}`, [value]));
    return graph.node("Slice", [networks, ...inputs], name);
  };
  /** [B, K or 1, 1, 8] to [B, K, outputs], by the weights [outputs, 8] and biases from `begin` on. */
  const layer = (inputs: string, begin: number, outputs: number, name: string): string => {
    const end = begin + outputs * width;
    // A length of 0 is that of the value itself.
    const shape = graph.integers(`${name}.shape`, [0, classes, outputs, width]);
    const weights = graph.node("Reshape", [slice(begin, end, `${name}.weights`), shape], `${name}.matrix`);
    const products = graph.node("Mul", [weights, inputs], `${name}.products`);
    const sums = graph.node("ReduceSum", [products, graph.integers(`${name}.axis`, [3])], `${name}.sums`, {
      keepdims: 0,
    });
    return graph.node("Add", [sums, slice(end, end + outputs, `${name}.biases`)], name);
  };
  const hidden = width * width + width;
  const seen = unsqueezed(linear("head.reduction"), [1, 2], "head.seen");
  const first = to.relu(layer(seen, 0, width, "head.layer1"));
  const second = to.relu(layer(unsqueezed(first, [2], "head.seen2"), hidden, width, "head.layer2"));
  const last = layer(unsqueezed(second, [2], "head.seen3"), 2 * hidden, 1, "head.layer3");
  return graph.node("Reshape", [last, graph.integers("head.shape", [0, classes])], "head");
}

/** Logits [B, K] of which each class has the largest of its own and of those below it. */
export function raisedNodes({ graph }: LayerNodes, logits: string, parents: Parents): string {
  const columns = graph.columns(logits, parents.length, 1, "head.columns");
  for (const k of childrenFirst(parents)) {
    const above = parents[k];
    if (above >= 0) columns[above] = graph.node("Max", [columns[above], columns[k]], `head.above.${k}`);
  }
  return graph.node("Concat", columns, "head.raised", { axis: 1 });
}

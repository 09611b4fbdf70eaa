// A model of a run as an ONNX file: from pixels as they are in an image file to probabilities.

import type { ModelRecord } from "../runs/model-record.ts";
import { OnnxGraph } from "../interchange/onnx-graph.ts";
import type { Weights } from "../tensor/held.ts";
import { shownThresholds } from "../runs/kept-thresholds.ts";
import { headNodes, pixelHeadNodes, raisedNodes } from "./head-nodes.ts";
import { LayerNodes } from "./layer-nodes.ts";
import { networkNodes } from "./network-nodes.ts";

/** What the file says beside what it computes. */
export interface OnnxWords {
  /** Of Tessera. */
  readonly version: string;
  /** SHA-256 of the model file. */
  readonly sha256: string;
}

/**
 * The file: `pixels` [batch, C, H, W] in 0..255 to `logits` and `probabilities`, [batch, K] of a classifier and [batch, K, H, W] of a
 * segmenter, whose logits have the background last where it is an output of its own.
 *
 * @throws UsageError when the weights are too large for ONNX
 */
export function onnxModel(record: ModelRecord, weights: Weights, words: OnnxWords): Uint8Array {
  const { image, classes, network } = record;
  const { height, width, channels } = image;
  const graph = new OnnxGraph();
  const to = new LayerNodes(graph, weights);
  const pixels = graph.input(
    "pixels",
    ["batch", channels, height, width],
    `${channels === 1 ? "grey" : "red, green and blue"} from 0 to 255, as in an image file; normalised inside`,
  );
  const features = networkNodes(to, normalised(graph, pixels, record), network);
  const isSegmenter = record.task === "segmentation";
  const logits = isSegmenter
    ? pixelLogits(to, features, record, weights)
    : imageLogits(to, features, record, weights);
  const pixelAxes = isSegmenter ? [height, width] : [];
  const outputs = classes.length + (record.background === true ? 1 : 0);
  graph.node("Identity", [logits], "logits");
  graph.output(
    "logits",
    ["batch", outputs, ...pixelAxes],
    "log-odds, before the probabilities are made of them",
  );
  probabilityNodes(graph, record);
  graph.output(
    "probabilities",
    ["batch", classes.length, ...pixelAxes],
    "by class, in the order of the metadata's classes",
  );
  return graph.encode({
    name: "tessera",
    description: isSegmenter
      ? "Where an image shows which classes: probabilities of each pixel."
      : "Which classes an image shows: probabilities, of which any number can be high.",
    producerVersion: words.version,
    metadata: metadataOf(record, words),
  });
}

/** (pixels / 255 - mean) / deviation, by channel. */
function normalised(graph: OnnxGraph, pixels: string, { normalisation }: ModelRecord): string {
  const { mean, deviation } = normalisation;
  const shape = [1, mean.length, 1, 1];
  const scale = deviation.map((each) => 1 / (255 * each));
  const offset = mean.map((each, channel) => -each / deviation[channel]);
  const [scales, offsets] = Object.entries({ scale, offset }).map(([name, values]) =>
    graph.initializer(`normalise.${name}`, { shape, data: Float64Array.from(values) }),
  );
  const scaled = graph.node("Mul", [pixels, scales], "normalise.scaled");
  return graph.node("Add", [scaled, offsets], "normalise");
}

function imageLogits(to: LayerNodes, features: string, record: ModelRecord, weights: Weights): string {
  const { head, classes, parents, temperature } = record;
  const own = headNodes(to, features, head, weights, classes.length);
  const logits = parents === undefined ? own : raisedNodes(to, own, parents);
  if (temperature === undefined) return logits;
  const { graph } = to;
  const divisor = graph.initializer("temperature", { shape: [], data: Float64Array.of(temperature.value) });
  return graph.node("Div", [logits, divisor], "tempered");
}

function pixelLogits(to: LayerNodes, features: string, { head }: ModelRecord, weights: Weights): string {
  if (head.kind === "dynamic") throw new Error("a segmenter has no dynamic head");
  return pixelHeadNodes(to, features, head, weights);
}

/** Of a softmax, the background's is left out. */
function probabilityNodes(graph: OnnxGraph, { background, classes }: ModelRecord): void {
  if (background !== true) {
    graph.node("Sigmoid", ["logits"], "probabilities");
    return;
  }
  const all = graph.node("Softmax", ["logits"], "softmax", { axis: 1 });
  const bounds = Object.entries({ starts: 0, ends: classes.length, axes: 1 });
  const inputs = bounds.map(([word, value]) => graph.integers(`probabilities.${word}`, [value]));
  graph.node("Slice", [all, ...inputs], "probabilities");
}

function metadataOf(record: ModelRecord, { version, sha256 }: OnnxWords): Map<string, string> {
  const { image, normalisation, parents, exclusive, exhaustive, background, task, thresholds, temperature } =
    record;
  const { height, width, channels, fit } = image;
  const values: Readonly<Record<string, unknown>> = {
    task: task ?? "classification",
    classes: record.classes,
    parents,
    exclusive,
    exhaustive,
    background,
    ...{ height, width, channels, fit },
    pixels: "0 to 255, normalised inside the graph as (pixels / 255 - mean) / deviation",
    ...{ mean: normalisation.mean, deviation: normalisation.deviation },
    // Probabilities above one are positive, as the graph gives them.
    thresholds: thresholds && shownThresholds({ ...record, thresholds }),
    temperature: temperature?.value,
    "tessera.version": version,
    "tessera.model.sha256": sha256,
  };
  return new Map(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, typeof value === "string" ? value : JSON.stringify(value)] as const],
    ),
  );
}

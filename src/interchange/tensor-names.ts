// Names of tensors in files of other makers, as the networks here have them. Those of torchvision are the measure: DenseNets in both
// of their spellings, and ResNets.

import { densenetConfigurations } from "../nn/densenet.ts";
import { resnetConfigurations } from "../nn/resnet.ts";

/** What others wrap a network in. */
const wrappers = /^(?:module|model|net|network|backbone|encoder)\./u;

/**
 * The name that a network here has for a tensor, without the room it stands in: "conv0.weight" for "module.features.conv0.weight",
 * and "denseblock1.denselayer1.norm1.bias" also where a point stands before the 1, as in files of before 2017.
 */
export function plainName(name: string): string {
  let plain = name;
  while (wrappers.test(plain)) plain = plain.replace(wrappers, "");
  return plain.replace(/^features\./u, "").replace(/\.(norm|conv)\.([12])\./gu, ".$1$2.");
}

/**
 * How the names of a DenseNet's norm behind the last block begin, among the plain names of such a network here. torchvision's begin with
 * "norm5." however many blocks there are.
 */
export function finalNorm(names: readonly string[]): string {
  const blocks = names.map((name) => Number(/^denseblock(\d+)\./u.exec(name)?.[1] ?? 0));
  return blocks.some((count) => count > 0) ? `norm${Math.max(...blocks) + 1}.` : "norm5.";
}

/** Whether a tensor is of the layers behind a network's features, which belong to the classes that it was made for. */
export const isOfHead = (plain: string): boolean => /^(?:classifier|fc|head)\./u.test(plain);

/** Whether nothing here has a use for a tensor: counts of batches, and the thresholds of torchxrayvision. */
export const isIdle = (plain: string): boolean =>
  plain.endsWith("num_batches_tracked") || plain === "op_threshs" || plain === "op_threshs_cal";

interface NamedNetwork {
  readonly kind: "densenet" | "resnet";
  /** Layers of each dense block, or blocks of each stage. */
  readonly blocks: readonly number[];
  /** Of a ResNet. */
  readonly block?: "basic" | "bottleneck";
}

/** What the names tell of a network; undefined where they are of another kind. */
function networkOfNames(names: Iterable<string>): NamedNetwork | undefined {
  const dense: number[] = [];
  const residual: number[] = [];
  let isBottleneck = false;
  for (const name of names) {
    const plain = plainName(name);
    const layer = /^denseblock(\d+)\.denselayer(\d+)\./u.exec(plain);
    if (layer !== null) grow(dense, Number(layer[1]) - 1, Number(layer[2]));
    const block = /^layer(\d+)\.(\d+)\./u.exec(plain);
    if (block === null) continue;
    grow(residual, Number(block[1]) - 1, Number(block[2]) + 1);
    isBottleneck ||= plain.endsWith(".conv3.weight");
  }
  if (dense.length > 0) return { kind: "densenet", blocks: dense };
  if (residual.length === 0) return undefined;
  return { kind: "resnet", blocks: residual, block: isBottleneck ? "bottleneck" : "basic" };
}

/** What a network of these names is called, as far as they tell: "a DenseNet of 6, 12, 24 and 16 layers". */
export function networkOf(names: Iterable<string>): string | undefined {
  const found = networkOfNames(names);
  if (found === undefined) return undefined;
  const counts = found.blocks.join(", ");
  return found.kind === "densenet"
    ? `a DenseNet of ${counts} layers`
    : `a ResNet of ${counts} ${found.block ?? ""} blocks`;
}

/** The backbone of a manifest whose tensors have these names, such as "resnet34"; undefined where there is none of that depth. */
export function backboneOf(names: Iterable<string>): string | undefined {
  const found = networkOfNames(names);
  const known: Readonly<Record<string, { readonly blocks: readonly number[]; readonly block?: string }>> =
    found?.kind === "densenet" ? densenetConfigurations : resnetConfigurations;
  return Object.entries(known).find(
    ([, { blocks, block }]) => String(blocks) === String(found?.blocks) && block === found?.block,
  )?.[0];
}

/** Of more stages than this there is no network; a name may say any number. */
const mostStages = 16;

function grow(counts: number[], stage: number, count: number): void {
  if (stage < 0 || stage >= mostStages) return;
  while (counts.length <= stage) counts.push(0);
  counts[stage] = Math.max(counts[stage], count);
}

/** How images are shown to networks, by the name of the data: the network sees (p / 255 - mean) / deviation. */
export const normalisations = {
  /** Of torchvision's weights; of grey images the means over the colours. */
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  /** Of torchxrayvision's weights: from -1024 to 1024. */
  xray: { mean: [0.5], deviation: [1 / 2048] },
} as const satisfies Readonly<Record<string, ChannelNormalisation>>;
export type NormalisationName = keyof typeof normalisations;
export const normalisationNames = Object.keys(normalisations) as NormalisationName[];

interface ChannelNormalisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** A normalisation for images of so many channels. */
export function normalisationOf(name: NormalisationName, channels: number): ChannelNormalisation {
  const { mean, deviation } = normalisations[name];
  const fitted = (values: readonly number[]): number[] => {
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.length === channels ? [...values] : Array.from({ length: channels }, () => average);
  };
  return { mean: fitted(mean), deviation: fitted(deviation) };
}

/**
 * The normalisation that weights of another maker were made with, as far as their tensors tell: torchvision's have a head of ImageNet's
 * 1,000 classes, torchxrayvision's have thresholds.
 */
export function madeFor(
  shapes: ReadonlyMap<string, readonly number[]>,
  channels: number,
): (ChannelNormalisation & { readonly name: NormalisationName }) | undefined {
  const names = new Map([...shapes].map(([name, shape]) => [plainName(name), shape]));
  const isXray = names.has("op_threshs");
  const head = names.get("classifier.weight") ?? names.get("fc.weight");
  const name = isXray ? "xray" : head?.[0] === 1000 ? "imagenet" : undefined;
  return name === undefined ? undefined : { name, ...normalisationOf(name, channels) };
}

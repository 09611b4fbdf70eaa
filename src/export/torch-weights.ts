// A model's weights as PyTorch has them: torchvision's names and shapes for its networks, so that `load_state_dict` takes them.

import { UsageError } from "../errors/errors.ts";
import type { ModelRecord } from "../runs/model-record.ts";
import type { HeldTensor, Weights } from "../tensor/held.ts";
import { linearForm } from "../assemble/heads/linear-form.ts";
import { channelsFirst } from "./torch-layout.ts";

/** What torchvision calls the last layer; that of a segmenter is a 1x1 convolution. */
const headNames = { densenet: "classifier", resnet: "fc", unet: "head" } as const;

/**
 * All in float32. A DenseNet's features stand below `features`, as in torchvision, and end in `norm5` however many blocks there are;
 * those of others have no prefix. There are no `num_batches_tracked`, which count batches and which PyTorch does without.
 *
 * @throws UsageError for a dynamic head, which is no layer of PyTorch
 */
export function torchWeights(
  {
    network,
    head,
    temperature = { value: 1 },
  }: Pick<ModelRecord, "network" | "head"> & {
    readonly temperature?: { readonly value: number } | undefined;
  },
  weights: Weights,
): Weights {
  if (head.kind === "dynamic") {
    throw new UsageError(
      "--to safetensors and --to torch: a dynamic head makes its weights anew for each image, so that there is no last layer to " +
        "write; export --to onnx, which computes it",
    );
  }
  const kind = network.kind ?? "densenet";
  const named = new Map<string, HeldTensor>();
  const ownFinal = `features.norm${network.kind === undefined ? network.blocks.length + 1 : ""}.`;
  for (const [name, tensor] of weights) {
    if (!name.startsWith("features.")) continue;
    const isFilter = tensor.shape.length === 4;
    named.set(
      kind === "densenet" ? name.replace(ownFinal, "features.norm5.") : name.slice("features.".length),
      isFilter ? channelsFirst(tensor) : single(tensor),
    );
  }
  // The last layer gives logits as `predict` has them, divided by the temperature.
  const divided = ({ shape, data }: HeldTensor): HeldTensor => ({
    shape,
    data: Float64Array.from(data, (value) => value / temperature.value),
  });
  const { weight, bias } = linearForm(head, weights);
  const shape = kind === "unet" ? [...weight.shape, 1, 1] : weight.shape;
  named.set(`${headNames[kind]}.weight`, single(divided({ shape, data: weight.data })));
  named.set(`${headNames[kind]}.bias`, single(divided(bias)));
  return named;
}

const single = ({ shape, data }: HeldTensor): HeldTensor => ({ shape, data: Float32Array.from(data) });

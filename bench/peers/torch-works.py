"""PyTorch on the CPU. Reads a request a line, JSON, and answers each with a line; arrays are files of float32.

Images are NHWC and filters [R, S, C, K] outside; inside they are torch's, in the channels-last layout.
"""

import json
import os
import re
import sys

import numpy
import torch
import torch.nn.functional as F


def load(array):
    values = numpy.fromfile(array["file"], dtype=numpy.float32).reshape(array["shape"])
    return torch.from_numpy(values)


def images(tensor):
    return tensor.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def filters(tensor):
    return tensor.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)


def images_out(tensor):
    return tensor.permute(0, 2, 3, 1).contiguous()


def filters_out(tensor):
    return tensor.permute(2, 3, 1, 0).contiguous()


class Matmul:
    def __init__(self, arrays, options):
        self.a, self.b = arrays

    def results(self):
        return [self.a @ self.b]

    def run(self):
        self.a @ self.b


class Convolution:
    def __init__(self, arrays, options):
        self.x, self.w = images(arrays[0]), filters(arrays[1])
        self.padding = options["padding"]

    def run(self):
        return F.conv2d(self.x, self.w, padding=self.padding)

    def results(self):
        return [images_out(self.run())]


class ConvolutionAndGradients:
    def __init__(self, arrays, options):
        self.x = images(arrays[0]).requires_grad_()
        self.w = filters(arrays[1]).requires_grad_()
        self.dy = images(arrays[2])
        self.padding = options["padding"]

    def run(self):
        y = F.conv2d(self.x, self.w, padding=self.padding)
        dx, dw = torch.autograd.grad(y, [self.x, self.w], self.dy)
        return y, dx, dw

    def results(self):
        y, dx, dw = self.run()
        return [images_out(y.detach()), images_out(dx), filters_out(dw)]


class InputGradient:
    def __init__(self, arrays, options):
        self.dy, self.w = images(arrays[0]), filters(arrays[1])
        self.shape = [options[name] for name in ("images", "c", "h", "w")]
        self.padding = options["padding"]

    def run(self):
        return torch.nn.grad.conv2d_input(self.shape, self.w, self.dy, padding=self.padding)

    def results(self):
        return [images_out(self.run())]


class WeightGradient:
    def __init__(self, arrays, options):
        self.x, self.dy = images(arrays[0]), images(arrays[1])
        self.shape = [options[name] for name in ("k", "c", "r", "r")]
        self.padding = options["padding"]

    def run(self):
        return torch.nn.grad.conv2d_weight(self.x, self.shape, self.dy, padding=self.padding)

    def results(self):
        return [filters_out(self.run())]


class BatchMoments:
    def __init__(self, arrays, options):
        self.x = images(arrays[0])

    def run(self):
        return torch.var_mean(self.x, dim=(0, 2, 3), correction=0)

    def results(self):
        variance, mean = self.run()
        return [torch.stack([mean, variance])]


class TrainingStep:
    """Steps of an optimiser. The loss is what a network of bench/works computes, with its weights by their names."""

    def __init__(self, arrays, options):
        count = options["inputs"]
        self.inputs = [images(array) if array.dim() == 4 else array for array in arrays[:count]]
        self.weights = {}
        for name, value in zip(options["names"], arrays[count:]):
            # A parameter keeps torch's layout; results turn it back.
            own = filters(value) if value.dim() == 4 else value.clone()
            self.weights[name] = own.requires_grad_()
        if "sgd" in options:
            self.optimiser = torch.optim.SGD(self.weights.values(), lr=options["sgd"]["learningRate"])
        else:
            rates = options["adam"]
            self.optimiser = torch.optim.Adam(
                self.weights.values(),
                lr=rates["learningRate"],
                betas=(rates["beta1"], rates["beta2"]),
                eps=rates["epsilon"],
            )

    def convolved(self, maps, name, **options):
        return F.conv2d(maps, self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias"), **options)

    def classified(self, features):
        return F.linear(features, self.weights["classifier.weight"], self.weights["classifier.bias"])

    def activated(self, maps, norm):
        gamma, beta = self.weights[f"{norm}.weight"], self.weights[f"{norm}.bias"]
        return F.relu(F.batch_norm(maps, None, None, gamma, beta, training=True, eps=1e-5))

    def run(self):
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def results(self):
        def outside():
            turned = [filters_out(w) if w.dim() == 4 else w for w in self.weights.values()]
            return [w.detach().double().clone() for w in turned]

        before = outside()
        loss = self.run()
        return [torch.tensor([loss]), *(after - was for was, after in zip(before, outside()))]


class DenseNet(TrainingStep):
    """With a stem of 7x7 and a pool, or one of 3x3; with bottlenecks or without: the weights say which."""

    def features(self, x):
        blocks = len([n for n in self.weights if re.fullmatch(r"denseblock\d+\.denselayer1\.conv1\.weight", n)])
        if "norm0.weight" in self.weights:
            stem = self.convolved(x, "conv0", padding=3, stride=2)
            maps = F.max_pool2d(self.activated(stem, "norm0"), 3, stride=2, padding=1)
        else:
            maps = self.convolved(x, "conv0", padding=1)
        for block in range(1, blocks + 1):
            layer = 1
            while f"denseblock{block}.denselayer{layer}.conv1.weight" in self.weights:
                prefix = f"denseblock{block}.denselayer{layer}"
                maps = torch.cat([maps, self.layer(maps, prefix)], dim=1)
                layer += 1
            if block < blocks:
                prefix = f"transition{block}"
                squeezed = self.convolved(self.activated(maps, f"{prefix}.norm"), f"{prefix}.conv")
                maps = F.avg_pool2d(squeezed, 2)
        return self.activated(maps, f"norm{blocks + 1}").mean(dim=(2, 3))

    def layer(self, maps, prefix):
        ready = self.activated(maps, f"{prefix}.norm1")
        if f"{prefix}.norm2.weight" not in self.weights:
            return self.convolved(ready, f"{prefix}.conv1", padding=1)
        narrow = self.activated(self.convolved(ready, f"{prefix}.conv1"), f"{prefix}.norm2")
        return self.convolved(narrow, f"{prefix}.conv2", padding=1)

    def loss(self):
        x, labels = self.inputs
        return F.cross_entropy(self.classified(self.features(x)), labels)


class Assemble(DenseNet):
    """Label-Assemble's losses of two views: given labels, and pseudo-labels and consistency of absent ones (255)."""

    def loss(self):
        weak, strong, states, (of_pseudo, of_consistency) = self.inputs
        z = self.classified(self.features(weak))
        known = states != 255
        a, b = torch.sigmoid(z), torch.sigmoid(self.classified(self.features(strong)))
        still = a.detach()
        pseudo = still + ((still > 0.5).float() - still) / 4  # temperature 4
        supervised = F.binary_cross_entropy_with_logits(z[known], states[known])
        agreement = [((view - pseudo)[~known] ** 2).mean() for view in (a, b)]
        return supervised + of_pseudo * agreement[0] + of_consistency * agreement[1]


class UNet(TrainingStep):
    def double(self, maps, prefix):
        for i in (1, 2):
            maps = self.convolved(maps, f"{prefix}.conv{i}", padding=1)
            maps = self.activated(maps, f"{prefix}.norm{i}")
        return maps

    def loss(self):
        maps, labels = self.inputs
        levels = len([n for n in self.weights if re.fullmatch(r"down\d+\.conv1\.weight", n)])
        skips = []
        for level in range(1, levels + 1):
            maps = self.double(maps if level == 1 else F.max_pool2d(maps, 2), f"down{level}")
            skips.append(maps)
        skips.pop()
        for level in range(levels - 1, 0, -1):
            weight, bias = self.weights[f"up{level}.enlarge.weight"], self.weights[f"up{level}.enlarge.bias"]
            enlarged = F.conv_transpose2d(maps, weight, bias, stride=2)
            maps = self.double(torch.cat([skips.pop(), enlarged], dim=1), f"up{level}")
        rows = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
        return F.binary_cross_entropy_with_logits(self.classified(rows), labels)


class Convnet(TrainingStep):
    def loss(self):
        x, labels = self.inputs
        maps = F.relu(self.convolved(x, "conv1", padding=1))
        maps = F.relu(self.convolved(maps, "conv2", padding=1, stride=2))
        features = maps.permute(0, 2, 3, 1).reshape(len(maps), -1)
        return F.cross_entropy(self.classified(features), labels)


class Encoder(TrainingStep):
    """A transformer of BERT's blocks, whose mean over the words is to be found by a query for each text."""

    def norm(self, x, name):
        gamma, beta = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return F.layer_norm(x, gamma.shape, gamma, beta, eps=1e-5)

    def linear(self, x, name):
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def attention(self, x, name, mask, heads=4):
        weight, bias = self.weights[f"{name}.in_proj_weight"], self.weights[f"{name}.in_proj_bias"]
        texts, words, width = x.shape
        apart = F.linear(x, weight, bias).view(texts, words, 3, heads, width // heads)
        q, k, v = apart.permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(2, 3) * (width // heads) ** -0.5 + mask
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(texts, words, width)
        return self.linear(y, f"{name}.out_proj")

    def loss(self):
        words, mask, queries, own = self.inputs
        table = F.embedding(words.long(), self.weights["words.weight"], padding_idx=0)
        x = self.norm(table + self.weights["places.weight"], "norm")
        left_out = (mask * 1e9 - 1e9)[:, None, None, :]
        block = 0
        while f"blocks.{block}.linear1.weight" in self.weights:
            name = f"blocks.{block}"
            x = self.norm(x + self.attention(x, f"{name}.self_attn", left_out), f"{name}.norm1")
            fed = self.linear(F.gelu(self.linear(x, f"{name}.linear1")), f"{name}.linear2")
            x = self.norm(x + fed, f"{name}.norm2")
            block += 1
        mean = ((mask / mask.sum(1, keepdim=True))[:, None, :] @ x)[:, 0]
        scores = F.normalize(queries) @ F.normalize(mean).T / 0.05
        return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


WORKS = {
    "matmul": Matmul,
    "conv2d": Convolution,
    "conv2dAndGradients": ConvolutionAndGradients,
    "conv2dInputGradient": InputGradient,
    "conv2dWeightGradient": WeightGradient,
    "batchMoments": BatchMoments,
    "densenet": DenseNet,
    "densenet121": DenseNet,
    "densenet121-assemble": Assemble,
    "unet": UNet,
    "convnet": Convnet,
    "encoder": Encoder,
}


def main():
    open_works = {}
    for line in sys.stdin:
        request = json.loads(line)
        handle = request["handle"]
        answer = {}
        try:
            if request["do"] == "open":
                arrays = [load(array) for array in request["arrays"]]
                open_works[handle] = WORKS[request["work"]](arrays, request["options"])
            elif request["do"] == "run":
                open_works[handle].run()
            elif request["do"] == "results":
                answer["files"] = []
                for i, tensor in enumerate(open_works[handle].results()):
                    file = os.path.join(request["folder"], f"{handle}-result{i}.f32")
                    tensor.detach().float().contiguous().numpy().tofile(file)
                    answer["files"].append(file)
            else:
                del open_works[handle]
        except Exception as error:  # the other side says what went wrong, with the work's name
            answer["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

"""Results and gradients of PyTorch, one case a line, for test/torch/vectors.test.ts to be held against.

    python3 scripts/torch-vectors.py > test/torch/vectors.jsonl            # the committed ones, seed 1
    python3 scripts/torch-vectors.py --seed 7 > /tmp/vectors.jsonl         # others: TORCH_VECTORS=/tmp/vectors.jsonl

Everything is computed in float64 from float32 inputs. Images are NHWC and filters [R, S, C, K] in the file, as in Tessera;
a transposed convolution's filter is the one of the convolution that it is the input gradient of. A line holds `call` (a row
of the table in the test), `case`, `options`, `inputs` and `weights` by name, `upstream`, `output`, and `gradients` by the
names of inputs and weights. Needs torch 1.13 or later.
"""

import argparse
import base64
import json
import math
import sys

import numpy
import torch
import torch.nn.functional as F
from torch import nn

double = torch.float64


def encoded(tensor, layout=None):
    tensor = tensor.detach()
    if layout is not None:
        tensor = layout(tensor)
    if tensor.dtype == torch.int64:
        data, dtype = tensor.numpy().astype("<u4"), "u32"
    else:
        data, dtype = tensor.numpy().astype("<f4"), "f32"
    return {"shape": list(tensor.shape), "dtype": dtype, "data": base64.b64encode(data.tobytes()).decode()}


def channels_last(tensor):
    return tensor.permute(0, 2, 3, 1)


def filter_last(tensor):
    return tensor.permute(2, 3, 1, 0)


def emit(call, case, function, inputs, options=None, weights=None, layouts=None, output_layout=None):
    """Runs function(inputs) and its backward pass, and writes the line. `layouts`: how to turn a tensor, by name."""
    layouts = layouts or {}
    weights = weights or {}
    output = function(inputs)
    upstream = drawn(*output.shape)
    floats = {name: t for name, t in {**inputs, **weights}.items() if t.requires_grad}
    found = torch.autograd.grad(output, list(floats.values()), upstream, allow_unused=True)
    gradients = {
        name: encoded(torch.zeros_like(t) if g is None else g, layouts.get(name))
        for (name, t), g in zip(floats.items(), found)
    }
    line = {
        "call": call,
        "case": case,
        "options": options or {},
        "inputs": {name: encoded(t, layouts.get(name)) for name, t in inputs.items()},
        "weights": {name: encoded(t, layouts.get(name)) for name, t in weights.items()},
        "upstream": encoded(upstream, output_layout),
        "output": encoded(output, output_layout),
        "gradients": gradients,
    }
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")


generator = torch.Generator()


def drawn(*shape):
    """Normal numbers that float32 holds exactly, in float64."""
    return torch.randn(shape, generator=generator, dtype=torch.float32).to(double)


def leaf(*shape, scale=1.0, offset=0.0):
    values = (drawn(*shape) * scale + offset).to(torch.float32).to(double)
    return values.requires_grad_()


def whole(below, *shape):
    return torch.randint(below, shape, generator=generator)


def elementwise():
    for call, function, options in [
        ("silu", F.silu, {}),
        ("leakyRelu", lambda x: F.leaky_relu(x, 0.2), {"slope": 0.2}),
        ("elu", lambda x: F.elu(x, 0.7), {"alpha": 0.7}),
        ("hardSwish", F.hardswish, {}),
        ("erf", torch.erf, {}),
        ("gelu", F.gelu, {}),
        ("abs", torch.abs, {}),
    ]:
        emit(call, "normal numbers, times 3", lambda t, f=function: f(t["x"]), {"x": leaf(5, 13, scale=3)}, options)
    positive = (drawn(4, 7).abs() + 0.1).to(torch.float32).to(double).requires_grad_()
    emit("power", "a tensor to a tensor", lambda t: t["x"] ** t["exponent"], {"x": positive, "exponent": leaf(4, 7)})
    emit("power", "cubes, negative too", lambda t: t["x"] ** 3, {"x": leaf(4, 7)}, {"exponent": 3})
    emit("cumulativeSum", "the last axis", lambda t: torch.cumsum(t["x"], -1), {"x": leaf(3, 37)}, {"axis": -1})
    emit("cumulativeSum", "the first axis", lambda t: torch.cumsum(t["x"], 0), {"x": leaf(19, 4)}, {"axis": 0})


def rows():
    emit("softmax", "times 5", lambda t: torch.softmax(t["x"], -1), {"x": leaf(7, 33, scale=5)})
    mask = torch.zeros(2, 1, 1, 6, dtype=double)
    mask[0, ..., 4:] = -math.inf
    mask[1, ..., 1:] = -math.inf
    emit("softmax", "with a mask", lambda t: torch.softmax(t["x"] + t["mask"], -1), {"x": leaf(2, 3, 5, 6), "mask": mask})
    emit("logSoftmax", "times 5", lambda t: torch.log_softmax(t["x"], -1), {"x": leaf(7, 33, scale=5)})
    for case, channels, offset in [("33 channels", 33, 0), ("a mean far above the deviation", 24, 300), ("one channel of four", 4, 0)]:
        inputs = {"x": leaf(3, 2, channels, offset=offset), "gamma": leaf(channels), "beta": leaf(channels)}
        emit("layerNorm", case, lambda t, c=channels: F.layer_norm(t["x"], (c,), t["gamma"], t["beta"], 1e-5), inputs, {"epsilon": 1e-5})
    emit(
        "rmsNorm",
        "33 channels",
        lambda t: t["x"] * torch.rsqrt(t["x"].pow(2).mean(-1, keepdim=True) + 1e-6) * t["gamma"],
        {"x": leaf(6, 33), "gamma": leaf(33)},
        {"epsilon": 1e-6},
    )
    images = {"x": channels_last}
    for case, groups in [("4 groups of 3", 4), ("one group", 1), ("a group for each channel", 12)]:
        inputs = {"x": leaf(2, 12, 3, 5), "gamma": leaf(12), "beta": leaf(12)}
        emit(
            "groupNorm",
            case,
            lambda t, g=groups: F.group_norm(t["x"], g, t["gamma"], t["beta"], 1e-5),
            inputs,
            {"groups": groups, "epsilon": 1e-5},
            layouts=images,
            output_layout=channels_last,
        )
    emit(
        "instanceNorm",
        "odd sizes",
        lambda t: F.instance_norm(t["x"], weight=t["gamma"], bias=t["beta"], eps=1e-5),
        {"x": leaf(2, 5, 7, 3), "gamma": leaf(5), "beta": leaf(5)},
        {"epsilon": 1e-5},
        layouts=images,
        output_layout=channels_last,
    )


def losses():
    classes = whole(11, 23)
    emit("crossEntropy", "11 classes", lambda t: F.cross_entropy(t["logits"], classes), {"logits": leaf(23, 11, scale=3), "classes": classes})
    some = whole(11, 23)
    some[3:9] = 200
    emit(
        "crossEntropy",
        "some ignored, labels smoothed",
        lambda t: F.cross_entropy(t["logits"], some, ignore_index=200, label_smoothing=0.1),
        {"logits": leaf(23, 11, scale=3), "classes": some},
        {"ignore": 200, "labelSmoothing": 0.1},
    )
    targets = torch.rand(9, 5, generator=generator, dtype=torch.float32).to(double)
    weights = torch.rand(9, 5, generator=generator, dtype=torch.float32).to(double)
    positive = torch.rand(5, generator=generator, dtype=torch.float32).to(double) + 1
    positive = positive.to(torch.float32).to(double)
    call = "binaryCrossEntropyWithLogits"
    emit(call, "soft targets", lambda t: F.binary_cross_entropy_with_logits(t["logits"], targets), {"logits": leaf(9, 5, scale=8), "targets": targets})
    emit(
        call,
        "weights, and classes of other weights",
        lambda t: F.binary_cross_entropy_with_logits(t["logits"], targets, weights, pos_weight=positive),
        {"logits": leaf(9, 5, scale=8), "targets": targets, "weights": weights, "positiveWeight": positive},
    )
    emit("huberLoss", "delta 1.5", lambda t: F.huber_loss(t["x"], t["targets"], delta=1.5), {"x": leaf(8, 9, scale=2), "targets": leaf(8, 9)}, {"delta": 1.5})


def products():
    emit("matmul", "leading axes that broadcast", lambda t: t["a"] @ t["b"], {"a": leaf(2, 1, 3, 5, 7), "b": leaf(4, 1, 7, 6)})
    emit("matmul", "one matrix for all", lambda t: t["a"] @ t["b"], {"a": leaf(2, 3, 5, 7), "b": leaf(7, 6)})
    emit("linear", "three axes", lambda t: F.linear(t["x"], t["weight"], t["bias"]), {"x": leaf(2, 5, 7), "weight": leaf(6, 7), "bias": leaf(6)}, {"transposeWeight": True})
    emit("concat", "the middle axis", lambda t: torch.cat([t["a"], t["b"]], 1), {"a": leaf(2, 3, 5), "b": leaf(2, 4, 5)}, {"axis": 1})
    emit("stack", "a new middle axis", lambda t: torch.stack([t["a"], t["b"]], 1), {"a": leaf(3, 5), "b": leaf(3, 5)}, {"axis": 1})
    indices = torch.tensor([3, 0, 5, 3, 3, 1, 0])
    emit("takeRows", "with a padding row", lambda t: F.embedding(t["indices"], t["x"], padding_idx=0), {"x": leaf(7, 6), "indices": indices}, {"padding": 0})


def attention():
    def attended(t, mask=None):
        scores = t["q"] @ t["k"].transpose(-1, -2) / math.sqrt(t["q"].shape[-1])
        return torch.softmax(scores if mask is None else scores + mask, -1) @ t["v"]

    inputs = lambda queries, keys: {"q": leaf(2, 3, queries, 8), "k": leaf(2, 3, keys, 8), "v": leaf(2, 3, keys, 5)}
    emit("attention", "as many keys as queries", attended, inputs(7, 7))
    emit("attention", "one token", attended, inputs(1, 1))
    causal = torch.full((9, 9), -math.inf, dtype=double).triu(1)
    emit("attention", "causal", lambda t: attended(t, causal), inputs(9, 9), {"causal": True})
    mask = torch.zeros(2, 1, 1, 11, dtype=double)
    mask[0, ..., 1:] = -math.inf
    mask[1, ..., 6:] = -math.inf
    emit("attention", "all keys masked but one", lambda t: attended(t, mask), {**inputs(5, 11), "mask": mask})
    for case, first, activation, tokens, kept in [
        ("norms behind, gelu", False, "gelu", 7, [7, 4]),
        ("norms in front, relu", True, "relu", 6, [6, 1]),
        ("one token", False, "relu", 1, [1, 1]),
    ]:
        layer = nn.TransformerEncoderLayer(12, 3, 20, 0.0, activation, 1e-5, True, first).to(double).train()
        weights = redrawn(layer)
        padded = torch.zeros(2, 1, 1, tokens, dtype=double)
        for row, count in enumerate(kept):
            padded[row, ..., count:] = -math.inf
        lost = padded[:, 0, 0] == -math.inf
        emit(
            "transformerBlock",
            case,
            lambda t, layer=layer, lost=lost: layer(t["x"], src_key_padding_mask=lost),
            {"x": leaf(2, tokens, 12), "mask": padded},
            {"width": 12, "heads": 3, "hidden": 20, "normFirst": first, "activation": activation},
            weights,
        )


def redrawn(module):
    """The module's parameters by name, drawn anew so that float32 holds them."""
    weights = dict(module.named_parameters())
    with torch.no_grad():
        for name, tensor in weights.items():
            scale = 1 / math.sqrt(tensor[0].numel()) if tensor.dim() > 1 else 0.3
            tensor.copy_((drawn(*tensor.shape) * scale + (1 if "norm" in name and "weight" in name else 0)).to(torch.float32))
    return weights


def convolutions():
    images = {"x": channels_last, "filter": filter_last}
    for case, x, filter, options in [
        ("grouped, odd channels", (2, 6, 7, 5), (9, 2, 3, 3), {"groups": 3, "stride": 2, "padding": 1}),
        ("depthwise", (2, 8, 9, 7), (8, 1, 3, 3), {"groups": 8, "padding": 1}),
        ("depthwise, two for each channel, stride 2", (2, 4, 9, 8), (8, 1, 3, 3), {"groups": 4, "padding": 1, "stride": 2}),
        ("rectangular, dilated", (1, 3, 11, 9), (4, 3, 1, 5), {"padding": [0, 4], "dilation": [1, 2]}),
        ("groups of four channels", (1, 16, 6, 6), (16, 4, 3, 3), {"groups": 4, "padding": 1}),
    ]:
        keywords = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
        emit(
            "conv2d",
            case,
            lambda t, k=keywords: F.conv2d(t["x"], t["filter"], **k),
            {"x": leaf(*x), "filter": leaf(*filter)},
            options,
            layouts=images,
            output_layout=channels_last,
        )
    # torch's filter of a transposed convolution is [in, out, R, S]: [R, S, out, in] is Tessera's.
    turned = {"x": channels_last, "filter": filter_last}
    for case, x, filter, options in [
        ("2x2, stride 2", (2, 6, 5, 4), (6, 3, 2, 2), {"stride": 2}),
        ("3x3, stride 2, one more behind", (2, 5, 4, 5), (5, 4, 3, 3), {"stride": 2, "padding": 1, "outputPadding": 1}),
        ("4x4, stride 2, padding 1", (1, 4, 3, 6), (4, 8, 4, 4), {"stride": 2, "padding": 1}),
        ("dilated", (1, 3, 5, 4), (3, 2, 3, 2), {"stride": 1, "dilation": 2}),
    ]:
        keywords = {{"outputPadding": "output_padding"}.get(key, key): value for key, value in options.items()}
        emit(
            "convTranspose2d",
            case,
            lambda t, k=keywords: F.conv_transpose2d(t["x"], t["filter"], **k),
            {"x": leaf(*x), "filter": leaf(*filter)},
            options,
            layouts=turned,
            output_layout=channels_last,
        )


def windows():
    images = {"x": channels_last}
    for height, width in [(10, 14), (3, 3), (9, 5), (1, 13)]:
        for method in ["bilinear", "nearest"]:
            keywords = {"mode": method} if method == "nearest" else {"mode": method, "align_corners": False}
            emit(
                "resize2d",
                f"5 x 7 to {height} x {width}, {method}",
                lambda t, k=keywords, s=(height, width): F.interpolate(t["x"], size=s, **k),
                {"x": leaf(2, 3, 5, 7)},
                {"size": [height, width], "method": method},
                layouts=images,
                output_layout=channels_last,
            )
    for window, stride, padding, ceil in [(3, 2, 1, True), (2, 2, 0, True), ((3, 2), (2, 1), (1, 0), False), (3, 3, 1, True)]:
        options = {"window": window, "stride": stride, "padding": padding, "ceilMode": ceil}
        options = {key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}
        case = f"window {window}, stride {stride}, padding {padding}, {'ceiling' if ceil else 'floor'}"
        pooled = lambda kind, **k: (lambda t: kind(t["x"], window, stride, padding, ceil_mode=ceil, **k))
        emit("maxPool2d", case, pooled(F.max_pool2d), {"x": leaf(2, 3, 8, 7)}, options, layouts=images, output_layout=channels_last)
        for counted in [True, False]:
            emit(
                "averagePool2d",
                f"{case}, padding {'counted' if counted else 'left out'}",
                pooled(F.avg_pool2d, count_include_pad=counted),
                {"x": leaf(2, 3, 8, 7)},
                {**options, "countIncludePad": counted},
                layouts=images,
                output_layout=channels_last,
            )
    emit("globalMaxPool", "odd sizes", lambda t: t["x"].amax((2, 3)), {"x": leaf(2, 5, 7, 3)}, layouts=images)


def unet():
    """Down, a level below, up by a transposed convolution, and the skip: what U-Nets are made of; and one of three levels."""

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(4)
            self.conv2 = nn.Conv2d(4, 8, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(8)
            self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
            self.out = nn.Conv2d(8, 2, 1)

        def forward(self, x):
            skip = F.relu(self.norm1(self.conv1(x)))
            below = F.relu(self.norm2(self.conv2(F.max_pool2d(skip, 2))))
            return self.out(torch.cat([skip, self.up(below)], 1))

    block = Block().to(double).train()
    weights = redrawn(block)
    layouts = {name: filter_last for name, tensor in weights.items() if tensor.dim() == 4}
    emit(
        "unetBlock",
        "in training",
        lambda t: block(t["x"]),
        {"x": leaf(2, 3, 8, 6)},
        weights=weights,
        layouts={"x": channels_last, **layouts},
        output_layout=channels_last,
    )

    class Double(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(outputs)

        def forward(self, x):
            return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))

    class Up(Double):
        def __init__(self, outputs):
            super().__init__(2 * outputs, outputs)
            self.enlarge = nn.ConvTranspose2d(2 * outputs, outputs, 2, stride=2)

        def forward(self, skip, below):
            return super().forward(torch.cat([skip, self.enlarge(below)], 1))

    class UNet(nn.Module):
        def __init__(self, channels, width, levels):
            super().__init__()
            self.levels = levels
            for level in range(levels):
                outputs = width * 2**level
                setattr(self, f"down{level + 1}", Double(outputs // 2 if level else channels, outputs))
                if level + 1 < levels:
                    setattr(self, f"up{level + 1}", Up(outputs))

        def forward(self, x):
            skips = [self.down1(x)]
            for level in range(2, self.levels + 1):
                skips.append(getattr(self, f"down{level}")(F.max_pool2d(skips[-1], 2)))
            x = skips.pop()
            for level in range(self.levels - 1, 0, -1):
                x = getattr(self, f"up{level}")(skips.pop(), x)
            return x

    for case, channels, width, size in [("three levels", 3, 4, (8, 12)), ("an odd width", 1, 3, (12, 8))]:
        net = UNet(channels, width, 3).to(double).train()
        weights = redrawn(net)
        emit(
            "unet",
            case,
            lambda t, n=net: n(t["x"]),
            {"x": leaf(2, channels, *size)},
            {"inputChannels": channels, "width": width, "levels": 3},
            weights=weights,
            layouts={"x": channels_last, **{name: filter_last for name, t in weights.items() if t.dim() == 4}},
            output_layout=channels_last,
        )


parser = argparse.ArgumentParser(description="Writes the results and gradients of PyTorch, one case a line.")
parser.add_argument("--seed", type=int, default=1)
generator.manual_seed(parser.parse_args().seed)
for group in [elementwise, rows, losses, products, attention, convolutions, windows, unet]:
    group()

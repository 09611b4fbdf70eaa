"""What one of torchvision's networks computes with random weights, into a file that PyTorch writes.

    python3 reference.py densenet121 OUT.pth [--seed 1] [--size 96] [--batch 4]
    python3 reference.py small-densenet test/torch/networks/densenet.pth --size 32 --batch 3   # the committed files
    python3 reference.py small-resnet test/torch/networks/resnet.pth --size 32 --batch 3

Everything is computed in float64, from weights and images that are float32 numbers. The file has, by name: `images`
[N, C, H, W]; `weights.*`, the network's state; `upstream` [N, D]; for the modes `train` and `eval` the stages
`MODE.stage0` ... [N, C, H, W], finest first, `MODE.features` [N, D], and `MODE.gradient.*`, those of the sum of
features * upstream; and the running statistics behind the step in training, `train.after.*`.

Of a deep network in float32 some activations are on the other side of a ReLU's kink than in float64, and gradients behind them differ
by percents, PyTorch's own as well. --apart 3 begins batch norms with biases of three deviations to either side, so that hardly an
activation is near zero.
"""

import argparse

import torch
import torch.nn.functional as F
from torchvision import models
from torchvision.models.resnet import BasicBlock, ResNet

parser = argparse.ArgumentParser()
parser.add_argument("network")
parser.add_argument("out")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--size", type=int, default=96)
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--apart", type=float, default=0)
asked = parser.parse_args()
torch.manual_seed(asked.seed)


class NarrowResNet(ResNet):
    """Two stages of torchvision's blocks, an eighth as wide."""

    def __init__(self):
        super().__init__(BasicBlock, [1, 1, 1, 1], num_classes=3)
        self.inplanes = 8
        self.conv1 = torch.nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(8)
        self.layer1 = self._make_layer(BasicBlock, 8, 2)
        self.layer2 = self._make_layer(BasicBlock, 16, 1, stride=2)
        del self.layer3, self.layer4
        self.fc = torch.nn.Linear(16, 3)


small = {
    "small-densenet": lambda: models.DenseNet(4, (2, 3), num_init_features=8, bn_size=2, num_classes=3),
    "small-resnet": NarrowResNet,
}


def stages(network, x):
    """The outputs of dense blocks, the last one after its norm and ReLU; or the stem's and those of layer1, layer2, ..."""
    found = []
    if isinstance(network, ResNet):
        x = F.relu(network.bn1(network.conv1(x)))
        found.append(x)
        x = network.maxpool(x)
        for name, layer in network.named_children():
            if name.startswith("layer"):
                x = layer(x)
                found.append(x)
        return found
    for name, layer in network.features.named_children():
        x = layer(x)
        if name.startswith("denseblock"):
            found.append(x)
    found[-1] = F.relu(x)
    return found


network = small[asked.network]() if asked.network in small else getattr(models, asked.network)(weights=None)


def images():
    """Noise on blots, so that pixels beside each other are alike."""
    size = asked.size
    coarse = torch.randn(asked.batch, 3, size // 8, size // 8)
    return (F.interpolate(coarse, size=(size, size), mode="bilinear") + 0.3 * torch.randn(asked.batch, 3, size, size)).double()


for module in network.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        torch.nn.init.uniform_(module.weight, 0.5, 1.5)
        torch.nn.init.normal_(module.bias, 0, 0.1)
        side = torch.where(torch.rand_like(module.bias) < 0.5, -1.0, 1.0)
        module.bias.data += asked.apart * side * module.weight.data
network.double().train()
with torch.no_grad():
    for _ in range(20):
        stages(network, images())
for tensor in network.state_dict().values():
    if tensor.is_floating_point():
        tensor.copy_(tensor.float())  # numbers that float32 has

x = images().float().double()
out = {"images": x}
out.update({f"weights.{name}": tensor.clone() for name, tensor in network.state_dict().items()})
trained = {name: p for name, p in network.named_parameters() if not name.startswith(("classifier", "fc"))}
upstream = None
for mode in ("eval", "train"):
    network.train(mode == "train")
    maps = stages(network, x)
    features = maps[-1].mean(dim=(2, 3))
    if upstream is None:
        upstream = torch.randn_like(features).float().double()
        out["upstream"] = upstream
    gradients = torch.autograd.grad((features * upstream).sum(), list(trained.values()))
    out.update({f"{mode}.stage{i}": stage.detach() for i, stage in enumerate(maps)})
    out[f"{mode}.features"] = features.detach()
    out.update({f"{mode}.gradient.{name}": g for name, g in zip(trained, gradients)})
out.update(
    {f"train.after.{name}": t for name, t in network.state_dict().items() if name.endswith(("running_mean", "running_var"))}
)
torch.save({name: t.float().contiguous() if t.is_floating_point() else t for name, t in out.items()}, asked.out)

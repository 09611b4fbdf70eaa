"""What native CUDA does with the works of sizes.mjs: PyTorch with cuDNN, float32, TF32 off and on.

usage: python3 scripts/gpu-check/torch-sizes.py [FILE.json]

FILE.json is what sizes.mjs wrote, for ratios. Without a GPU it ends with an error, or, with REHEARSE=1, computes small
shapes on the CPU.
"""

import json
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torchvision.models import DenseNet

gpu = torch.cuda.is_available()
if not gpu and os.environ.get("REHEARSE") != "1":
    sys.exit("PyTorch sees no GPU here")
device = torch.device("cuda" if gpu else "cpu")
n, images, size, normalised = (2048, 32, 56, 256) if gpu else (128, 1, 14, 64)
tessera = {}
if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
    with open(sys.argv[1], encoding="utf-8") as file:
        tessera = json.load(file)
torch.backends.cudnn.benchmark = True  # cuDNN takes the fastest of its algorithms, as Tessera's tuning does


def wait():
    if gpu:
        torch.cuda.synchronize()


def median(run, queued, samples):
    """Median milliseconds of one run; the first runs choose algorithms and fill caches."""
    for _ in range(5 if gpu else 1):
        run()
    times = []
    for _ in range(samples if gpu else 1):
        wait()
        started = time.perf_counter()
        for _ in range(queued):
            run()
        wait()
        times.append(1000 * (time.perf_counter() - started) / queued)
    return statistics.median(times)


def report(work, how, milliseconds, flops=None, count=None, moved=None):
    if flops is not None:
        speed = f"{flops / milliseconds / 1e6:.0f} GFLOP/s"
    elif count is not None:
        speed = f"{1000 * count / milliseconds:.1f} images/s"
    else:
        speed = f"{moved / milliseconds / 1e6:.0f} GB/s"
    times = tessera.get(work, {})
    ratios = [f"{who} takes {times[who] / milliseconds:.2f} x" for who in ("tessera", "tessera queued") if who in times]
    print(f"> {work:26} {how:22} {milliseconds:9.3f} ms  {'; '.join([speed, *ratios])}", flush=True)


def layouts(tensors):
    """Both layouts of PyTorch; with TF32, channels last is the faster one as a rule."""
    yield "nchw", tensors
    yield "nhwc", [each.contiguous(memory_format=torch.channels_last) for each in tensors]


def products(precision):
    a, b = torch.randn(n, n, device=device), torch.randn(n, n, device=device)
    report("matmul", precision, median(lambda: a @ b, 10, 11), flops=2 * n**3)
    x, w = torch.randn(images, 64, size, size, device=device), torch.randn(64, 64, 3, 3, device=device)
    flops = 2 * images * size * size * 9 * 64 * 64
    for layout, (x, w, dy) in layouts([x, w, torch.randn_like(x)]):

        def backward(dx, dw, x=x, w=w, dy=dy):
            one = [1, 1]
            return torch.ops.aten.convolution_backward(dy, x, w, None, one, one, one, False, [0, 0], 1, [dx, dw, False])

        def both(x=x, w=w):
            F.conv2d(x, w, padding=1)
            backward(True, True)

        how = f"{precision} {layout}"
        report("conv-forward", how, median(lambda: F.conv2d(x, w, padding=1), 10, 11), flops=flops)
        report("conv-input-gradient", how, median(lambda: backward(True, False), 10, 11), flops=flops)
        report("conv-weight-gradient", how, median(lambda: backward(False, True), 10, 11), flops=flops)
        report("conv-forward-backward", how, median(both, 10, 11), flops=3 * flops)


def norms():
    x = torch.randn(images, normalised, size, size, device=device, requires_grad=True)
    gamma = torch.rand(normalised, device=device, requires_grad=True)
    beta = torch.rand(normalised, device=device, requires_grad=True)
    dy = torch.randn_like(x)

    def forward():
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-5)

    report("batch-norm-forward", "fp32 nchw", median(forward, 10, 11), moved=4 * 3 * x.numel())
    y = forward()

    def backward():
        return torch.autograd.grad(y, [x, gamma, beta], dy, retain_graph=True)

    report("batch-norm-backward", "fp32 nchw", median(backward, 10, 11), moved=4 * 5 * x.numel())


def training(batch, precision):
    """DenseNet-121 for images of one channel and six classes: forward, backward, Adam, the loss on the host."""
    for layout in ("nchw", "nhwc"):
        torch.manual_seed(1)
        blocks, pixels = ((6, 12, 24, 16), 224) if gpu else ((2, 2), 32)
        network = DenseNet(growth_rate=32, block_config=blocks, num_init_features=64, bn_size=4, num_classes=6)
        network.features.conv0 = torch.nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
        form = torch.channels_last if layout == "nhwc" else torch.contiguous_format
        network = network.to(device, memory_format=form).train()
        x = torch.rand(batch, 1, pixels, pixels, device=device).contiguous(memory_format=form)
        labels = torch.arange(batch, device=device) % 6
        adam = torch.optim.Adam(network.parameters(), lr=1e-4)

        def step(network=network, x=x, adam=adam):
            adam.zero_grad(set_to_none=True)
            loss = F.cross_entropy(network(x), labels)
            loss.backward()
            adam.step()
            return loss

        how = f"{precision} {layout}"
        report(f"densenet121-batch-{batch}", how, median(lambda: step().item(), 1, 20), count=batch)
        report(f"densenet121-batch-{batch}", f"{how} queued", median(step, 20, 1), count=batch)


def main():
    name = torch.cuda.get_device_name() if gpu else "the CPU: a rehearsal, its figures mean nothing"
    print(f"> torch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, {name}")
    for tf32 in (False, True):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        precision = "tf32" if tf32 else "fp32"
        products(precision)
        for batch in (16, 32) if gpu else (8,):
            training(batch, precision)
    norms()


if __name__ == "__main__":
    main()

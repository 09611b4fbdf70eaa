"""Weight files as PyTorch writes them, for test/torch/weight-files.test.ts, which says what is in each.

    python3 scripts/torch-weight-files.py test/torch/weights

Made with PyTorch 1.13.0, which is what /usr/bin/python3 of Debian 12 has. Storages are small, so that all files together are.
"""

import collections
import pathlib
import sys
import zipfile

import torch

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def save(name, value, **options):
    torch.save(value, folder / name, **options)


steps = torch.arange(6).reshape(2, 3)
eighths = steps / 8 - 0.25  # exact in every float type

save(
    "types.pth",
    {
        "f64": eighths.double(),
        "f32": eighths.float(),
        "f16": eighths.half(),
        "bf16": eighths.bfloat16(),
        "i64": steps.long(),
        "i32": steps.int(),
        "i16": steps.short(),
        "i8": steps.to(torch.int8),
        "u8": steps.byte(),
        "bool": steps > 2,
        "f16.extremes": torch.tensor([65504.0, 2.0**-24, -(2.0**-14), -0.0, float("inf"), float("-inf")]).half(),
        "bf16.extremes": torch.tensor([2.0**127, 2.0**-126, -0.0, float("inf")]).bfloat16(),
        "scalar": torch.tensor(2.5),
        "empty": torch.empty(0, 4),
    },
)

whole = torch.arange(24.0).reshape(4, 6)
save(
    "strides.pth",
    collections.OrderedDict(
        whole=whole,
        transposed=whole.t(),
        row=whole[2],
        block=whole[1:3, 2:5],
        every_other=whole[:, ::2],
        expanded=whole[0, :3].expand(2, 3),
        permuted=whole.reshape(2, 3, 4).permute(2, 0, 1),
    ),
)

module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
for i, parameter in enumerate(module.parameters()):
    torch.nn.init.constant_(parameter, i + 1)
    parameter.grad = torch.ones_like(parameter)
save("module.pth", module.state_dict())
for protocol in (3, 4, 5):
    save(f"module-protocol-{protocol}.pth", module.state_dict(), pickle_protocol=protocol)
save("old.pth", module.state_dict(), _use_new_zipfile_serialization=False)
save("parameters.pth", dict(module.named_parameters()))
save("pickled-module.pth", module)
torch.jit.script(module).save(str(folder / "script.pt"))
# Without what it says of where the source lies on this machine.
with zipfile.ZipFile(folder / "script.pt") as script, zipfile.ZipFile(folder / "torchscript.pt", "w") as part:
    for member in script.namelist():
        if not member.endswith(".debug_pkl"):
            part.writestr(member, script.read(member))
(folder / "script.pt").unlink()

optimiser = torch.optim.Adam(module.parameters(), lr=0)
optimiser.step()
save(
    "checkpoint.pth",
    {
        "epoch": 3,
        "best": 0.5,
        "seed": 2**63,
        "state_dict": torch.nn.DataParallel(module).state_dict(),
        "optimizer": optimiser.state_dict(),
    },
)

# As PyTorch writes on a machine of the other byte order: the record is of 2.1, the bytes are turned by hand.
with zipfile.ZipFile(folder / "strides.pth") as little, zipfile.ZipFile(folder / "big.pth", "w") as big:
    for member in little.namelist():
        data = little.read(member)
        if "/data/" in member:
            data = b"".join(data[i : i + 4][::-1] for i in range(0, len(data), 4))
        big.writestr(member.replace("strides/", "big/"), data)
    big.writestr("big/byteorder", "big")

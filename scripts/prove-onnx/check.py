# The logits that torchvision computes with exported weights: `check.py FOLDER INPUT`, INPUT a JSON of pixels and their shape. Prints
# JSON: logits by format. safetensors is read by hand, so that no package is needed beyond torchvision.
import json
import re
import struct
import sys

import numpy as np
import torch
import torchvision

folder, file = sys.argv[1:]
with open(file) as text:
    given = json.load(text)
pixels = torch.tensor(given["pixels"]).reshape(given["shape"])
with open(f"{folder}/README.md") as text:
    card = text.read()
mean, deviation = (
    torch.tensor(json.loads(re.search(rf"{word} (\[[^]]*\])", card)[1])).reshape(1, -1, 1, 1)
    for word in ("mean", "deviation")
)
(name, classes) = re.search(r"torchvision\.models\.(\w+)\(num_classes=(\d+)\)", card).groups()


def safetensors(path):
    with open(path, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
        values = stream.read()
    assert header.pop("__metadata__")["format"] == "pt"
    for key, entry in header.items():
        begin, end = entry["data_offsets"]
        array = np.frombuffer(values[begin:end], "<f4").reshape(entry["shape"])
        yield key, torch.from_numpy(array.copy())


weights = {
    "torch": torch.load(f"{folder}/model.pth", weights_only=True),
    "safetensors": dict(safetensors(f"{folder}/model.torchvision.safetensors")),
}
found = {}
for form, tensors in weights.items():
    network = getattr(torchvision.models, name)(num_classes=int(classes)).eval()
    network.load_state_dict(tensors)
    with torch.no_grad():
        found[form] = network((pixels / 255 - mean) / deviation).flatten().tolist()
print(json.dumps(found))

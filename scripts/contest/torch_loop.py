"""Candidate: a bare PyTorch loop on PyTorch's own layers and Adam, an epoch each turn.

Eager steps on batches that lie on the device, without a DataLoader; channels last, bfloat16
by autocast. The loss is read at the end of the epoch only.
"""

import argparse
from typing import Any

import numpy as np
import torch

from contest import presets, torch_networks, workload
from contest.player import Runner


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=torch_networks.NETWORKS, required=True)
    parser.add_argument("--precision", default="float32", choices=presets.PRECISIONS)
    parser.add_argument("words", nargs="+", help="overrides of `fmtool train`")
    arguments = parser.parse_args()
    work = workload.load(arguments.words)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    batches = [
        # Seen the other way round: channels last is how the pixels lie.
        (
            torch.from_numpy(x).to(device).permute(0, 3, 1, 2),
            torch.from_numpy(y.astype(np.int64)).to(device),
        )
        for x, y in work.batches()
    ]
    channels, height, width = batches[0][0].shape[1:]
    network = torch_networks.build(arguments.network, (channels, height, width))
    network.to(device, memory_format=torch.channels_last)
    parameters = [each for each in network.parameters() if each.requires_grad]
    optimizer, loss = torch.optim.Adam(parameters), torch.nn.CrossEntropyLoss()

    def epoch() -> dict[str, Any]:
        for images, labels in batches:
            with torch.autocast(device, torch.bfloat16, arguments.precision == "bfloat16"):
                value = loss(network(images), labels)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
        value.item()
        return {"images": len(work.labels)}

    player = Runner()
    player.tell(backend="torch", precision=arguments.precision)
    player.play(epoch)


if __name__ == "__main__":
    main()

"""Candidate: PyTorch Lightning's Trainer on PyTorch's own layers, an epoch each turn.

Runs in an environment with Lightning and PyTorch, without fmtool. Images and labels are npy files:
float32 (n, channels, height, width) and int64 (n,). CSV logger, default checkpoints, no bar.
"""

import argparse
import time
from typing import Any

import lightning  # type: ignore[import-not-found]  # not installed beside fmtool
import numpy as np
import torch
from lightning.pytorch.loggers import CSVLogger  # type: ignore[import-not-found]  # as above
from torch.utils.data import DataLoader, TensorDataset

from contest import torch_networks
from contest.player import Runner


class Classifier(lightning.LightningModule):  # type: ignore[misc]  # as above
    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network, self._loss = network, torch.nn.CrossEntropyLoss()

    def training_step(self, batch: Any, number: int) -> Any:
        images, labels = batch
        logits = self._network(images)
        loss = self._loss(logits, labels)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        self.log_dict({"loss": loss, "accuracy": accuracy}, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=1e-3)


class Turns(lightning.Callback):  # type: ignore[misc]  # as above
    """Each epoch a turn, which ends when the next one begins."""

    def __init__(self, images: int) -> None:
        self._images, self._player = images, Runner()
        self._began: float | None = None

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if self._began is None:
            self._player.tell(lightning=lightning.__version__, torch=torch.__version__)
        self._end_turn()
        self._player.wait()
        self._began = time.perf_counter()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self._end_turn()

    def _end_turn(self) -> None:
        if self._began is not None:
            self._player.tell(seconds=time.perf_counter() - self._began, images=self._images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=torch_networks.NETWORKS, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--turns", type=int, required=True)
    parser.add_argument("images")
    parser.add_argument("labels")
    arguments = parser.parse_args()
    images, labels = (
        torch.from_numpy(np.load(each)) for each in (arguments.images, arguments.labels)
    )
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=arguments.turns,
        logger=CSVLogger("."),
        enable_progress_bar=False,
        callbacks=[Turns(len(labels))],
    )
    trainer.fit(
        Classifier(torch_networks.build(arguments.network, tuple(images.shape[1:]))),
        DataLoader(TensorDataset(images, labels), arguments.batch_size, shuffle=True),
    )


if __name__ == "__main__":
    main()

"""Candidate: the bare loop of `fmtool bench` around a Keras network, an epoch each turn.

A step of the backend's own, Adam, the loss and nothing else: no metrics, no callbacks, no
shuffling; float32 batches lie in memory. The device is waited for at the end of the epoch only.
"""

from importlib import import_module
from typing import Any

from contest import workload
from contest.player import Runner


def main() -> None:
    arguments = workload.arguments(__doc__).parse_args()
    work = workload.load(arguments.words)
    keras = workload.import_keras(arguments.backend, arguments.precision)

    from fmtool.benchmarking.bare import Parts
    from fmtool.machine.flops import model_flops

    network, optimizer = work.network(), keras.optimizers.Adam(1e-3)
    optimizer.build(network.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    batches = [
        (keras.ops.convert_to_tensor(images), keras.ops.convert_to_tensor(labels))
        for images, labels in work.batches()
    ]
    loops = import_module(f"fmtool.benchmarking.bare_{arguments.backend}")
    train = loops.loop(Parts(network, optimizer, loss, batches, jit=False))

    def epoch() -> dict[str, Any]:
        train(len(batches))
        return {"images": len(work.labels)}

    player = Runner()
    player.tell(
        backend=arguments.backend,
        precision=arguments.precision,
        operations_per_image=model_flops(network).training,
    )
    player.play(epoch)


if __name__ == "__main__":
    main()

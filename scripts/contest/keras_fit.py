"""Candidate: the script that a user writes, `compile` and `fit(x, y)`, an epoch each turn."""

from contest import workload


def main() -> None:
    parser = workload.arguments(__doc__)
    parser.add_argument("--turns", type=int, required=True)
    parser.add_argument("--steps-per-execution", type=int, default=1)
    arguments = parser.parse_args()
    work = workload.load(arguments.words)
    keras = workload.import_keras(arguments.backend, arguments.precision)

    from contest.keras_turns import turns

    model = work.network()
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=arguments.steps_per_execution,
    )
    model.fit(
        work.images,
        work.labels,
        batch_size=work.batch_size,
        epochs=arguments.turns,
        verbose=0,
        callbacks=[turns(images=len(work.labels))],
    )


if __name__ == "__main__":
    main()

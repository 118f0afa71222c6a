"""The model card says what the run says, and nothing else."""

import json
from dataclasses import replace

import numpy as np
import pytest
import yaml
from label_outputs import declared

from fmtool.data.arrays import Config as ArraysConfig
from fmtool.elements import Pixels
from fmtool.export import card, card_words, preprocessing
from fmtool.export.metadata import Input, Metadata
from fmtool.export.run_facts import RunFacts
from fmtool.runs.result import Best, Gate, RunResult
from fmtool.targets import Label
from fmtool.tasks import classification
from fmtool.tasks.shared import label_card
from fmtool.tasks.shared.label_reporting import LabelReporting

ROW = {
    "name": "onnx_int8",
    "format": "onnx",
    "quantization": "int8",
    "path": "onnx_int8/model.onnx",
    "size_bytes": 1_234_567,
    "score": {"accuracy": 0.7125},
    "parity": {
        "samples": 80,
        "agreeing": 79,
        "differences": {"probabilities": {"max": 0.0123, "mean": 0.001}},
    },
}
DIGEST = "0123456789abcdef" * 4
LABELS = ("cat", "dog|wolf", "ant_<b>")


def figures(logits, labels, names):
    meter = LabelReporting(Label(tuple(names))).meter()
    meter.add(logits, labels)
    return meter.report().to_json()


def metadata(**changes):
    known = {
        "model": "cnn",
        "data": "image_folder",
        "run": "2026-01-31_0815_cnn_image_folder_abcdef",
        "fmtool": "0.1.0",
        "manifest_digest": DIGEST,
        "quantization": "none",
        "input": Input("pixels", "image", "uint8", (32, 24, 3), None, 255),
        "trained_shape": (32, 24, 3),
        "outputs": declared(("probabilities", "logits", "label"), LABELS),
        "target": Label(LABELS),
        "preprocessing": {
            "color": "rgb",
            "background": "white",
            "levels": None,
            "resize_mode": "crop",
            "filter": "bilinear",
        },
    }
    return Metadata(**known | changes)


def facts(**changes):
    rng = np.random.default_rng(0)
    labels = np.array([0] * 50 + [1] * 20 + [2] * 10)
    logits = (np.eye(3)[labels] + rng.normal(size=(80, 3))).astype(np.float32)
    about = changes.pop("metadata", metadata())
    manifest = {
        "config": {
            "model": {"name": "cnn", "summary": False, "filters": [8, 16]},
            "data": {"name": "image_folder", "path": "/home/ada/secret/flowers/"},
            "optimizer": {"name": "adam", "learning_rate": 0.001, "weight_decay": None},
            "task": {"loss": "focal"},
            "epochs": 12,
            "batch_size": 64,
            "seed": 7,
            "tta": "flip",
        },
        "precision": "bfloat16",
        "backend": "torch",
        "device": "cpu",
        "threads": 2,
        "python": "3.11.7",
        "packages": {"fmtool": "0.1.0", "keras": "3.15.1", "torch": "2.10.0", "jax": "0.7.0"},
        "hardware": {"cpu": {"model": "A CPU"}, "memory_bytes": 8 << 30, "gpus": []},
        "data_digest": "d" * 64,
    }
    result = RunResult(
        run=about.run,
        exit_code=0,
        epochs=12,
        steps=240,
        seconds=61.4,
        metrics={"samples": 80, "accuracy": 0.75, "loss": 0.5},
        best=Best(9, 180, "val_loss", 0.4321),
        gates=(Gate("accuracy", ">= 0.7", 0.75, True), Gate("loss", "<= 0.4", 0.5, False)),
    )
    known = {
        "metadata": about,
        "manifest": manifest,
        "result": result,
        "info": None,
        "samples": "32x24x3 images",
        "sizes": {"training": 270, "validation": 30, "test": 80},
        "stored_numbers": 12_345,
        "headline": "accuracy",
        "listed": classification.REPORT_METRICS,
        "figures": figures(logits, labels, about.labels),
    }
    return RunFacts(**known | changes)


@pytest.fixture(scope="module")
def text():
    return card.render(facts(), [ROW])


def section(text, title):
    return text.partition(f"\n## {title}\n\n")[2].partition("\n\n## ")[0]


def rows(text):
    """The cells of its tables, without their headers."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines[2:]]


def test_a_hub_reads_task_metrics_and_formats_at_its_top(text):
    _, header, _ = text.split("---\n", 2)
    read = yaml.safe_load(header)
    assert read["library_name"] == "keras"
    assert read["pipeline_tag"] == "image-classification"
    assert read["tags"] == ["fmtool", "onnx"]
    (result,) = read["model-index"][0]["results"]
    assert result["dataset"] == {"type": "image_folder", "name": "image_folder", "split": "test"}
    figures = {each["type"]: each["value"] for each in result["metrics"]}
    assert figures["accuracy"] == facts().figures["accuracy"]


def test_it_claims_no_licence(text):
    assert yaml.safe_load(text.split("---\n", 2)[1])["license"] == "unknown"
    assert "under which licence it may be used" in section(text, "What the run does not say")


def test_it_is_for_what_it_was_trained_for(text):
    purpose = section(text, "What it is for")
    assert "image classification: 32x24x3 images, each as one of 3 classes" in purpose
    assert "resize it with a bilinear filter until its shorter side fits" in purpose


def test_a_path_of_the_user_is_not_in_it(text):
    assert "secret" not in text
    assert "of the user's own, `flowers`" in section(text, "Data")


def test_the_training_is_told_from_config_manifest_and_result(text):
    told = dict(rows(section(text, "Training")))
    assert told["network"] == r"cnn: filters=\[8, 16\]"
    assert told["numbers stored"].startswith("12,345")
    assert told["optimizer"] == "adam, learning_rate=0.001"
    assert told["epochs"] == "12 of 12, 240 steps"
    assert told["best epoch"] == "9, val_loss 0.4321"
    assert told["seed"] == "7"
    assert told["versions"] == "Python 3.11.7, fmtool 0.1.0, keras 3.15.1, torch 2.10.0"
    assert told["hardware"] == "A CPU, 2 threads, 8.0 GiB"


def test_what_an_older_run_did_not_note_is_left_out():
    told = dict(rows(section(card.render(facts(manifest={"config": {}}), [ROW]), "Training")))
    assert "hardware" not in told
    assert "seed" not in told
    assert told["network"] == "cnn"


def test_figures_of_the_run_and_of_the_files_stand_side_by_side(text):
    told = {row[0]: row[1:] for row in rows(section(text, "How well it does"))}
    figures = facts().figures
    assert told["samples"] == ["80", "80"]
    assert told["accuracy"] == ["0.7500", f"{figures['accuracy']:.4f}"]
    assert told["f1 macro"] == ["", f"{figures['f1_macro']:.4f}"]


def test_every_class_has_its_figures_and_no_name_is_markup(text):
    told = rows(section(text, "Classes").replace(r"\|", "/"))
    assert [row[0] for row in told] == ["cat", "dog/wolf", r"ant\_\<b\>"]
    first = facts().figures["per_class"][0]
    assert told[0][1:] == [*(f"{first[key]:.4f}" for key in ("precision", "recall", "f1")), "50"]


def test_a_class_without_samples_is_named_and_none_of_its_figures_is_made_up():
    labels = np.array([0] * 50 + [1] * 30)
    found = figures(np.eye(3, dtype=np.float32)[labels], labels, metadata().labels)
    text = card.render(facts(figures=found), [ROW])
    assert rows(section(text, "Classes"))[2][-4:] == ["\u2013", "\u2013", "\u2013", "0"]
    told = {row[0]: row[1:] for row in rows(section(text, "How well it does"))}
    assert told["top 5 accuracy"] == ["", "\u2013"]
    limits = section(text, "Limits")
    assert r"None of them is of ant\_\<b\>: how well it does there is not" in limits


def test_gates_are_shown_with_what_they_got(text):
    assert rows(section(text, "Gates")) == [
        ["accuracy", ">= 0.7", "0.7500", "yes"],
        ["loss", "<= 0.4", "0.5000", "**no**"],
    ]


def test_a_run_without_gates_says_so():
    assert section(card.render(facts(result=None), [ROW]), "Gates") == "The run had none."


def test_the_limits_follow_from_the_figures(text):
    limits = section(text, "Limits")
    assert "measured on 80 samples" in limits
    assert r"10 (ant\_\<b\>) to 50 (cat)" in limits
    assert "tta=flip" in limits
    assert f"the accuracy is {facts().figures['accuracy']:.4f}, and was 0.7500" in limits


@pytest.mark.parametrize(
    ("right", "count", "interval"), [(50, 100, (0.4038, 0.5962)), (100, 100, (0.9630, 1.0))]
)
def test_the_accuracy_has_the_interval_of_wilson(right, count, interval):
    """Values of Newcombe 1998 and of any table."""
    assert label_card._interval(right / count, count) == pytest.approx(interval, abs=1e-4)


def test_each_file_has_its_parity_and_score(text):
    assert rows(section(text, "Files")) == [
        ["`onnx_int8/model.onnx`", "int8", "1.23", "0.7125", "79 of 80", "1.2e-02"]
    ]


def test_it_names_the_manifest_by_its_digest(text):
    assert DIGEST in section(text, "Where it is from")


def test_without_a_result_it_says_what_is_missing():
    bare = card.render(facts(result=None), [ROW])
    assert "it has no result.json" in section(bare, "What the run does not say")
    assert dict(rows(section(bare, "Training")))["epochs asked for"] == "12"


def test_the_card_of_a_real_run_names_its_data_set_and_licence(by_hand):
    by_hand.publish(bundles=False)
    text = (by_hand.folder / "model_card.md").read_text()
    told = dict(rows(section(text, "Data")))
    assert told["licence"] == "CC BY 4.0"
    assert told["samples"] == "1,298 for training, 144 for validation, 355 for test"
    assert "measured on 40 samples" in section(text, "Limits")
    result = json.loads(by_hand.release.run.result.read_text())
    accuracy = {row[0]: row[1] for row in rows(section(text, "How well it does"))}["accuracy"]
    assert accuracy == f"{result['metrics']['accuracy']:.4f}"


def test_where_only_labels_were_asked_for_no_figure_of_probabilities_is_made_up(by_hand):
    bare = replace(by_hand.release.metadata, outputs=declared(("label",), map(str, range(10))))
    release = replace(by_hand.release, metadata=bare)
    release.publish(by_hand.export, bundles=False, samples=0)
    text = (by_hand.folder / "model_card.md").read_text()
    told = {row[0]: row[2] for row in rows(section(text, "How well it does"))}
    assert told["loss"] == told["expected calibration error"] == ""
    assert told["accuracy"] == f"{by_hand.export.rows[0]['score']['accuracy']:.4f}"


def test_pictures_of_fewer_brightnesses_are_scaled():
    about = metadata(input=Input("pixels", "image", "uint8", (32, 24, 3), None, 16))
    assert (
        preprocessing.steps(about)[-1] == "Multiply by 16/255 and round, for pixels from 0 to 16."
    )


def test_images_that_no_picture_file_has_are_given_as_arrays():
    about = metadata(
        input=Input("pixels", "image", "uint8", (8, 8, 5), None, 255),
        trained_shape=(8, 8, 5),
        preprocessing=preprocessing.of(ArraysConfig.model_construct(), Pixels((8, 8, 5)), {}),
    )
    assert preprocessing.steps(about) == ["Give arrays of 5 channels: no picture format has them."]


WORDS = card_words.CardWords("apache-2.0", "Trained by **us**.\n\n### For whom\n\nfor all")


def typed(license=None, notes=None):
    return card_words.CardWords(license, notes)


def test_a_licence_and_notes_of_a_person_stand_in_it():
    text = card.render(facts(), [ROW], WORDS)
    assert yaml.safe_load(text.split("---\n", 2)[1])["license"] == "apache-2.0"
    assert section(text, "Notes").startswith(WORDS.notes)
    assert "may be used" not in section(text, "What the run does not say")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (typed(), WORDS),
        (typed(license="mit"), card_words.CardWords("mit", WORDS.notes)),
        (typed(notes=""), card_words.CardWords("apache-2.0", "")),
        (typed(license=""), card_words.CardWords("", WORDS.notes)),
    ],
)
def test_the_next_card_keeps_them_unless_others_are_typed(tmp_path, words, found):
    path = tmp_path / "model_card.md"
    path.write_text(card.render(facts(), [ROW], WORDS))
    assert card_words.of(words, path) == found


def test_what_was_written_into_the_card_by_hand_is_kept(tmp_path):
    path = tmp_path / "model_card.md"
    text = card.render(facts(), [ROW])
    text = text.replace("license: unknown", "license: mit")
    path.write_text(text.replace("## Data\n", "## Notes\nMind the cat.\n\n## Data\n"))
    assert card_words.of(typed(), path) == card_words.CardWords("mit", "Mind the cat.")


@pytest.mark.parametrize("text", ["", "---\n{\n---\n", "---\nlicense: [1]\n---\n", "## Note\n"])
def test_a_card_that_says_nothing_of_the_kind_gives_nothing(tmp_path, text):
    path = tmp_path / "model_card.md"
    path.write_text(text)
    assert card_words.of(typed(), path) == card_words.CardWords()
    assert card_words.of(typed(), tmp_path / "none.md") == card_words.CardWords()

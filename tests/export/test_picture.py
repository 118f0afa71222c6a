"""The picture of a benchmark."""

from PIL import Image

from fmtool.export import picture


def row(name, quantization, milliseconds):
    return {
        "format": name,
        "quantization": quantization,
        "size_bytes": 1_000_000,
        "latency_ms": {"1": {"p50": milliseconds}} if milliseconds else {"8": {"p50": 1.0}},
        "score": {"accuracy": 0.9},
    }


def test_it_shows_files_of_any_and_of_fixed_batches(tmp_path):
    picture.save([row("onnx", "int8", 0.2), row("torch", "none", None)], tmp_path / "a.png")
    picture.save([row("onnx", "int8", 0.2)], tmp_path / "b.png")
    with Image.open(tmp_path / "a.png") as both, Image.open(tmp_path / "b.png") as one:
        assert both.size == one.size == (1200, 450)
        assert len(set(both.convert("RGB").getdata())) > len(set(one.convert("RGB").getdata()))

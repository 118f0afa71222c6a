"""Models of OpenVINO that would do more than compute are refused before OpenVINO sees them."""

import pytest
from refusals import refusal

from fmtool.errors import DataError
from fmtool.safety import exported_file

LAYER = '<layer id="0" name="x" type="Const" version="opset1"><data offset="0" size="4"/></layer>'


@pytest.fixture
def write(tmp_path):
    def save(text, weights=b"abcd"):
        path = tmp_path / "model.xml"
        path.write_text(text)
        if weights is not None:
            path.with_suffix(".bin").write_bytes(weights)
        return path

    return save


def test_a_plain_network_passes(write):
    exported_file.check("openvino", write(f"<net><layers>{LAYER}</layers></net>"))


def test_layers_side_by_side_are_no_nesting(write):
    exported_file.check("openvino", write(f"<net><layers>{LAYER * 500}</layers></net>"))


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE net [<!ENTITY a "b">]>',
        '<!DOCTYPE net SYSTEM "file:///etc/passwd">',
        "<?x y?>",
    ],
)
def test_declarations_of_its_own_are_refused(write, declaration):
    path = write(f"{declaration}<net><layers>{LAYER}</layers></net>")
    assert refusal("openvino", path) == "XML with declarations of its own"


@pytest.mark.parametrize("version", ["extension", "", "opset", "opset1x"])
def test_a_layer_of_a_library_of_ones_own_is_refused(write, version):
    layer = LAYER.replace('version="opset1"', f'version="{version}"')
    said = refusal("openvino", write(f"<net><layers>{layer}</layers></net>"))
    assert said == f"it holds '{version}.Const', which may do more than compute"


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("<net>", b"abcd"),
        ("<other/>", b"abcd"),
        ("<net></net>", b"abcd"),
        (f"<net>{LAYER}</net>", None),
        (f"<net>{LAYER}</net>", b"abc"),
    ],
)
def test_a_damaged_one_is_bad_data(write, text, weights):
    with pytest.raises(DataError, match="is damaged"):
        exported_file.check("openvino", write(text, weights))


def test_nesting_without_end_is_refused(write):
    text = "<net>" + "<a>" * 300 + "</a>" * 300 + "</net>"
    assert refusal("openvino", write(text)) == "nested too deeply"

"""The processor as /proc/cpuinfo describes it."""

import pytest

from fmtool.errors import UsageError
from fmtool.machine.processor import automatic_threads, physical_cores, processor

X86 = "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 {flag}\n\nprocessor\t: 1\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd {flag}\nCPU implementer\t: 0x41\n"


def described(folder, text):
    path = folder / "cpuinfo"
    path.write_text(text)
    return processor(path)


@pytest.mark.parametrize(
    ("text", "flag", "expected"),
    [
        (X86, "avx512_bf16", True),
        (X86, "amx_bf16", True),
        (X86, "avx512f", False),
        (ARM, "bf16", True),
        (ARM, "sve2", False),
    ],
)
def test_bfloat16_is_told_from_the_flags_alone(tmp_path, text, flag, expected):
    assert described(tmp_path, text.format(flag=flag)).has_bfloat16 is expected


def test_a_machine_without_the_file_has_no_bfloat16(tmp_path):
    assert processor(tmp_path / "absent").has_bfloat16 is False


def test_the_digest_tells_processors_of_one_name_and_other_instructions_apart(tmp_path):
    one = described(tmp_path, X86.format(flag="avx512f"))
    other = described(tmp_path, X86.format(flag="avx512_bf16"))
    assert one.model == other.model == "Some CPU"
    assert one.digest != other.digest


def test_threads_are_as_many_as_the_environment_says_or_the_physical_cores(monkeypatch):
    monkeypatch.setenv("FMTOOL_THREADS", "3")
    assert automatic_threads() == 3
    monkeypatch.delenv("FMTOOL_THREADS")
    assert automatic_threads() == physical_cores()


@pytest.mark.parametrize("text", ["0", "-1", "many", "²"])
def test_what_is_no_number_of_threads_is_a_mistake(monkeypatch, text):
    monkeypatch.setenv("FMTOOL_THREADS", text)
    with pytest.raises(UsageError, match=f"FMTOOL_THREADS={text} is no number of threads"):
        automatic_threads()

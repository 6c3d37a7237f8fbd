"""`seq2seq completion` in a real bash, and in a real zsh where there is one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from helpers import made_once, run

from seq2seq.commands import COMMANDS
from seq2seq.data.raw import DISTRIBUTIONS
from seq2seq.model.cells import CELLS

COMPLETE = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_shtab_seq2seq "$1" "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def write(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch, (folder / "seq2seq.bash").open("w") as file:
            patch.setattr("sys.stdout", file)
            assert run("completion", "bash") == 0

    return made_once(tmp_path_factory, "completion", write) / "seq2seq.bash"


def completed(script: Path, folder: Path, *words: str) -> set[str]:
    """The completions of the last word, in bash."""
    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE, "bash", script, "seq2seq", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return {line for line in done.stdout.splitlines() if line}


def test_commands(script: Path, tmp_path: Path) -> None:
    assert completed(script, tmp_path, "") == set(COMMANDS)
    assert completed(script, tmp_path, "de") == {"decode", "demo"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["decode", "--be"], {"--beam-size"}),
        (["decode", "--format", ""], {"text", "jsonl"}),
        (["decode", "--supported", "n"], {"nothing", "numbers"}),
        (["show", "--summ"], {"--summary-column"}),
        (["score", "--mod"], {"--model"}),
        (["models", "--format", "j"], {"json"}),
        (["export", "m"], {"model"}),
        (["export", "model", "--che"], {"--checkpoint"}),
        (["report", "--ou"], {"--output"}),
        (["demo", "--po"], {"--port"}),
        (["prepare", ""], set(DISTRIBUTIONS)),
        (["prepare", "gigaword", "--fo"], {"--force"}),
        (["fit", "--model.network.cell", ""], set(CELLS)),
        (["test", "--model.search.beam"], {"--model.search.beam_size"}),
        (["completion", "z"], {"zsh"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",  # a set has no order
)
def test_options_and_names(words: list[str], expected: set[str], script: Path, tmp_path: Path) -> None:
    found = completed(script, tmp_path, *words)
    assert expected <= found
    assert all(word.startswith(words[-1]) for word in found)


@pytest.mark.parametrize(
    "words", [["decode", "--input"], ["fit", "--config"], ["show", "--checkpoint"], ["export", "model", "--output"]]
)
def test_files(words: list[str], script: Path, tmp_path: Path) -> None:
    (tmp_path / "stories.txt").touch()
    (tmp_path / "strange").mkdir()
    assert "stories.txt" in completed(script, tmp_path, *words, "st")
    assert "strange" in completed(script, tmp_path, "prepare", "gigaword", "--output", "st")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_loads_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("completion", "zsh") == 0
    (tmp_path / "_seq2seq").write_text(capsys.readouterr().out)
    load = "autoload -Uz compinit; compinit -D -u; autoload +X _seq2seq; print $_comps[seq2seq]"
    done = subprocess.run(
        ["zsh", "-f", "-c", f"fpath=({tmp_path} $fpath); {load}"], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("_seq2seq\n", "")

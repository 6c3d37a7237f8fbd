"""The command: help, version, imports, shipped configs, options of the search, and exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from helpers import TrainedRun, pairs, process, run
from parsers import training_parser

import seq2seq
from seq2seq.checkpoint import SUMMARIZATION
from seq2seq.commands import COMMANDS, decode, show
from seq2seq.commands.arguments import argument_texts, search_options
from seq2seq.decoding import SearchOptions

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = sorted(set(CONFIGS.rglob("*.yaml")) - {CONFIGS / "sweep.yaml"})  # that one is for W&B's agent


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"{seq2seq.__version__}\n"
    for argv in ([], ["--help"], ["-h"], ["help"]):
        assert run(*argv) == 0
        shown = capsys.readouterr().out
        assert all(f"  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("usage: seq2seq ")
    assert command in captured.out
    assert captured.err == ""


@pytest.mark.parametrize("words", [["help"], ["--help"], ["-h"]], ids=" ".join)
def test_help_of_a_command_by_its_name(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words, "decode") == 0
    assert capsys.readouterr().out.startswith("usage: seq2seq decode ")


def test_a_forgotten_option_for_the_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decode", "--checkpoint", "x", "stories.txt") == 1
    assert "documents are given as --input stories.txt" in capsys.readouterr().err


def test_the_package_offers_the_summarizer() -> None:
    from seq2seq import Summarizer
    from seq2seq.inference import Summarizer as same

    assert Summarizer is same
    with pytest.raises(AttributeError, match="has no attribute 'Summariser'"):
        _ = seq2seq.Summariser


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: str(file.relative_to(CONFIGS)))
def test_shipped_configs_are_what_the_command_reads(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line refuses unknown keys; the values it has read are those of the file."""
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    parser = training_parser("fit", written.get("task", SUMMARIZATION))
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["fit", "--config", str(file), "--print_config"])
    assert ended.value.code in (None, 0)
    read = yaml.safe_load(capsys.readouterr().out)

    def compare(said: object, understood: object, key: str) -> None:
        if isinstance(said, dict):
            assert isinstance(understood, dict), key
            for name, value in said.items():
                assert name in understood, f"{key}.{name}"
                compare(value, understood[name], f"{key}.{name}")
        else:
            assert understood == said, key

    compare(written, read, file.name)


def test_there_are_configs() -> None:
    assert (CONFIGS / "quickstart.yaml") in set(CONFIGS.rglob("*.yaml"))
    assert not list(CONFIGS.rglob("*.yml"))


# ---- options of the search: one for each field of SearchOptions

OTHER_THAN_DEFAULT = SearchOptions(7, 3, 0.3, 2, 9, 4, True, 50, "numbers", True, 3.0)


@pytest.mark.parametrize("command", [decode, show])
def test_every_search_option_is_an_option_of_the_command(command: ModuleType) -> None:
    paths = ["--checkpoint", "x", "--input", "y"]
    for option in fields(SearchOptions):
        value = getattr(OTHER_THAN_DEFAULT, option.name)
        assert value != option.default
        flag = f"--{option.name.replace('_', '-')}"
        args = command.parser().parse_args([*paths, *([flag] if value is True else [flag, str(value)])])
        assert getattr(args, option.name) == value
        assert isinstance(value, type(getattr(args, option.name)))
        roomy = SearchOptions(beam_size=9, max_length=20, minimum_risk=option.name == "risk_temperature")
        assert search_options(args, roomy) == replace(roomy, **{option.name: value})
    assert search_options(command.parser().parse_args(paths), OTHER_THAN_DEFAULT) == OTHER_THAN_DEFAULT
    args = command.parser().parse_args([*paths, "--no-allow-unk"])
    assert search_options(args, OTHER_THAN_DEFAULT) == replace(OTHER_THAN_DEFAULT, allow_unk=False)


def test_every_search_option_has_a_text() -> None:
    texts = argument_texts(SearchOptions)
    assert list(texts) == [option.name for option in fields(SearchOptions)]
    assert texts["beam_size"] == "hypotheses kept at each step; 1 is greedy search"
    assert all(len(text) > 20 and "  " not in text for text in texts.values())


# ---- imports that would slow down the start

HEAVY = ("torch", "lightning", "transformers", "datasets", "wandb", "gradio", "torchmetrics", "pandas")


def imported(code: str) -> set[str]:
    """The heavy libraries in memory after running code in a new process."""
    script = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True)
    return set(done.stderr.splitlines()[-1].split())


HELP = """
from seq2seq.__main__ import main
try:
    main({argv!r})
except SystemExit:
    pass
"""


@pytest.mark.parametrize(
    "argv", [["--help"], ["--version"], ["decode", "--help"], ["show", "--help"], ["decode", "--checkpoint", "unknown"]]
)
def test_help_imports_nothing_heavy(argv: list[str]) -> None:
    assert imported(HELP.format(argv=argv) + "\nprint('', file=sys.stderr)") == set()


def test_decode_imports_torch_alone(trained: TrainedRun, tmp_path: Path) -> None:
    documents = tmp_path / "documents.txt"
    documents.write_text(pairs(1)[0]["document"] + "\n")
    argv = ["decode", "--checkpoint", str(trained.best), "--input", str(documents)]
    assert imported(HELP.format(argv=argv)) == {"torch"}


# ---- as a process


def test_statuses() -> None:
    done = process("fitt")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        "seq2seq: error: unknown command 'fitt'; did you mean 'fit'? known are " + ", ".join(COMMANDS) + "\n"
    )


def test_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(argv: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("seq2seq.commands.show.main", interrupted)
    assert run("show") == 130
    assert capsys.readouterr().err == "seq2seq: error: interrupted\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_full_disk_is_one_line(trained: TrainedRun) -> None:
    command = [sys.executable, "-m", "seq2seq", "decode", "--checkpoint", str(trained.best)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command, input=b"a fire\n", stdout=full, stderr=subprocess.PIPE, timeout=300, env=os.environ
        )
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("seq2seq: error: ")
    assert "No space left" in line
    assert "Errno" not in line

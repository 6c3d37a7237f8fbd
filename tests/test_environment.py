"""Environment variables: the documented list is complete, defaults yield to the user, plugins are imported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seq2seq import environment
from seq2seq.errors import UserError

ROOT = Path(__file__).parents[1]


def documented() -> dict[str, str]:
    """Variable -> default of the table in docs/environment.md that lists our defaults; "" for an empty default."""
    text = (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| `?([^`|]*?)`? \|", text, re.M))


def test_every_variable_is_documented() -> None:
    table = documented()
    defaults = (
        environment.PROCESS
        | environment.WANDB
        | environment.RUN
        | {environment.PLUGINS: "", environment.DEMO_PASSWORD: "", environment.SERVE_TOKEN: ""}
    )
    assert {name: value for name, value in table.items() if name in defaults} == defaults


def test_no_other_module_uses_variables() -> None:
    known = {"environment.py"}
    using = {
        str(file.relative_to(ROOT / "seq2seq"))
        for file in (ROOT / "seq2seq").rglob("*.py")
        if re.search(r"\bos\.(environ|getenv|putenv)\b", file.read_text(encoding="utf-8"))
    }
    assert using <= known


def test_defaults_yield_to_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.delenv("WANDB_CONSOLE", raising=False)
    environment.prepare_training()
    assert (os.environ["WANDB_MODE"], os.environ["WANDB_CONSOLE"]) == ("online", "off")


def test_folders_are_those_of_the_run_unless_the_user_has_set_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run in the same process has its own."""
    monkeypatch.setattr(environment, "_defaults", {})
    monkeypatch.setenv("WANDB_CACHE_DIR", "mine")
    monkeypatch.delenv("WANDB_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    for folder in ("first", "second"):
        environment.prepare_run(Path(folder))
        assert os.environ["WANDB_DATA_DIR"] == str(tmp_path / folder / "wandb" / "data")
        assert os.environ["WANDB_CACHE_DIR"] == "mine"


def test_they_are_set_before_the_libraries_load() -> None:
    """prepare_process before torch, prepare_training before wandb. An error of `fit` is one line of its process."""
    script = (
        "import sys, seq2seq.environment as e\n"
        "def check(step, library):\n"
        "    original = getattr(e, step)\n"
        "    def checked():\n"
        "        print(step, library in sys.modules)\n"
        "        original()\n"
        "    setattr(e, step, checked)\n"
        "check('prepare_process', 'torch'); check('prepare_training', 'wandb')\n"
        "from seq2seq.__main__ import main\n"
        "sys.exit(main(['fit', '--config', 'missing.yaml']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["prepare_process False", "prepare_training False"], done.stderr
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("seq2seq: error: ")
    assert "missing.yaml" in line


@pytest.mark.parametrize(
    ("given", "written"),
    [("cp1252", b"\\u0906 \xfc"), ("ascii", rb"\u0906 \xfc"), ("utf-8", "आ ü".encode()), ("ascii:replace", b"? ?")],
)
def test_child_processes_escape_too(given: str, written: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the processes of a spawn strategy, which print the samples of a validation. The user's error handler stays."""
    monkeypatch.setenv("PYTHONIOENCODING", given)
    environment.escape_unencodable_output()
    child = subprocess.run([sys.executable, "-c", "print('आ ü')"], capture_output=True, check=True)
    assert child.stdout.strip() == written


def test_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first_plugin", "second_plugin"):
        (tmp_path / f"{name}.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(environment.PLUGINS, "first_plugin, second_plugin,")
    environment.import_plugins()
    assert {"first_plugin", "second_plugin"} <= set(sys.modules)
    monkeypatch.setenv(environment.PLUGINS, "no_such_plugin")
    with pytest.raises(UserError, match=r"SEQ2SEQ_PLUGINS: cannot import 'no_such_plugin'"):
        environment.import_plugins()


@pytest.mark.parametrize("command", ["decode", "show", "prepare", "fit"])
def test_every_command_imports_plugins(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from seq2seq.__main__ import main

    monkeypatch.setenv(environment.PLUGINS, "no_such_plugin")
    assert main([command, "--help"]) == 1
    assert "no_such_plugin" in capsys.readouterr().err

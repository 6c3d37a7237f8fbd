"""The wheel in a bare environment, far from the checkout: `make wheel-check` (minutes, and it installs torch)."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
SHIPPED = ("seq2seq/models/titles.ckpt", "seq2seq/configs/quickstart.yaml", "seq2seq/data/newswire/train.jsonl")
ASSETS = ("seq2seq/demo/style.css", "seq2seq/report/style.css", "seq2seq/report/attention.js")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def call(*argv: str | Path, folder: Path, stdin: str | None = None) -> str:
    """Prints a command and its output (`pytest -s` shows them), and returns its standard output."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    print("$", " ".join([Path(argv[0]).name, *map(str, argv[1:])]), flush=True)
    done = subprocess.run(
        [str(word) for word in argv], cwd=folder, env=kept, input=stdin, capture_output=True, text=True, timeout=1800
    )
    print("\n".join((done.stdout + done.stderr).splitlines()[-12:]), flush=True)
    assert done.returncode == 0
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, folder=folder)
    (built,) = folder.glob("seq2seq_headlines-*.whl")
    return built


def test_the_wheel_holds_what_the_commands_read(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    sources = {f"seq2seq/{file.relative_to(ROOT / 'seq2seq').as_posix()}" for file in ROOT.glob("seq2seq/**/*.py")}
    assert names >= {*SHIPPED, *ASSETS, *sources}
    configs = {f"seq2seq/{file.relative_to(ROOT).as_posix()}" for file in ROOT.glob("configs/**/*.yaml")}
    assert names >= configs
    assert not any(name.startswith(("tests/", "benchmarks/", "lecture/")) for name in names)


def test_training_and_decoding_in_a_bare_environment(wheel: Path, tmp_path: Path) -> None:
    """torch goes first: nothing after it may choose another one."""
    venv.create(tmp_path / "bare", with_pip=True)
    scripts = tmp_path / "bare" / ("Scripts" if sys.platform == "win32" else "bin")
    pip, seq2seq, work = scripts / "pip", scripts / "seq2seq", tmp_path / "work"
    work.mkdir()
    call(pip, "install", "--quiet", "-c", CONSTRAINTS, "torch", folder=work)
    call(pip, "install", "--quiet", "-c", CONSTRAINTS, f"{wheel}[score]", folder=work)

    where = call(scripts / "python", "-c", "import seq2seq; print(seq2seq.__file__)", folder=work)
    assert str(tmp_path / "bare") in where
    assert "titles" in call(seq2seq, "models", folder=work)
    call(seq2seq, "config", "quickstart", "--output", ".", folder=work)
    few = ["--trainer.max_steps=4", "--trainer.limit_val_batches=1", "--trainer.logger=false"]
    call(seq2seq, "fit", "--config", "configs/quickstart.yaml", *few, folder=work)
    assert (work / "runs" / "quickstart" / "best.ckpt").is_file()

    document = "Police said on Monday that a fire had destroyed a school in the north of the country .\n"
    trained = ["--checkpoint", "runs/quickstart/best.ckpt", "--device", "cpu"]
    assert call(seq2seq, "decode", *trained, folder=work, stdin=document).count("\n") == 1
    title = call(seq2seq, "decode", folder=work, stdin="We present a neural network for the summary of texts .\n")
    assert title.strip()
    (work / "references.txt").write_text(document)
    (work / "predictions.txt").write_text(document)
    assert "100.00" in call(seq2seq, "score", "references.txt", "predictions.txt", "--bleu", folder=work)
    assert '"properties"' in call(seq2seq, "schema", folder=work)
    assert "_shtab_seq2seq" in call(seq2seq, "completion", "bash", folder=work)

"""The wheel in a bare environment, far from the checkout: `make wheel-check` (minutes, and it installs torch)."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import venv
import zipfile
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
SHIPPED = ("seq2seq/models/titles.ckpt", "seq2seq/configs/quickstart.yaml", "seq2seq/data/newswire/train.jsonl")
ASSETS = ("seq2seq/demo/style.css", "seq2seq/report/style.css", "seq2seq/report/attention.js")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def outside() -> dict[str, str]:
    """The environment of a command that does not find the checkout."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def show(*argv: str | Path) -> None:
    print("$", " ".join([Path(argv[0]).name, *map(str, argv[1:])]), flush=True)


def call(*argv: str | Path, folder: Path, stdin: str | None = None) -> str:
    """Prints a command and its output (`pytest -s` shows them), and returns its standard output."""
    show(*argv)
    words = [str(word) for word in argv]
    done = subprocess.run(words, cwd=folder, env=outside(), input=stdin, capture_output=True, text=True, timeout=1800)
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


def test_the_commands_in_a_bare_environment(wheel: Path, tmp_path: Path) -> None:
    """torch goes first: nothing after it may choose another one."""
    venv.create(tmp_path / "bare", with_pip=True)
    scripts = tmp_path / "bare" / ("Scripts" if sys.platform == "win32" else "bin")
    pip, seq2seq, work = scripts / "pip", scripts / "seq2seq", tmp_path / "work"
    work.mkdir()
    call(pip, "install", "--quiet", "-c", CONSTRAINTS, "torch", folder=work)
    call(pip, "install", "--quiet", "-c", CONSTRAINTS, f"{wheel}[score,serve]", folder=work)

    where = call(scripts / "python", "-c", "import seq2seq; print(seq2seq.__file__)", folder=work)
    assert str(tmp_path / "bare") in where
    assert "titles" in call(seq2seq, "models", folder=work)
    call(seq2seq, "config", "quickstart", "--output", ".", folder=work)
    few = ["--trainer.max_steps=4", "--trainer.limit_val_batches=1", "--trainer.logger=false"]
    call(seq2seq, "fit", "--config", "configs/quickstart.yaml", *few, folder=work)
    assert (work / "runs" / "quickstart" / "best.ckpt").is_file()

    document = "Police said on Monday that a fire had destroyed a school in the north of the country .\n"
    trained = ["--checkpoint", "runs/quickstart/best.ckpt", "--device", "cpu"]
    headline = call(seq2seq, "decode", *trained, folder=work, stdin=document)
    assert headline.count("\n") == 1
    title = call(seq2seq, "decode", folder=work, stdin="We present a neural network for the summary of texts .\n")
    assert title.strip()
    (work / "references.txt").write_text(document)
    (work / "predictions.txt").write_text(document)
    assert "100.00" in call(seq2seq, "score", "references.txt", "predictions.txt", "--bleu", folder=work)
    assert '"properties"' in call(seq2seq, "schema", folder=work)
    assert "_shtab_seq2seq" in call(seq2seq, "completion", "bash", folder=work)
    assert first_headline_of_server(seq2seq, folder=work, document=document) == headline.strip()


def first_headline_of_server(seq2seq: Path, folder: Path, document: str) -> str:
    """Starts `seq2seq serve` at a free port, sends one document, and ends the server with SIGTERM.

    Asserts the status 0 at the end.
    """
    argv = [str(seq2seq), "serve", "--checkpoint", "runs/quickstart/best.ckpt", "--device", "cpu", "--port", "0"]
    show(*argv)
    process = subprocess.Popen(argv, cwd=folder, env=outside(), stderr=subprocess.PIPE, text=True)
    watch = threading.Timer(300, process.kill)
    watch.start()
    try:
        assert process.stderr is not None
        started = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", started)
        assert found, started + process.stderr.read()
        body = json.dumps({"documents": [document]}).encode()
        request = Request(f"{found[0]}/v1/headlines", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as response:
            answer = json.load(response)
        process.send_signal(signal.SIGTERM)
        ended = process.stderr.read()
        status = process.wait()
    finally:
        watch.cancel()
        process.kill()
        process.wait()
    print(f"{started}POST /v1/headlines: {json.dumps(answer)}\nSIGTERM: {ended.strip()}, status {status}", flush=True)
    assert (status, ended) == (0, "seq2seq serve: ended\n")
    return answer["results"][0]["headlines"][0]["text"]

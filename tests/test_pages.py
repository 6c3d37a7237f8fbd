"""The pages: every command is parsed or run, and every link, anchor and path leads to something that exists.

A command stands in a block ```console behind a prompt. The fast test gives its words to the parser of its own program,
in this process. The slow test runs it, as it is printed, in a folder with tiny corpora and checkpoints. `OUTSIDE` and
`ONLY_PARSED` name the exceptions with their reasons.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
from helpers import TrainedRun, pairs, run, write_jsonl
from parsers import Parsed, training_parser

from seq2seq.__main__ import COMMANDS, main
from seq2seq.commands.training_parser import chosen_value
from seq2seq.errors import UserError

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for pattern in (
        "*.md",
        "docs/**/*.md",
        "benchmarks/**/*.md",
        "data/*/README.md",
        "examples/**/*.md",
        "tests/**/*.md",
    )
    for page in ROOT.glob(pattern)
)
TRAINING = ("fit", "validate", "test", "predict")
OUTSIDE = {
    "cat": "a program of the shell",
    "echo": "a program of the shell",
    "export": "a program of the shell",
    "head": "a program of the shell",
    "mkdir": "a program of the shell",
    "source": "a program of the shell",
    "wandb": "needs an account",
    "curl": "needs a server that runs",
    "pip-audit": "needs a database on the Internet",
    "pytest": "runs this test",
}
"""Programs whose arguments are not checked, and why."""
ONLY_PARSED = {
    r"^(make|pip|pip-audit|python3 -m venv|pytest)\b": "installs packages, needs a network, or runs this test",
    r"^(source|wandb|export)\b": "changes the shell, or needs an account",
    r"^(sbatch|torchrun|configs/launch/)|--trainer.devices": "several machines or devices: tests/training",
    r"configs/gigaword\.yaml|DATA_SET": "the corpus comes from the Hub",
    r"\bseq2seq prepare (?!denoise)": "downloads, or reads an archive that others distribute: tests/data",
    r"\bseq2seq (demo|serve)\b|^curl": "a server that runs until it is stopped: tests/demo, tests/serve",
    r"\bseq2seq config .*--output \.": "the folder has a smaller corpus: tests/commands/test_config.py",
    r"--push\b": "uploads to the Hub",
    r"^python -m lecture": "writes into docs/lecture: tests/lecture",
    r"^python (benchmarks|examples|data)/": "minutes, or writes into the repository: tests/test_benchmarks.py",
}
"""Commands that the slow test does not run, as patterns, and why."""
RUN_ELSEWHERE = {"docs/extending.md": "its commands need the code of the page: tests/test_extending.py runs both"}
CONFIGS = {name: "configs/quickstart.yaml" for name in ("mine.yaml", "c.yaml", "runs/mine/config.yaml")}
"""Configs of the reader, and the file that stands for each."""
MADE = r"data/(reuters21578|reuters-denoise|gigaword|arxiv(-cl)?|congress)\b"
"""Paths that the commands of the pages make."""
EXAMPLES = {
    "seq2seq/data/corpora/xml.py": "docs/extending.md: where the reader of XML files would stand",
    "configs/published/NAME.yaml": "NAME is that of a system",
    "configs/published/small/NAME.yaml": "NAME is that of a system",
}
"""Paths in code font of files that do not exist, and why."""


class Command(NamedTuple):
    """A command of a page: without prompt and comment, its lines joined."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


# ---- the pages


def lines(page: Path) -> list[str]:
    return page.read_text(encoding="utf-8").splitlines()


def commands(page: Path) -> Iterator[Command]:
    """The commands of the blocks ```console, in the order of the page."""
    language, numbered = None, iter(enumerate(lines(page), 1))
    for number, line in numbered:
        if fence := re.match(r"\s*```(\w*)", line):
            language = fence[1] if language is None else None
        elif language == "console" and (prompt := re.match(r"\s*[\w-]*\$ (.*)", line)):
            text = prompt[1]
            while text.endswith("\\"):
                text = text[:-1] + next(numbered)[1].strip()
            yield Command(page.relative_to(ROOT).as_posix(), number, text)


def programs(text: str) -> list[list[str]]:
    """The words of each program in a line of the shell, without variables before it and redirections."""
    words = shlex.shlex(text, posix=True, punctuation_chars="|&;<>")
    words.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in words:
        if re.fullmatch(r"[|&;]+", word):
            found.append([])
        elif re.fullmatch(r"[<>&]+", word):
            next(words)
        elif found[-1] or not re.match(r"[A-Z_][A-Z0-9_]*=", word):
            found[-1].append(word)
    return [words for words in found if words]


def prose(page: Path) -> str:
    """The text of a page without its blocks of code."""
    return re.sub(r"^\s*```.*?^\s*```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def spans(page: Path) -> list[str]:
    """The texts in code font."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(page))]


# ---- the parsers


def check(words: list[str]) -> None:
    """Gives the words of a program to its own parser. Raises UserError or AssertionError if they are wrong."""
    name, *arguments = [CONFIGS.get(word, word) for word in words]
    if name in OUTSIDE:
        return
    assert name in CHECKS, f"{name}: neither parsed nor in OUTSIDE"
    CHECKS[name](arguments)


def check_seq2seq(arguments: list[str]) -> None:
    if arguments[0] in TRAINING:
        task = chosen_value(arguments[1:], "task") or "summarization"
        training_parser(arguments[0], task).parse_args(arguments)
    else:
        stopped(lambda: main(arguments), "seq2seq", arguments)


def check_python(arguments: list[str]) -> None:
    """A module, or a script of the repository. A script without a parser only has to exist."""
    if arguments[0] == "-m":
        module, *rest = arguments[1:]
        if module == "seq2seq":
            check_seq2seq(rest)
        elif module == "lecture":
            from lecture.registry import FIGURES

            stopped(lambda: runpy.run_module("lecture", run_name="__main__"), "lecture", rest)
            assert {word for word in itertools.takewhile(lambda w: w[0] != "-", rest)} <= set(FIGURES)
        else:
            assert module in ("venv", "pytest"), module
        return
    script = ROOT / arguments[0]
    if "parse_args" not in script.read_text(encoding="utf-8"):
        return
    path, modules = list(sys.path), set(sys.modules)
    sys.path.insert(0, str(script.parent))
    try:
        stopped(lambda: runpy.run_path(str(script), run_name="__main__"), str(script), arguments[1:])
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(script.parent)):
                del sys.modules[name]


def check_make(arguments: list[str]) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert {word for word in arguments if "=" not in word} <= set(targets)


def check_pip(arguments: list[str]) -> None:
    """Extras are those of the project, and files exist."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for option, value in itertools.pairwise(arguments):
        assert option not in ("-c", "-r") or (ROOT / value).is_file(), value
    for word in arguments:
        if extras := re.fullmatch(r"([\w.-]+)\[([\w,]+)\]", word):
            assert extras[1] in (".", project["name"]), word
            assert set(extras[2].split(",")) <= set(project["optional-dependencies"]), word


def check_torchrun(arguments: list[str]) -> None:
    from torch.distributed.run import get_args_parser

    parsed = get_args_parser().parse_args(arguments)
    assert parsed.module
    check_seq2seq([*parsed.training_script_args])


CHECKS: dict[str, Callable[[list[str]], None]] = {
    "seq2seq": check_seq2seq,
    "python": check_python,
    "python3": check_python,
    "make": check_make,
    "pip": check_pip,
    "torchrun": check_torchrun,
    "sbatch": lambda words: check([f"./{words[0]}", *words[1:]]),
    "./configs/launch/slurm.sh": lambda words: check_seq2seq(["fit", "--config", *words]),
    "configs/launch/torchrun.sh": lambda words: check_seq2seq(["fit", "--config", *words[2:]]),
}
"""The check of each program, a function of its arguments."""


def stopped(
    start: Callable[[], object], name: str, arguments: list[str], parse: bool = True
) -> argparse.ArgumentParser:
    """Starts a program with arguments and stops it behind its parser, which is returned. Fails if they are wrong.

    `parse`: False stops it before the arguments are parsed.
    """
    original = argparse.ArgumentParser.parse_args

    def parse_args(self: argparse.ArgumentParser, args: Any = None, namespace: Any = None) -> NoReturn:
        if parse:
            original(self, args, namespace)
        raise Parsed(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
        patch.setattr(sys, "argv", [name, *arguments])
        try:
            status = start()
        except Parsed as parsed:
            return parsed.parser
        except SystemExit as leaving:
            status = leaving.code
    raise AssertionError(f"it ended before its work, with status {status}")


def options_of(command: str) -> set[str]:
    """All options of a subcommand of `seq2seq`, and of its own subcommands."""
    if command in TRAINING:
        parser: argparse.ArgumentParser = training_parser(command, "summarization")
    else:
        parser = stopped(lambda: main([command]), "seq2seq", [], parse=False)
    return set(_options(parser))


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action.choices, dict):
            for inner in action.choices.values():
                yield from _options(inner)


# ---- tests


def test_every_command_is_accepted_by_its_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    faults, seen = [], set()
    for command in itertools.chain.from_iterable(map(commands, PAGES)):
        if command.page in RUN_ELSEWHERE:
            continue
        for words in programs(command.text):
            if tuple(words) in seen:
                continue
            seen.add(tuple(words))
            try:
                check(words)
            except (UserError, AssertionError, OSError) as error:
                faults.append(f"{command}: {str(error).splitlines()[0]} {capsys.readouterr().err.strip()}")
    assert not faults, "\n".join(faults)
    assert len(seen) > 80  # the blocks are found


def test_every_config_in_the_text_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block ```yaml is laid over a whole config."""
    monkeypatch.chdir(ROOT)
    faults, file = [], tmp_path / "block.yaml"
    for page in PAGES:
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
            file.write_text(block, encoding="utf-8")
            try:
                check_seq2seq(["fit", "--config", "configs/quickstart.yaml", "--config", str(file)])
            except UserError as error:
                faults.append(f"{page.relative_to(ROOT)}: {error}")
    assert not faults, "\n".join(faults)


def test_every_option_in_the_text_exists() -> None:
    """Commands in code font are often a part of a line, so that only their names and options can be checked."""
    faults, known = [], cache(options_of)
    for page in PAGES:
        for span in spans(page):
            if span.startswith("pip install "):
                check_pip(shlex.split(span)[1:])
            words = re.sub(r"^([A-Z_]+=\S+ )*(seq2seq )?", "", span)
            name = words.split()[0] if words.split() else ""
            if span.startswith("seq2seq ") and re.fullmatch(r"[a-z]+", name) and name not in COMMANDS:
                faults.append(f"{page.relative_to(ROOT)}: `{span}`: no command {name}")
            elif name in COMMANDS:
                options = re.findall(r"(?<![\w-])--[a-z][\w.-]*\w", words)
                unknown = [option for option in options if option not in known(name)]
                faults += [f"{page.relative_to(ROOT)}: `{span}`: no option {option}" for option in unknown]
    assert not faults, "\n".join(faults)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them: lower case, without punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", "\n".join(lines(page)), flags=re.M | re.S), re.M)
    made: list[str] = []
    for heading in headings:
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")
        made.append(f"{slug}-{made.count(slug)}" if slug in made else slug)
    return set(made)


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    faults, count = [], 0
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
            if re.match(r"https?:", target):
                continue
            count += 1
            file, _, anchor = target.partition("#")
            found = page if not file else (page.parent / file).resolve()
            if not found.exists() or (anchor and anchor not in anchors(found)):
                faults.append(f"{page.relative_to(ROOT)}: {target}")
    assert not faults, "\n".join(faults)
    assert count > 100


def test_every_path_in_code_font_exists() -> None:
    """A path begins with a folder of the repository, or of the package."""
    folders = {path.name for path in (*ROOT.iterdir(), *(ROOT / "seq2seq").iterdir()) if path.is_dir()} - {"runs"}
    faults = []
    for page in PAGES:
        for span in spans(page):
            if not re.fullmatch(r"[\w-]+/[\w./*-]*", span) or span.split("/")[0] not in folders:
                continue
            if re.match(MADE, span) or span in EXAMPLES:
                continue
            if not any(any(base.glob(span.rstrip("/"))) for base in (ROOT, ROOT / "seq2seq")):
                faults.append(f"{page.relative_to(ROOT)}: `{span}`")
    assert not faults, "\n".join(faults)


def test_exceptions_are_in_use() -> None:
    texts = [command.text for page in PAGES for command in commands(page)]
    assert all(any(re.search(pattern, text) for text in texts) for pattern in ONLY_PARSED)
    named = {words[0] for text in texts for words in programs(text)}
    assert named >= set(OUTSIDE)
    assert {span for page in PAGES for span in spans(page)} >= set(EXAMPLES)


def test_the_readme_is_short() -> None:
    assert len(lines(ROOT / "README.md")) <= 150


def test_the_python_of_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 1
    exec(compile(blocks[0], "README.md", "exec"), {})
    first, second = ast.literal_eval(capsys.readouterr().out)
    assert "graph" in first.lower()
    assert first != second


# ---- runs


def tiny_folder(folder: Path, learnt: TrainedRun) -> None:
    """Makes a folder in which the commands find their files: tiny corpora, checkpoints, texts and predictions."""
    shutil.copytree(ROOT / "configs", folder / "configs")
    for name, file in CONFIGS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / name)
    for name in ("newswire", "translation", "sentiment", "entities"):
        for split in ("train", "validation", "test"):
            text = (ROOT / "data" / name / f"{split}.jsonl").read_text(encoding="utf-8")
            target = folder / "data" / name / f"{split}.jsonl"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("".join(text.splitlines(keepends=True)[:32]), encoding="utf-8")
    shutil.copy(ROOT / "data" / "abstracts.jsonl", folder / "data")
    for name in ("reuters21578", "arxiv", "congress"):
        for split in ("train", "validation", "test"):
            write_jsonl(folder / "data" / name / f"{split}.jsonl", pairs(32))
    for file in ("train.jsonl", "validation.jsonl", "test.jsonl", "abstracts.jsonl"):
        write_jsonl(folder / file, pairs(8))
    documents, summaries = ([pair[key] for pair in pairs(8)] for key in ("document", "summary"))
    for file in ("stories.txt", "documents.txt"):
        (folder / file).write_text("\n".join(documents) + "\n", encoding="utf-8")
    for file in ("references.txt", "ours.txt", "theirs.txt", "a.txt", "b.txt", "c.txt", "d.txt"):
        (folder / file).write_text("\n".join(summaries) + "\n", encoding="utf-8")
    (folder / "stories.csv").write_text("text\n" + "".join(json.dumps(text) + "\n" for text in documents))
    predictions = [{"document": d, "reference": s, "prediction": s} for d, s in zip(documents, summaries, strict=True)]
    for name in ("a", "b", "best", "second", "third"):
        write_jsonl(folder / name / "predictions.jsonl", predictions)
    for name in ("quickstart", "reuters21578", "mine", "new", "old"):
        shutil.copytree(learnt.folder, folder / "runs" / name, dirs_exist_ok=True)
    for file in ("a.ckpt", "b.ckpt", "c.ckpt", "best.ckpt", "run/best.ckpt"):
        (folder / file).parent.mkdir(exist_ok=True)
        shutil.copy(learnt.best, folder / file)


def short(steps: int) -> str:
    """The options of a training of some steps."""
    return f"--trainer.max_steps {steps} --trainer.accelerator cpu --trainer.limit_val_batches 1"


def tiny(text: str) -> str:
    """The command with the options of a short training."""
    if not re.search(r"\bseq2seq +fit\b", text):
        return text
    text = re.sub(r"(every_n_train_steps) \d+", r"\1 1", text.split(" #")[0])
    return f"{text} {short(5)}"


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any(commands(page))], ids=lambda page: page.stem)
def test_the_commands_run_as_they_are_printed(
    page: Path,
    trained: TrainedRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One after the other, in one folder: a lone `seq2seq` in this process, which has its libraries, others by bash."""
    name = page.relative_to(ROOT).as_posix()
    if name in RUN_ELSEWHERE:
        pytest.skip(RUN_ELSEWHERE[name])
    tiny_folder(tmp_path / "folder", trained)
    monkeypatch.chdir(tmp_path / "folder")
    start = tmp_path / "bin" / "seq2seq"
    start.parent.mkdir()
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m seq2seq "$@"\n')
    start.chmod(0o755)
    monkeypatch.setenv("PATH", f"{start.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("HOME", str(tmp_path))  # some commands write there
    faults = []
    for command in commands(page):
        if any(re.search(pattern, command.text) for pattern in ONLY_PARSED):
            continue
        text = tiny(command.text)
        if resumed := re.search(r"configs/(\w+)\.yaml --resume auto", text):
            for file in Path("runs", resumed[1]).glob("*.ckpt"):  # of a run with another corpus
                file.unlink()
            assert run("fit", "--config", f"configs/{resumed[1]}.yaml", *short(3).split()) == 0
        if text.startswith("seq2seq ") and not re.search(r"[|<>;]", text):
            status, error = run(*shlex.split(text, comments=True)[1:]), capsys.readouterr().err
        else:
            bash = ["bash", "-o", "pipefail", "-c", text]
            done = subprocess.run(bash, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
            status, error = done.returncode, done.stderr
        if status:
            faults.append(f"{command}: {error.strip()[-600:]}")
    assert not faults, "\n".join(faults)

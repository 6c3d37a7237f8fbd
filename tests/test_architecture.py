"""The direction of the imports, read from the source: see docs/architecture.md."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

import seq2seq

ROOT = Path(seq2seq.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# From the top down: a file imports only from rows below its own, or from its own room.
LAYERS = [
    ["__main__"],
    ["api"],
    ["commands"],
    ["training", "demo", "serve", "export_onnx"],
    ["labelling", "report", "hub"],
    ["inference", "web"],
    ["checkpoint", "explanation"],
    ["decoding", "scoring", "data", "model"],
    ["ops"],
    ["batch", "progress", "shipped", "example_files", "token_rouge", "markup"],
    ["hub_folder"],
    ["files", "options"],
    ["environment"],
    ["errors", "entities"],
    [""],  # the package itself: its version
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
MAY_IMPORT = {
    "lightning": {"api", "commands", "training"},
    "wandb": {"commands", "training"},
    "datasets": {"training", "data"},
    "jsonargparse": {"commands", "training"},
    "gradio": {"demo"},
    "onnxruntime": {"export_onnx"},
    "fastapi": {"demo", "serve"},
    "prometheus_client": {"serve"},
    "uvicorn": {"web"},
    "numba": {"ops"},
    "llvmlite": {"ops"},
    "transformers": {"data", "training", "hub"},
    "rouge_score": {"scoring"},
}


def room(file: Path) -> str:
    """The first name below the package: `commands` of commands/fit.py, "" of __init__.py."""
    name = file.relative_to(ROOT).parts[0].removesuffix(".py")
    return "" if name == "__init__" else name


@cache
def imports(file: Path) -> list[str]:
    """The absolute dotted names that a file imports, wherever in it."""
    return list(imported_names(file.read_text(encoding="utf-8"), file.relative_to(ROOT).parent.parts))


def imported_names(source: str, folders: Sequence[str]) -> Iterator[str]:
    """The same for the text of a module in some folders below the package."""
    package = ["seq2seq", *folders]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            # `from . import errors` names a module, `from .errors import UserError` an object in one
            yield from (".".join([*module, alias.name]) for alias in node.names)


def own(name: str) -> str:
    """Of a name in our package the first part below it, "" for names of the package itself."""
    first = name.split(".")[1]
    return first if first in RANK else ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_downwards(file: Path) -> None:
    here = room(file)
    assert here in RANK, f"{here} has no place in the list of layers"
    for name in imports(file):
        if name.split(".")[0] == "seq2seq":
            there = own(name)
            if (here, there) in (("", "inference"), ("", "api")):  # at the first use of seq2seq.Summarizer and train
                continue
            assert here == there or RANK[there] > RANK[here], f"{here} imports {name}, which is not below it"


@pytest.mark.parametrize("library", MAY_IMPORT)
def test_libraries_are_imported_only_where_they_belong(library: str) -> None:
    using = {room(file) for file in FILES for name in imports(file) if name.split(".")[0] == library}
    assert using <= MAY_IMPORT[library]


@pytest.mark.parametrize("file", sorted((ROOT / "model").rglob("*.py")), ids=lambda file: file.name)
def test_the_network_asks_for_no_device(file: Path) -> None:
    """Kernels, kinds of device and autocast belong to `ops`."""
    source = file.read_text(encoding="utf-8")
    for word in ("device.type", "is_cuda", "autocast", "num_threads", "kernels", '"cpu"', '"cuda"'):
        assert word not in source.replace("compiled loop", ""), f"{file.name} asks for {word}"


def test_the_check_sees_every_kind_of_import() -> None:
    text = "import wandb.sdk\nfrom .. import errors\nfrom ..model import encoder\nfrom .corpora import load_split\n"
    text += "def function():\n    from seq2seq.training.module import SummarizerModule\n"
    found = list(imported_names(text, ("data",)))
    assert found == [
        "wandb.sdk",
        "seq2seq.errors",
        "seq2seq.model.encoder",
        "seq2seq.data.corpora.load_split",
        "seq2seq.training.module.SummarizerModule",
    ]
    assert [own(name) for name in found[1:]] == ["errors", "model", "data", "training"]


def test_the_picture_in_the_docs_is_that_of_the_source() -> None:
    docs = ROOT.parent / "docs"
    spec = importlib.util.spec_from_file_location("rooms", docs / "rooms.py")
    assert spec is not None
    assert spec.loader is not None
    rooms = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rooms)
    page = (docs / "architecture.md").read_text(encoding="utf-8")
    assert f"```\n{rooms.picture()}\n```" in page, "run `python docs/rooms.py`"
    assert len(page.splitlines()) <= 120

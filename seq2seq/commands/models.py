"""`seq2seq models`: the models that ship with the package, and their cards."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from seq2seq.shipped import NO_MODEL, Card, marked_models, shipped_model, shipped_models

from .arguments import Parser


def parser() -> Parser:
    p = Parser(
        prog="seq2seq models",
        description="List the models that ship with seq2seq, or print the card of one: data, licence, figures, limits. "
        "Their names serve wherever a checkpoint is given.",
    )
    p.add_argument("name", nargs="?", metavar="NAME", help="the model whose card is printed")
    p.add_argument("--format", default="text", choices=("text", "json"), help="text (default) or JSON")
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq models`. Returns the exit status; raises UserError on bad arguments or an unknown name."""
    args = parser().parse_args(argv)
    if args.name:
        described = describe(args.name)
        print(json.dumps(described, indent=2) if args.format == "json" else card_text(described))
        return 0
    models = [describe(name) for name in shipped_models()]
    if args.format == "json":
        print(json.dumps(models, indent=2))
    elif models:
        print_table(models)
    else:
        print(f"{NO_MODEL}; `seq2seq fit` trains one")
    return 0


def describe(name: str) -> dict[str, Any]:
    """The card of a model, with its name, its file and the size of that file, as values of JSON."""
    file = shipped_model(name)
    megabytes = round(file.stat().st_size / 1e6, 1)
    card = asdict(Card.read(name)) | {"default": name in marked_models()}
    return {"name": name, "file": str(file), "megabytes": megabytes, **card}


def print_table(models: list[dict[str, Any]]) -> None:
    """Prints one line for each model."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from .console import new_console, plain

    console = new_console()
    scores = list(dict.fromkeys(score for model in models for score in model["figures"]))
    table = Table("model", "writes", "language", *scores, "size", "licence", box=SIMPLE_HEAD)
    for model in models:
        figures = [f"{model['figures'][score]['value']:.1f}" if score in model["figures"] else "" for score in scores]
        size = f"{model['megabytes']} MB"
        name = f"{model['name']} (default)" if model["default"] else model["name"]
        cells = [name, model["title"], model["language"], *figures, size, model["licence"]]
        table.add_row(*(plain(cell, console) for cell in cells))
    console.print(table)
    console.print(plain("`seq2seq models NAME` prints the whole card.", console))


def card_text(model: dict[str, Any]) -> str:
    """A card as lines of text."""
    figures = [f"{name} {f['value']:.2f} ({f['low']:.2f} to {f['high']:.2f})" for name, f in model["figures"].items()]
    parts = {
        "title": model["title"],
        "description": model["description"],
        "language": model["language"],
        "corpus": model["corpus"],
        "licence": model["licence"],
        "figures": [*figures, f"95 % intervals in brackets; {model['evaluation']}"],
        "limits": model["limits"],
        "training": [*model["training"], f"seed {model['seed']}"],
        "size": f"{model['parameters']:,} parameters, {model['megabytes']} MB",
        "file": model["file"],
        "default": "yes" if model["default"] else "no",
    }
    lines = [model["name"]]
    for label, part in parts.items():
        first, *rest = [part] if isinstance(part, str) else part
        lines += [f"  {label + ':':13}{first}", *(f"{'':15}{line}" for line in rest)]
    return "\n".join(lines)

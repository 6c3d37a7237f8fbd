"""`seq2seq config`: the configs that ship with the package, and the corpora that they name."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from seq2seq.errors import UserError
from seq2seq.example_files import corpora_of, shipped_config, shipped_configs
from seq2seq.files import user_path

from .arguments import Parser


def parser() -> Parser:
    p = Parser(
        prog="seq2seq config",
        description="List the configs that ship with seq2seq, print one, or copy it with its corpus: after "
        "`seq2seq config quickstart --output .` the command `seq2seq fit --config configs/quickstart.yaml` runs.",
    )
    p.add_argument("name", nargs="?", metavar="NAME", help="the config, for example quickstart")
    p.add_argument(
        "--output",
        metavar="DIR",
        type=user_path,
        help="write configs/NAME.yaml, and the corpus that it names, into this folder instead of printing the config",
    )
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq config`. Returns the exit status; raises UserError on bad arguments or an unknown name."""
    args = parser().parse_args(argv)
    if args.name is None:
        if args.output:
            raise UserError("--output has no effect without the name of a config; `seq2seq config` lists the names")
        for name, file in shipped_configs().items():
            print(f"{name:32} {first_comment(file)}")
        return 0
    file = shipped_config(args.name)
    text = file.read_text(encoding="utf-8")
    if args.output:
        copy(file, text, args.output)
        return 0
    sys.stdout.write(text)
    if corpora_of(text):
        print("seq2seq config: its corpus ships too; --output DIR writes both into a folder", file=sys.stderr)
    return 0


def first_comment(file: Path) -> str:
    """The first line of a config, if it is a comment."""
    first = file.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ") if first.startswith("#") else ""


def copy(file: Path, text: str, folder: Path) -> None:
    """Copies a config and its corpora into a folder. Raises UserError if a file is there already."""
    configs = next(parent for parent in file.parents if parent.name == "configs")
    target = folder / "configs" / file.relative_to(configs)
    copies = {file: target} | {
        split: folder / "data" / corpus.name / split.name
        for corpus in corpora_of(text)
        for split in sorted(corpus.glob("*.jsonl"))
    }
    for source, copied in copies.items():
        if copied.exists() and copied.read_bytes() != source.read_bytes():
            raise UserError(f"{copied} exists and differs from the file that ships; remove it, or name another folder")
    for source, copied in copies.items():
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copied)
        print(copied)

"""Pairs for pre-training that need no headlines: the first sentence of a document, and the document without it."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

from ...errors import UserError
from ..splits import Split
from .distribution import Distribution, Report, corpus_writer, refuse_existing
from .prepared import FILES, read_pairs

MIN_WORDS = 3
"""A sentence of fewer words is no target: it is taken together with the next one."""
ABBREVIATIONS = frozenset(
    [
        *("mr", "mrs", "ms", "dr", "prof", "sen", "rep", "gov", "gen", "col", "lt", "sgt", "st", "jr", "sr"),
        *("co", "corp", "inc", "ltd", "bros", "dept", "est", "no", "vs", "etc", "fig", "al"),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
    ]
)
"""Words before a full stop that ends no sentence."""

_STOP = re.compile(r"(?P<mark>[.!?]+)[\"'”’)\]]*\s+|[。！？]+[」』”’）]*\s*")


def prepare_denoise(
    train: Sequence[Path],
    output: Path,
    validation: Sequence[Path] = (),
    test: Sequence[Path] = (),
    max_words: int = 20,
    gap: float = 0.5,
    drop: float = 0.1,
    distance: int = 3,
    seed: int = 1,
    force: bool = False,
) -> Report:
    """Writes (document without its first sentence, first sentence) for each document; the summaries are not used.

    With the probability `gap` the sentence is removed (gap sentences: Zhang et al. 2020, section 3.1). Otherwise, and
    where nothing else would be left, it stays with noise: words are dropped and change places (Lample et al. 2018,
    section 2.3).

    Args:
        train, validation, test: the files of each split.
        max_words: the first sentence is cut to this number of words, as target.
        drop: the probability that a word is dropped.
        distance: the number of places that a word can move, at most.
        seed: of all random choices.

    Raises UserError for a value outside its limits, a wrong file and existing output.
    """
    for option, value, fits in (
        ("max-words", max_words, max_words >= MIN_WORDS),
        ("gap", gap, 0 <= gap <= 1),
        ("drop", drop, 0 <= drop < 1),
        ("distance", distance, distance >= 0),
    ):
        if not fits:
            limits = {"max-words": f"at least {MIN_WORDS}", "gap": "0 to 1", "drop": "0 to less than 1"}
            raise UserError(f"--{option}: {value} is outside the limits; give {limits.get(option, 'at least 0')}")
    refuse_existing(output, force)
    files: dict[Split, Sequence[Path]] = {"train": train, "validation": validation, "test": test}
    left_out = {"fewer_than_three_words": 0}
    with corpus_writer(output) as writer:
        for split, paths in files.items():
            generator = random.Random(f"{seed} {split}")
            for document, _ in read_pairs(split, paths):
                sentence, rest = split_first_sentence(document)
                words = sentence.split()
                if len(words) < MIN_WORDS:
                    left_out["fewer_than_three_words"] += 1
                    continue
                kept = [] if rest and generator.random() < gap else noised(words, drop, distance, generator)
                writer.write(split, " ".join([*kept, rest]).strip(), " ".join(words[:max_words]))
        return writer.report("denoise", ", ".join(map(str, train)), left_out, {})


def split_first_sentence(text: str) -> tuple[str, str]:
    """The first sentence of at least `MIN_WORDS` words, and the rest of the text (empty if there is none).

    A mark ends a sentence, with two exceptions: it follows an abbreviation or a single letter; or, in a text with
    capitals, a small letter follows it.
    """
    text = text.strip()
    has_capitals = text != text.lower()
    for stop in _STOP.finditer(text):
        before, after = text[: stop.start()].split(), text[stop.end() :]
        if stop["mark"]:
            last = before[-1].lower().strip("\"'“‘([") if before else ""
            initials = last[:1].isalpha() and (len(last) == 1 or "." in last)  # J. Smith, U.S. Steel
            if stop["mark"] == "." and (initials or last in ABBREVIATIONS):
                continue
            if (has_capitals and after[:1].islower()) or len(before) < MIN_WORDS:
                continue
        return text[: stop.end()].strip(), after
    return text, ""


def noised(words: Sequence[str], drop: float, distance: int, generator: random.Random) -> list[str]:
    """A part of the words (at least one), each at most `distance` places from its place among these words."""
    kept = [word for word in words if generator.random() >= drop] or [generator.choice(words)]
    places = [place + generator.uniform(0, distance + 1) for place in range(len(kept))]
    return [word for _, word in sorted(zip(places, kept, strict=True), key=lambda pair: pair[0])]


DENOISE = Distribution(
    help="pairs for pre-training from any corpus: its documents and their first sentences",
    description="""\
Pairs for pre-training from the documents of any corpus; its summaries are not used. The target is the first sentence of
a document. The document loses this sentence (gap sentences: Zhang et al. 2020) or keeps it with noise: words are
dropped and change places (Lample et al. 2018). docs/corpora.md has the commands of pre-training and fine-tuning.""",
    example="seq2seq prepare denoise --train data/news/train.jsonl --validation data/news/validation.jsonl "
    "--output data/news-denoise",
    arguments=FILES
    | {
        "--max-words": {"type": int, "default": 20, "metavar": "N", "help": "words of a target, at most (default: 20)"},
        "--gap": {
            "type": float,
            "default": 0.5,
            "metavar": "P",
            "help": "probability that the first sentence is removed; the others have noise (default: 0.5)",
        },
        "--drop": {
            "type": float,
            "default": 0.1,
            "metavar": "P",
            "help": "noise: probability that a word is dropped (default: 0.1)",
        },
        "--distance": {
            "type": int,
            "default": 3,
            "metavar": "N",
            "help": "noise: places that a word can move, at most (default: 3)",
        },
        "--seed": {"type": int, "default": 1, "metavar": "N", "help": "seed of the random choices (default: 1)"},
    },
    prepare=prepare_denoise,
)

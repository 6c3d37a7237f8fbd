"""The headline of the most similar training document, put before each document: a second source for the pointer."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from ...errors import UserError
from ...progress import Progress
from ..splits import Split
from .distribution import Distribution, Report, corpus_writer, refuse_existing
from .prepared import FILES, read_pairs

MIN_COMMON, COMMON_SHARE = 1000, 0.1
"""A word in more documents than both this number and this share of all is a stop word. It would cost most of the time,
and hardly change the order."""

_WORD = re.compile(r"\w+")


class Index:
    """An inverted index of N documents with the scores of BM25 (Robertson and Zaragoza 2009, equation 3.15).

        score(q, d) = sum over the distinct words w of q of  idf(w) f (k + 1) / (f + k (1 - b + b |d| / mean length))
        idf(w) = log(1 + (N - n + 1/2) / (n + 1/2))

    f is the number of w in d, and n the number of documents with w. The 1 in idf keeps it positive.

    Args:
        documents: the words of each document.
        k: how fast a repeated word loses weight.
        b: how much a long document loses.
    """

    def __init__(self, documents: Iterable[Sequence[str]], k: float = 1.2, b: float = 0.75) -> None:
        rows: defaultdict[str, array[int]] = defaultdict(lambda: array("i"))
        counts: defaultdict[str, array[int]] = defaultdict(lambda: array("i"))
        lengths = array("i")
        for row, words in enumerate(documents):
            lengths.append(len(words))
            for word, count in Counter(words).items():
                rows[word].append(row)
                counts[word].append(count)
        self.size = len(lengths)
        length = np.asarray(lengths, np.float64)
        norm = k * (1 - b + b * length / max(float(length.mean()), 1.0)) if self.size else length
        self._postings: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for word, found in rows.items():
            n = len(found)
            if n > max(MIN_COMMON, COMMON_SHARE * self.size):
                continue
            places, f = np.asarray(found, np.int32), np.asarray(counts[word], np.float64)
            idf = np.log1p((self.size - n + 0.5) / (n + 0.5))
            self._postings[word] = places, (idf * f * (k + 1) / (f + norm[places])).astype(np.float32)

    def scores(self, words: Iterable[str]) -> np.ndarray:
        """The score of each document [N] for the distinct words of a text."""
        scores = np.zeros(self.size, np.float32)
        for word in dict.fromkeys(words):  # in the order of the text, so that rounding is always the same
            if word in self._postings:
                rows, weights = self._postings[word]
                scores[rows] += weights  # no document stands twice in `rows`
        return scores

    def best(self, words: Iterable[str], excluded: Collection[int] = ()) -> int | None:
        """The first one of the documents with the highest score, without the `excluded` ones; None if no other document
        has a word of the text."""
        scores = self.scores(words)
        scores[list(excluded)] = 0
        row = int(scores.argmax()) if self.size else 0
        return row if self.size and scores[row] > 0 else None


def words_of(document: str, limit: int) -> list[str]:
    """The first `limit` words in small letters, without punctuation."""
    return [match[0] for match, _ in zip(_WORD.finditer(document.lower()), range(limit), strict=False)]


def prepare_neighbours(
    train: Sequence[Path],
    output: Path,
    validation: Sequence[Path] = (),
    test: Sequence[Path] = (),
    separator: str = "|",
    max_words: int = 100,
    force: bool = False,
) -> Report:
    """Writes each pair with the document `HEADLINE SEPARATOR DOCUMENT`, where HEADLINE is that of the most similar
    training document by BM25 (retrieval: Cao et al. 2018; Wang et al. 2019). The key `neighbour` holds it alone.

    A document of the training split is never its own neighbour, nor is one with the same text. Without a neighbour the
    document is `SEPARATOR DOCUMENT`. The neighbours of all splits are training documents.

    Args:
        train, validation, test: the files of each split; in `test` summaries may be missing.
        separator: a text that the tokenizer keeps as one word.
        max_words: words of a document that count for the comparison.

    Raises UserError for a value outside its limits, a wrong file and existing output.
    """
    if not separator.strip():
        raise UserError("--separator: an empty text separates nothing; give a mark such as |")
    if max_words < 1:
        raise UserError(f"--max-words: {max_words} is too small; give at least 1")
    refuse_existing(output, force)
    pairs = list(read_pairs("train", train))
    index = Index(words_of(document, max_words) for document, _ in pairs)
    same: defaultdict[str, list[int]] = defaultdict(list)
    for row, (document, _) in enumerate(pairs):
        same[document].append(row)
    with corpus_writer(output) as writer:

        def write(split: Split, document: str, summary: str | None) -> None:
            excluded = same.get(document, []) if split == "train" else []
            row = index.best(words_of(document, max_words), excluded)
            neighbour = "" if row is None else pairs[row][1] or ""
            writer.write(split, f"{neighbour} {separator} {document}".strip(), summary, {"neighbour": neighbour})

        with Progress("searching train", len(pairs)) as progress:
            for document, summary in pairs:
                write("train", document, summary)
                progress.update(1)
        others: dict[Split, Sequence[Path]] = {"validation": validation, "test": test}
        for split, paths in others.items():
            for document, summary in read_pairs(split, paths, labelled=split != "test"):
                write(split, document, summary)
        return writer.report("neighbours", ", ".join(map(str, train)), {}, {})


NEIGHBOURS = Distribution(
    help="any corpus, with the headline of the most similar training document before each document",
    description="""\
Any corpus with the headline of the most similar training document before each document, so that the pointer can copy
from it (Cao et al. 2018; Wang et al. 2019). The similarity is BM25. Raise data.max_document_tokens by the length of a
headline. A model that is trained on the output needs documents of the same form: for new documents give them as --test,
beside the same --train, and decode test.jsonl of the output.""",
    example="seq2seq prepare neighbours --train data/news/train.jsonl --validation data/news/validation.jsonl "
    "--test data/news/test.jsonl --output data/news-neighbours",
    arguments=FILES
    | {
        "--separator": {
            "default": "|",
            "metavar": "TEXT",
            "help": "the text between headline and document (default: |)",
        },
        "--max-words": {
            "type": int,
            "default": 100,
            "metavar": "N",
            "help": "words of a document that count for the comparison (default: 100)",
        },
    },
    prepare=prepare_neighbours,
)

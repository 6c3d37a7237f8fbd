"""Predictions with their documents: copied words marked, and the attention of each word of a headline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seq2seq.scoring import KINDS, normalized_words

from ..markup import Element, cut, element
from .mistakes import MISTAKES, wrong_words
from .run import Prediction, Run, Sample

MAX_DOCUMENT, MAX_HEADLINE, MAX_WORD = 900, 300, 60
"""Characters of a document, of a headline and of a word that the page shows."""
MAX_PIECES = 250
"""Tokens of a document that the page shows with their attention."""
NAMED = 3
"""Words of the document that the title of a headline's word names."""
COPIED, FAINT = 0.5, 0.02
"""A word was copied if this probability is exceeded; a smaller attention is not shown."""


class Word(NamedTuple):
    """A word of a headline as the page shows it.

    Args:
        attention: the largest weights by position in the document.
        copied: the probability that it was copied; None if it is unknown.
    """

    text: str
    attention: dict[int, float]
    copied: float | None = None


def samples_section(run: Run, count: int) -> Element | None:
    """Some predictions at equal distances, if possible those with attention. None without predictions."""
    if not run.predictions or not count:
        return None
    total = len(run.predictions)
    rows = run.samples or range(total)
    chosen = sorted({min(rows, key=lambda row: abs(row - i * total // count)) for i in range(count)})
    text = f"{len(chosen)} of {total:,} {run.split} documents, at about equal distances."
    return element(
        "section",
        element("h2", "Samples"),
        element("p", text, class_="note"),
        [example(run, row) for row in chosen],
        id="samples",
    )


def legend(run: Run) -> Element:
    """The meaning of the marks."""
    how = "The network took it from the document." if _knows_copies(run) else "The document has the word."
    hover = "Point at a word of a headline: the document shows the attention of that word. The Tab key works too."
    return element(
        "p",
        element("span", element("b", "copied", class_="w copied"), f" {how} "),
        element("span", element("b", "own", class_="w"), " Any other word. "),
        element("span", element("b", "doubtful", class_="w wrong"), " A kind of mistake names the word. "),
        hover if run.samples else None,
        class_="legend marks",
    )


def example(run: Run, row: int) -> Element:
    """One prediction with its scores, its reference and its document."""
    prediction, sample = run.predictions[row], run.samples.get(row)
    words = headline_words(prediction, sample)
    wrong = wrong_words(prediction, [word.text for word in words])
    scores = [
        element("span", f"ROUGE-{kind.removeprefix('rouge')} ", element("b", f"{100 * score:.0f}"))
        for kind, score in zip(KINDS, run.scores[row].tolist(), strict=True)
    ]
    shown = [[_word(word, sample, wrong.get(position)), " "] for position, word in enumerate(words)]
    return element(
        "article",
        element("div", element("span", f"no. {row + 1:,}", class_="row"), scores, class_="scores"),
        element("p", shown or element("em", "no headline"), class_="headline", dir="auto"),
        element("p", cut(prediction.reference, MAX_HEADLINE) or element("em", "none"), class_="reference", dir="auto"),
        _document(prediction, sample),
        class_="card example",
    )


def headline_words(prediction: Prediction, sample: Sample | None) -> list[Word]:
    """The words of a headline: those between blanks, with the mean attention of their tokens if it is known."""
    if sample is None:
        known = set(normalized_words("auto", [prediction.document])[0])
        parts = cut(prediction.text, MAX_HEADLINE).split()
        return [Word(part, {}, float(_is_known(part, known))) for part in parts]
    groups: list[list[int]] = []
    for position, piece in enumerate(sample.headline):
        if not groups or piece[:1].isspace():
            groups.append([])
        groups[-1].append(position)
    words = [_join(sample, group) for group in groups]
    return [word for word in words if word.text]


def _is_known(word: str, known: set[str]) -> bool:
    (parts,) = normalized_words("auto", [word])
    return bool(parts) and known.issuperset(parts)


def _join(sample: Sample, group: Sequence[int]) -> Word:
    """The word of some tokens of a headline."""
    attention: dict[int, float] = {}
    for position in group:
        for place, weight in sample.attention[position]:
            attention[place] = attention.get(place, 0.0) + weight / len(group)
    text = "".join(sample.headline[position] for position in group).strip()
    copied = sum(sample.copied[position] for position in group) / len(group) if sample.copied else None
    return Word(text, {place: weight for place, weight in attention.items() if weight >= FAINT}, copied)


def _knows_copies(run: Run) -> bool:
    return any(sample.copied for sample in run.samples.values())


def _word(word: Word, sample: Sample | None, fault: str | None) -> Element:
    """A word with its marks. Its title tells them in words."""
    told = [fault] if fault else []
    if sample and word.copied is not None:
        told.append(f"Copied with probability {word.copied:.0%}.")
    largest = sorted(word.attention.items(), key=lambda pair: -pair[1])
    if sample and largest:
        named = [f"{sample.document[place].strip()} {weight:.0%}" for place, weight in largest[:NAMED]]
        told.append(f"Attention: {', '.join(named)}.")
    marks = ["w", "copied" * ((word.copied or 0) > COPIED), "wrong" * bool(fault)]
    return element(
        "span",
        cut(word.text, MAX_WORD),
        class_=" ".join(filter(None, marks)),
        title=" ".join(told) or None,
        tabindex=0 if word.attention else None,
        data_attention=" ".join(f"{place}:{weight:.2f}" for place, weight in largest if place < MAX_PIECES) or None,
    )


def _document(prediction: Prediction, sample: Sample | None) -> Element:
    if sample is None:
        return element("p", cut(prediction.document, MAX_DOCUMENT), class_="document", dir="auto")
    shown = sample.document[:MAX_PIECES]
    pieces = [[" " * piece[:1].isspace(), element("i", cut(piece.strip(), MAX_WORD))] for piece in shown]
    left_out = "…" if len(sample.document) > len(shown) else None
    return element("p", pieces, left_out, class_="document", dir="auto")


def mistakes_section(run: Run, rows: dict[str, list[int]], shares: dict[str, str], count: int) -> Element | None:
    """The lowest scores, then each kind of mistake with its share and its worst examples."""
    if not run.predictions:
        return None
    means = run.scores.mean(axis=1).tolist()

    def worst(of: Sequence[int]) -> list[int]:
        return sorted(of, key=lambda row: (means[row], row))[:count]

    everything = [row for row, p in enumerate(run.predictions) if p.document.strip() and p.reference.strip()]
    kinds = [
        element(
            "details",
            element(
                "summary",
                element("b", MISTAKES[name].title),
                element("span", f"{len(found):,} · {shares[name]}", class_="share"),
                _bar(len(found) / len(run.predictions)),
            ),
            element("p", MISTAKES[name].text, class_="note"),
            [example(run, row) for row in worst(found)],
            class_="kind",
        )
        for name, found in sorted(rows.items(), key=lambda item: -len(item[1]))
        if found
    ]
    absent = [MISTAKES[name].title.lower() for name, found in rows.items() if not found]
    return element(
        "section",
        element("h2", "Errors, worst first"),
        legend(run),
        element("h3", "Kinds"),
        kinds,
        element("p", f"Not found: {', '.join(absent)}.", class_="note") if absent else None,
        element("h3", "The lowest scores"),
        [example(run, row) for row in worst(everything)],
        id="errors",
    )


def _bar(share: float) -> Element:
    return element("span", element("span", style=f"width: {100 * share:.2f}%"), class_="bar")

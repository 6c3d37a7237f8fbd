"""Predictions of a run with labels: the labels that are confused, and documents with right and wrong labels."""

from __future__ import annotations

from collections import Counter

from ..entities import OUTSIDE
from ..markup import Element, cut, element
from .run import Prediction, Run
from .samples import MAX_DOCUMENT, MAX_PIECES, MAX_WORD
from .tables import table

MAX_PAIRS = 20
"""Pairs of confused labels that the page shows."""


def confusions_section(run: Run, count: int) -> Element | None:
    """The confused labels, most frequent first, and the first documents with an error. None without predictions."""
    if not run.predictions:
        return None
    wrong = [row for row in range(len(run.predictions)) if not run.scores[row, 0]]
    return element(
        "section",
        element("h2", "Errors"),
        element("h3", "Confused labels, most frequent first"),
        confusions(run) if wrong else element("p", "None: every label is right.", class_="note"),
        element("h3", "Documents with an error") if wrong and count else None,
        [labelled_example(run, row) for row in wrong[:count]],
        id="errors",
    )


def confusions(run: Run) -> Element:
    """A table of (label of the reference, predicted label), their number, and their share of this reference."""
    pairs = Counter(pair for prediction in run.predictions for pair in label_pairs(run, prediction))
    totals: Counter[str] = Counter()
    for (reference, _), number in pairs.items():
        totals[reference] += number
    confused = [(pair, number) for pair, number in pairs.most_common() if pair[0] != pair[1]][:MAX_PAIRS]
    rows = [
        [cut(reference, MAX_WORD), cut(label, MAX_WORD), f"{number:,}", f"{100 * number / totals[reference]:.1f} %"]
        for (reference, label), number in confused
    ]
    return table(["reference", "predicted", "number", "of this reference"], rows, names=2)


def labelled_samples_section(run: Run, count: int) -> Element | None:
    """Some predictions at equal distances. None without predictions."""
    if not run.predictions or not count:
        return None
    total = len(run.predictions)
    chosen = sorted({place * total // count for place in range(count)})
    return element(
        "section",
        element("h2", "Samples"),
        element("p", f"{len(chosen)} of {total:,} {run.split} documents, at equal distances.", class_="note"),
        [labelled_example(run, row) for row in chosen],
        id="samples",
    )


def labelled_example(run: Run, row: int) -> Element:
    """One document with its labels. A wrong label has a wavy line, and its title names the right one."""
    prediction = run.predictions[row]
    pairs = label_pairs(run, prediction)
    number = element("div", element("span", f"no. {row + 1:,}", class_="row"), class_="scores")
    if run.task == "annotation":
        places = list(zip(prediction.document.split(), pairs, strict=False))[:MAX_PIECES]
        tokens = [[_token(token, *labels), " "] for token, labels in places]
        return element("article", number, element("p", tokens, class_="labelled", dir="auto"), class_="card example")
    return element(
        "article",
        number,
        element("p", [_label(label, reference) for reference, label in pairs], class_="headline", dir="auto"),
        element("p", cut(prediction.reference, MAX_WORD), class_="reference", dir="auto"),
        element("p", cut(prediction.document, MAX_DOCUMENT), class_="document", dir="auto"),
        class_="card example",
    )


def label_pairs(run: Run, prediction: Prediction) -> list[tuple[str, str]]:
    """(label of the reference, predicted label) of each place: each token, or the whole document."""
    if run.task != "annotation":
        return [(prediction.reference, prediction.text)]
    return list(zip(prediction.reference.split(), prediction.text.split(), strict=False))


def _label(label: str, reference: str, shown: str = "") -> Element:
    wrong = label != reference
    title = f"The reference has {reference}." if wrong else None
    return element("span", cut(shown or label, MAX_WORD), class_="w wrong" if wrong else "w", title=title)


def _token(token: str, reference: str, label: str) -> list[Element | None]:
    name = element("sub", label) if label != OUTSIDE else None
    return [_label(label, reference, token), name]

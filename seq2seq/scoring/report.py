"""Tables of a comparison, and their forms in Markdown and LaTeX. The signatures stand below each table."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from .compare import Comparison, Difference, Estimate
from .rouge import ALL_KINDS, MEASURES

LATEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
KIND_NAMES = {kind: f"ROUGE-{kind.removeprefix('rouge')}" for kind in ALL_KINDS}
MEASURE_NAMES = {"f1": "F1", "precision": "P", "recall": "R"}
OTHER_NAMES = {"bleu": "BLEU", "chrf": "chrF"}


class Table(NamedTuple):
    """A table of texts. The first `names` columns hold names, the others numbers."""

    title: str
    header: list[str]
    rows: list[list[str]]
    names: int = 1


def tables(comparison: Comparison) -> list[Table]:
    """The scores, the differences from the first system, and the figures of a comparison."""
    trials, pairs = comparison.signature.trials, comparison.pairs
    intervals = f", with 95 % intervals ({trials:,} resamples)" if trials else ""
    scores = {system.name: system.scores for system in comparison.systems}
    found = _score_tables(f"Scores in percent{intervals}; {pairs:,} pairs", scores)
    differences = {system.name: system.differences for system in comparison.systems if system.differences}
    if differences:
        title = f"Differences from {comparison.systems[0].name} in points"
        found += _score_tables(f"{title} (p-values: paired bootstrap/approximate randomisation)", differences)
    header = ["figure", *scores]
    rows = [
        [name, *(_number(system.figures[name]) for system in comparison.systems)]
        for name in comparison.systems[0].figures
    ]
    return [*found, Table("Figures of the predictions", header, rows)]


def signature_lines(comparison: Comparison) -> list[str]:
    """The signature of ROUGE, and those of other scores with their names."""
    return [str(comparison.signature), *(f"{OTHER_NAMES[k]} {v}" for k, v in comparison.other_signatures.items())]


def markdown(comparison: Comparison) -> str:
    """The tables in Markdown."""
    signatures = "  \n".join(f"`{line}`" for line in signature_lines(comparison))
    return "\n\n".join(f"{_markdown_table(table)}\n\n{signatures}" for table in tables(comparison))


def latex(comparison: Comparison) -> str:
    """The tables in LaTeX, for the package booktabs."""
    signatures = [
        _latex_text(line).replace(r"\textbar{}", r"\textbar{}\allowbreak{}") for line in signature_lines(comparison)
    ]
    caption = r" \\ ".join(rf"\texttt{{{line}}}" for line in signatures)
    return "\n\n".join(_latex_table(table, caption) for table in tables(comparison))


def _score_tables(title: str, systems: Mapping[str, Mapping[str, Estimate | Difference]]) -> list[Table]:
    """ROUGE with a row for each system and measure, and the other scores, if there are any, with a row a system."""
    rows = [
        [name, MEASURE_NAMES[measure], *(cell(scores[f"{kind}.{measure}"]) for kind in ALL_KINDS)]
        for name, scores in systems.items()
        for measure in MEASURES
    ]
    found = [Table(title, ["system", "", *KIND_NAMES.values()], rows, names=2)]
    others = [name for name in OTHER_NAMES if name in next(iter(systems.values()))]
    if others:
        rows = [[name, *(cell(scores[other]) for other in others)] for name, scores in systems.items()]
        found.append(Table(title, ["system", *(OTHER_NAMES[other] for other in others)], rows))
    return found


def cell(result: Estimate | Difference) -> str:
    """A score with its interval, or a difference with its p-values."""
    if isinstance(result, Difference):
        return f"{result.value:+.2f} ({_p_value(result.bootstrap_p)}/{_p_value(result.randomization_p)})"
    if result.low is None:
        return f"{result.value:.2f}"
    return f"{result.value:.2f} ({result.low:.2f}-{result.high:.2f})"


def _p_value(p: float) -> str:
    return "<.001" if p < 0.001 else f"{p:.3f}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _markdown_table(table: Table) -> str:
    rule = ["---"] * table.names + ["---:"] * (len(table.header) - table.names)
    escaped = [[cell.replace("|", r"\|") for cell in row] for row in (table.header, *table.rows)]
    lines = [escaped[0], rule, *escaped[1:]]
    return f"**{table.title}**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _latex_table(table: Table, caption: str) -> str:
    alignment = "l" * table.names + "r" * (len(table.header) - table.names)
    header, *rows = (" & ".join(_latex_cells(row, table.names)) + r" \\" for row in (table.header, *table.rows))
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\begin{{tabular}}{{{alignment}}}",
            r"\toprule",
            header,
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            rf"\caption{{{_latex_text(table.title)}. {caption}}}",
            r"\end{table}",
        ]
    )


def _latex_cells(row: list[str], names: int) -> list[str]:
    """The cells of a row, with LaTeX's dashes for ranges and minus signs in the columns of numbers."""
    escaped = list(map(_latex_text, row))
    numbers = [re.sub(r"^-(?=\d)", "$-$", re.sub(r"(?<=\d)-(?=\d)", "--", cell)) for cell in escaped[names:]]
    return escaped[:names] + numbers


def _latex_text(text: str) -> str:
    return re.sub("|".join(map(re.escape, LATEX_ESCAPES)), lambda match: LATEX_ESCAPES[match[0]], text)

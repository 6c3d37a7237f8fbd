"""The whole page of a run: one HTML file without any other file, small enough to send."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from seq2seq import __version__
from seq2seq.files import atomic_writer

from ..markup import Element, element, to_document
from .charts import curves_section
from .comparison import comparison_section
from .labels import confusions_section, labelled_samples_section
from .mistakes import found_mistakes
from .numbers import readable
from .run import Run
from .samples import mistakes_section, samples_section
from .tables import config_section, figures_section, intervals, shares, statistics

MAX_BYTES = 2_000_000
EXAMPLES = (8, 4, 2, 0)
"""Examples of a list. A page that is too large is made again with the next number."""
HERE = Path(__file__).parent


def write_page(run: Run, file: str | Path, other: Run | None = None) -> int:
    """Writes the page of a run, complete or not at all.

    Args:
        other: a run to compare with.

    Returns:
        The bytes of the page.

    Raises OSError if the file cannot be written.
    """
    content = page(run, other)
    with atomic_writer(file) as stream:
        stream.write(content)
    return len(content.encode())


def page(run: Run, other: Run | None = None) -> str:
    """The page as text, below `MAX_BYTES`."""
    rows = mistakes_of(run)
    own = statistics(run, rows)
    found = intervals([own]) if run.predictions else None
    compared = None
    if other is not None:
        compared = comparison_section(run, other, (own, statistics(other, mistakes_of(other))))
    fixed = [figures_section(run, found), compared, curves_section(run.curves)]
    for count in EXAMPLES:
        if run.has_labels:
            examples = [confusions_section(run, count), labelled_samples_section(run, count)]
        else:
            examples = [mistakes_section(run, rows, shares(found, list(rows)), count), samples_section(run, count)]
        content = to_document(_document(run, [*fixed, *examples, config_section(run)]))
        if len(content.encode()) < MAX_BYTES:
            break
    return content


def mistakes_of(run: Run) -> dict[str, list[int]]:
    """For each kind of mistake in headlines the rows that have it. Labels have no such kinds."""
    return {} if run.has_labels else found_mistakes(run.predictions)


def _document(run: Run, sections: list[Element | None]) -> Element:
    shown = [section for section in sections if section is not None]
    links = [element("a", section.findtext("h2"), href=f"#{section.get('id')}") for section in shown]
    return element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", f"{run.name} – seq2seq"),
            element("style", (HERE / "style.css").read_text(encoding="utf-8")),
        ),
        element(
            "body",
            element("header", element("h1", run.name), element("p", facts(run), class_="facts"), element("nav", links)),
            [element("p", note, class_="warning") for note in run.notes],
            element("main", shown or element("p", "The folder holds no results yet.", class_="note")),
            element("footer", f"seq2seq {__version__}. Write this page again: seq2seq report {run.name}"),
            element("script", (HERE / "attention.js").read_text(encoding="utf-8")),
        ),
        lang="en",
    )


def facts(run: Run) -> str:
    """The run in one line: cell, parameters, steps, time and day."""
    options, found = run.options, []
    cell = options.get("model.network.cell") or options.get("test.network.cell")
    if cell:
        found.append(cell.upper())
    if parameters := run.settings.get("parameters"):
        found.append(f"{readable(parameters)} parameters")
    if run.curves:
        found.append(f"{int(run.curves[-1]['step']):,} steps")
        times = [record["time"] for record in run.curves if "time" in record]
        if len(times) > 1:
            found.append(duration(times[-1] - times[0]))
        if times:
            found.append(datetime.fromtimestamp(times[-1], UTC).strftime("%Y-%m-%d"))
    return " · ".join(found)


def duration(seconds: float) -> str:
    """A time span in one or two units."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"

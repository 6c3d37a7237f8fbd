"""Press releases of members of the US Congress and their headlines, from the repository dwillis/congress-press.

Works of the US government are not copyrighted. The repository has one file of JSON Lines for each month, with the keys
url, title, date, member and text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import UserError
from .copies import DataFile, Row, find_data_files, read_rows
from .dated import Article, Selection, dated_arguments, parsed_date, write_dated
from .distribution import CONTROL, Distribution, Report, refuse_existing
from .download import GITHUB, GitHub, copies_or_download

REPOSITORY = "dwillis/congress-press"
REVISION = "46d3cbc65898dee6b9a9cd6fc56ad6060e5da172"
"""The commit of 12 April 2026."""
KEYS = ("url", "title", "date", "text")
ENDINGS = (".jsonl",)
REASONS = ("no_text", "cut_title")
HEAD = 800
"""Length of the start of a release, in characters, that can hold its title and banner."""
SUBHEADS = 400
"""Length of the start, in characters, that can hold subheads with a dateline after them."""

_MONTH = re.compile(r"data/(\d{4})/\d{4}-\d{2}\.jsonl")
_MONTHS = "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
_MONTHS += "Nov(?:ember)?|Dec(?:ember)?"
_DAY = rf"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? +)?(?:{_MONTHS})\.? +\d{{1,2}}(?:st|nd|rd|th)?"
_DATE = rf"(?:{_DAY},? +\d{{4}}|\d{{1,2}}[./-]\d{{1,2}}[./-](?:\d{{4}}|\d\d)|\d{{4}}-\d\d-\d\d)\b"
_PHONE = r"\(?\d{3}\)?[ .-]{0,2}\d{3}[.-]\d{4}"
_STATE = (
    r"(?:[A-Z]{2}\b|[A-Z]\. ?[A-Z]\b\.?|W\. ?Va\.|"
    r"(?i:Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ga|Ill|Ind|Kan|Kans|Ky|La|Mass|Md|Mich|Minn|Miss|Mo|Mont|Neb|Nev|Okla|Ore"
    r"|Pa|Tenn|Tex|Va|Vt|Wash|Wis|Wyo)\.|"
    r"(?i:Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois"
    r"|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri"
    r"|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma"
    r"|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington"
    r"|West Virginia|Wisconsin|Wyoming)\b)"
)
_CITY = r"[A-Z][\w.'’]*(?:[ -][A-Z][\w.'’]*){0,3}"
_DASH = r"(?: ?(?:--+|[–—―]+) ?| - ?|- )"
_PLACE = rf"{_CITY},? ?{_STATE}(?:[/&](?:{_CITY},? ?)?{_STATE})?"
_AND_DATE = rf"[\])]?,?(?: ?{_DASH}?[\[(]?(?:{_DATE}|{_DAY})[\])]?)?,?"
_DATELINES = (
    rf"[\[(]{_CITY}(?:, ?{_STATE})?[\])](?: ?(?:{_DASH}|:))?",
    rf"[\[(]?(?:{_PLACE}|Washington){_AND_DATE}(?:{_DASH}|: )",
    rf"[A-Z][A-Z. ]{{3,25}}{_AND_DATE}{_DASH}",
    r"[A-Z][a-z]+(?: [A-Z][a-z]+)?(?:--+|—) ?",
    # Some pages have lost the dash, so a name or "Today" follows at once.
    rf"{_CITY}, ?{_STATE} +(?=[A-Z“\"])",
    r"[A-Z]{4,}(?: [A-Z]{4,})? +(?=Today|Congress|Rep|Sen|U\.S\.)",
)
_HEADERS = (
    r"(?:for )?(?:immediate|planning) (?:release|purposes)\b",
    r"(?:press|news) release\b(?=\s*(?:\n|:|[|]))",
    r"(?:(?:press|media|news) )?contacts?\b[^\n]{0,80}?" + _PHONE,
    r"(?:(?:press|media|news) )?contacts?(?: information)?\s*:[^\n]*(?:\n|$)",
    rf"[^\n]{{0,60}}(?:{_PHONE}|[\w.+-]+@[\w.-]+)[^\n]{{0,20}}(?:\n|$)",
    _PHONE,
    _DATE,
)
_SEPARATORS = " \t\n|:;,.–—―-_*#"
_NAVIGATION = re.compile(
    r"(?:\W*|.|f t # e|next article|previous article|next|previous|home|menu|print|e-?mail|share|tweet|facebook|twitter"
    r"|back|back to (?:news|top|list)|read more|toggle navigation|skip to (?:main )?content|search|(?:press|media|news)"
    r" (?:contact|release|releases)|share (?:this|on)\b.{0,30}|permalink.*|image|array|struct|get directions)",
    re.IGNORECASE,
)
_BANNER = re.compile(r"\b(?:for\s+)?immediate\s+release\b", re.IGNORECASE)
_END = re.compile(r"#{3}|# # #|\n-? ?30 ?-|\n##\n")
_SUBHEADS_AND_DATELINE = (
    rf".*?(?:\n[\[(]?(?:{_PLACE}|WASHINGTON){_AND_DATE}{_DASH}"
    r"|(?<!\bin )(?<!\bto )(?<!\bof )(?<!\bfrom )[\[(]?\b(?:Washington|WASHINGTON) ?,? ?D\.? ?C\.? ?"
    rf"(?:{_AND_DATE}{_DASH}|[\])]?(?: +(?=[A-Z])| *(?=[A-Z][a-z]))))"
)


def _compile(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A blank of the pattern stands for any white space, because some pages break their lines inside a dateline."""
    return re.compile(pattern.replace(" ", r"\s"), flags)


_SUBHEADS = _compile(_SUBHEADS_AND_DATELINE, re.DOTALL)
_PREFIXES = [_compile(pattern, re.IGNORECASE) for pattern in _HEADERS] + [_compile(pattern) for pattern in _DATELINES]


def prepare_congress(
    output: Path,
    force: bool = False,
    source: Sequence[Path] | None = None,
    revision: str = REVISION,
    github: GitHub = GITHUB,
    **selection: Any,
) -> Report:
    """Writes headlines and the start of press releases to `output`.

    Args:
        source: files and folders of the repository; None = download its months to `output`/download.
        revision: the commit or branch to download.
        selection: the fields of `Selection`.

    Raises UserError for a bad source, an empty split and, without `force`, for existing output.
    """
    refuse_existing(output, force)
    chosen = Selection(**selection)
    wanted = partial(chosen.wants_file, _MONTH)
    copies, label = copies_or_download(source, REPOSITORY, revision, wanted, output, github)
    mended = {"illegal_bytes": 0, "control_characters": 0, "titles_removed": 0}
    articles = _articles(find_data_files(copies, ENDINGS), mended)
    return write_dated("congress", label, articles, output, chosen, mended, REASONS)


def _articles(files: list[DataFile], mended: dict[str, int]) -> Iterator[Article | str]:
    for file in files:
        for row in read_rows(file, KEYS, mended):
            if any(not isinstance(row[key], str | None) for key in KEYS):
                raise UserError(f"{file.name}: {row['url']!r} has a value that is no text; get the file again")
            yield _article(row, mended)


def _article(row: Row, mended: dict[str, int]) -> Article | str:
    title, first = CONTROL.subn("", html.unescape(row["title"] or "").strip())
    text, second = CONTROL.subn("", html.unescape(row["text"] or ""))
    if title.endswith(("...", "…")):
        return "cut_title"
    day = parsed_date(row["date"])
    if day is None:
        return "no_date"
    body, titles = clean_release(text, title)
    if not body:
        return "no_text"
    mended["control_characters"] += first + second
    mended["titles_removed"] += titles
    return Article(day, title, body, {"date": str(day), "url": row["url"] or ""})


def clean_release(text: str, title: str) -> tuple[str, bool]:
    """Returns the body of a release, and whether its title was removed.

    Removed are the end mark (### or -30-) with the text after it, lines of navigation, and at the start banner,
    contacts, title, subheads, date and dateline, in any order.
    """
    lines = (" ".join(line.split()) for line in text.splitlines())
    text = "\n".join(line for line in lines if line and (line[0] == "#" or not _NAVIGATION.fullmatch(line)))
    if banner := _BANNER.search(text, 0, HEAD):
        text = text[banner.end() :]
    letters = "".join(filter(str.isalnum, title.lower()))
    titled = False
    for start in (0, *(match.end() for match in re.finditer("\n", text[:HEAD]))):
        if end := _title_end(text, start, letters):
            text, titled = text[end:], True
            break
    if subheads := _SUBHEADS.match(text, 0, SUBHEADS):
        text = text[subheads.end() :]
    if end_mark := _END.search(text, 1):
        text = text[: end_mark.start()]
    before = None
    while text != before:
        before = text
        text = text.lstrip(_SEPARATORS)
        if end := _title_end(text, 0, letters):
            text, titled = text[end:], True
        elif match := next((match for prefix in _PREFIXES if (match := prefix.match(text))), None):
            text = text[match.end() :]
    return " ".join(text.split()), titled


def _title_end(text: str, start: int, letters: str) -> int:
    """The place after the title, if `text` has its letters and digits at `start`; otherwise 0."""
    found = 0
    for place in range(start, len(text)):
        letter = text[place].lower()
        if found == len(letters):
            return 0 if letter.isalnum() else place * bool(letters)
        if letter.isalnum():
            if letter != letters[found]:
                return 0
            found += 1
    return 0


CONGRESS = Distribution(
    help="press releases of the US Congress, from copies or the network",
    description="""\
Press releases of members of the US Congress and their headlines, 2001 to 2026 (not copyrighted), from the months of
dwillis/congress-press. Title, date, dateline and navigation at the start of a release are removed where they are
found. Releases in other languages, duplicates, headlines that stand in their document and pairs of unusual length are
left out and counted. The split is by date. Each line also has the keys date and url.""",
    example="seq2seq prepare congress --years 2021-2026 --output data/congress",
    arguments=dated_arguments(
        validation_from="2025-07-01",
        test_from="2026-01-01",
        max_words=120,
        source="files (.jsonl, also .gz, .xz, .zip), .zip archives or folders of dwillis/congress-press. Default:"
        " download the months to the folder download/ of the output (about 7 MB a month, 2 GB for all years)",
        years="years of the releases, such as 2013,2021-2026; also limits the download (default: all)",
    )
    | {
        "--revision": {
            "default": REVISION,
            "metavar": "COMMIT",
            "help": "commit or branch of the repository to download; it grows daily (default: the commit of 12 April"
            " 2026)",
        }
    },
    prepare=prepare_congress,
)

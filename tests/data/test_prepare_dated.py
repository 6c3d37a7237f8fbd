"""`seq2seq prepare arxiv | congress`: sources of every form, the split by date, cleaning, and downloads."""

from __future__ import annotations

import csv
import gzip
import hashlib
import http.server
import io
import json
import lzma
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from seq2seq.commands.prepare import main
from seq2seq.data.raw import download
from seq2seq.data.raw.arxiv import COMMIT, prepare_arxiv, repair_identifier
from seq2seq.data.raw.congress import clean_release, prepare_congress
from seq2seq.data.raw.dated import parse_years
from seq2seq.data.raw.download import GitHub
from seq2seq.errors import UserError

SUBJECTS = [
    "rivers",
    "lakes",
    "bridges",
    "harbours",
    "meadows",
    "valleys",
    "glaciers",
    "islands",
    "forests",
    "deserts",
    "canyons",
    "dunes",
    "marshes",
    "fjords",
    "reefs",
    "caves",
    "cliffs",
    "plains",
    "springs",
    "lagoons",
]
DAYS = {"validation_from": date(2019, 7, 1), "test_from": date(2019, 10, 1)}


def abstract(subject: str) -> str:
    return (
        f"We study the flow of water in {subject} over many years.\n  The model of this work is a sum of terms,"
        " $\\alpha$ among them, and it agrees with the data of the field for all of the seasons and most of the days."
    )


def paper(number: int, created: str, **changes: str) -> dict[str, str]:
    """A row of the archive's tables."""
    subject = SUBJECTS[number]
    row = {
        "abstract": abstract(subject),
        "acm_class": "",
        "arxiv_id": f"{created[2:4]}{created[5:7]}.{number:05}",
        "categories": "cs.CL,stat.ML",
        "comments": '4 pages, "draft"\n  two lines',
        "created": created,
        "primary_cat": "cs.CL",
        "title": f"Seasonal flow\n  through {subject}",
    }
    return row | changes


def table(*rows: dict[str, str]) -> bytes:
    """As pandas writes a table: an index without a name, tabs, and quotes where they are needed."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(["", *rows[0]])
    writer.writerows([index, *row.values()] for index, row in enumerate(rows))
    return text.getvalue().encode()


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def snapshot(row: dict[str, str]) -> bytes:
    """The same paper as Kaggle's snapshot has it: without the columns of the archive, the abstract indented."""
    created = date.fromisoformat(row["created"]).strftime("%a, %d %b %Y 23:59:58 GMT")
    record: dict[str, Any] = {
        "id": row["arxiv_id"],
        "title": row["title"],
        "abstract": f"  {row['abstract']}\n",
        "comments": row["comments"] or None,
        "categories": row["categories"].replace(",", " "),
        "versions": [
            {"created": created},
            {"created": "Fri, 1 Jan 2021 00:00:00 GMT"},
        ],
    }
    return json.dumps(record).encode() + b"\n"


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


PAPERS = [
    paper(0, "2019-06-30"),
    paper(1, "2019-07-01"),
    paper(2, "2019-09-30"),
    paper(3, "2019-10-01"),
    paper(4, "1998-01-14", arxiv_id="math/9801152", primary_cat="math.LO", categories="math.LO,cs.NE"),
]


# --- arXiv ---


def test_arxiv_rows_split_by_date_with_id_date_and_category(tmp_path: Path) -> None:
    (tmp_path / "2019.tsv").write_bytes(table(*PAPERS))
    output = tmp_path / "out"
    assert main(["arxiv", "--source", str(tmp_path / "2019.tsv"), "--output", str(output)]) == 0
    train, validation, test = (rows(output / f"{split}.jsonl") for split in ("train", "validation", "test"))
    assert [row["id"] for row in train] == ["1906.00000", "math/9801152"]
    assert [row["date"] for row in validation] == ["2019-07-01", "2019-09-30"]
    assert [row["date"] for row in test] == ["2019-10-01"]
    assert train[0] == {
        "id": "1906.00000",
        "date": "2019-06-30",
        "category": "cs.CL",
        "document": " ".join(abstract("rivers").split()),
        "summary": "Seasonal flow through rivers",
    }
    assert train[1]["category"] == "math.LO"


def test_arxiv_reads_all_forms_of_copies_alike(tmp_path: Path) -> None:
    content, lines = table(*PAPERS), b"".join(snapshot(row) for row in PAPERS)
    inner = zipped(**{"processed_data/20200101/per_year/2019.tsv": content})
    stale = zipped(**{"2019.tsv": table(paper(9, "2019-01-01"))})
    forms = {
        "a.tsv": content,
        "b.tsv.xz": lzma.compress(content),
        "c.tsv.gz": gzip.compress(content),
        "d.tsv.zip": inner,
        "arxiv-metadata-oai-snapshot.json": lines,
        "archive.zip": zipped(**{"arxiv-metadata-oai-snapshot.json": lines, "readme.txt": b"none"}),
        # The whole repository: only the yearly tables of the newest dump are read.
        "master.zip": zipped(
            **{
                "repo/processed_data/20200101/per_year/2019.tsv.zip": inner,
                "repo/processed_data/20200101/per_category/cs.CL.tsv.xz": lzma.compress(content),
                "repo/processed_data/20190101/per_year/2019.tsv.zip": stale,
            }
        ),
    }
    outputs = set()
    for name, data in forms.items():
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        (folder / name).write_bytes(data)
        source = folder if name.startswith(("a", "m")) else folder / name
        report = prepare_arxiv(folder / "out", source=[source], **DAYS)
        assert report.documents_read == 5, name
        outputs.add(b"".join((folder / "out" / f"{split}.jsonl").read_bytes() for split in report.kept))
    assert len(outputs) == 1


def test_arxiv_reasons(tmp_path: Path) -> None:
    shouting = abstract("caves").replace("We study", "SEASONAL FLOW, through caves: we study")
    odd = [
        paper(5, "2018-01-01", comments="This paper has been withdrawn by the authors"),
        paper(6, "2018-01-01", abstract="This article is withdrawn. " + abstract("forests")),
        paper(7, "2018-01-01", title="Two words"),
        paper(8, "2018-01-01", title="Of " * 26),
        paper(9, "2018-01-01", abstract="Too short to be read."),
        paper(15, "2018-01-01", abstract=shouting),
        paper(0, "2019-12-01", title="Seasonal FLOW through rivers!", abstract=abstract("other rivers")),
        paper(10, "2018-01-01", abstract=abstract("dunes"), title="A second title for dunes"),
        paper(11, "2018-01-01", abstract=abstract("dunes")),
        paper(12, "no day"),
        paper(13, "2017-01-01"),
        paper(14, "2018-01-01", categories="hep-th", primary_cat="hep-th"),
        paper(16, "2018-01-01", abstract="Nous étudions le débit des rivières " * 8),
        # Not withdrawn: the papers of others are.
        paper(17, "2018-01-01", abstract="Retracted papers are cited for years. " + abstract("plains")),
        paper(18, "2018-01-01", abstract="Many papers were withdrawn since then. " + abstract("springs")),
    ]
    odd[13]["abstract"] = "Papers that were retracted are cited for years. " + abstract("plains")
    (tmp_path / "a.tsv").write_bytes(table(*PAPERS, *odd))
    options = {"years": frozenset({1998, 2018, 2019}), "categories": ["cs"]}
    report = prepare_arxiv(tmp_path / "out", source=[tmp_path / "a.tsv"], **options, **DAYS)
    assert {reason: count for reason, count in report.left_out.items() if count} == {
        "withdrawn": 2,
        "short_title": 1,
        "long_title": 1,
        "short_document": 1,
        "title_in_document": 1,
        "duplicate": 2,  # the title of paper 0, and the abstract on dunes
        "no_date": 1,
        "other_year": 1,
        "other_category": 1,
        "not_english": 1,
    }
    assert report.documents_read == len(PAPERS) + len(odd)
    kept = [row["summary"] for row in rows(tmp_path / "out" / "train.jsonl")]
    assert "Seasonal flow through rivers" in kept  # the earlier split keeps a title
    assert "A second title for dunes" in kept
    assert len(kept) == 5


@pytest.mark.parametrize(
    ("damaged", "identifier"),
    [
        ("1910.0567199999998", "1910.05672"),
        ("1911.1297", "1911.12970"),
        ("704.001", "0704.0010"),
        ("1407.3386", "1407.3386"),
        ("1412.8", "1412.8000"),
        ("1501.8", "1501.80000"),
        ("cmp-lg/9404001", "cmp-lg/9404001"),
    ],
)
def test_arxiv_identifiers_that_were_read_as_numbers(damaged: str, identifier: str) -> None:
    assert repair_identifier(damaged) == identifier


def test_limits_choose_the_same_pairs_in_any_order(tmp_path: Path) -> None:
    many = [paper(number, "2018-01-01") for number in range(15)] + [paper(15 + n, "2019-08-01") for n in range(4)]
    many.append(paper(19, "2019-11-01"))
    chosen = []
    for name, order in (("a", many), ("b", many[::-1])):
        (tmp_path / f"{name}.tsv").write_bytes(table(*order))
        report = prepare_arxiv(
            tmp_path / name, source=[tmp_path / f"{name}.tsv"], limit=6, held_out=3, max_words=31, **DAYS
        )
        assert report.kept == {"train": 6, "validation": 3, "test": 1}
        assert report.left_out["over_limit"] == 10
        train = rows(tmp_path / name / "train.jsonl")
        assert {len(row["document"].split()) for row in train} == {31}
        chosen.append({row["id"] for row in train + rows(tmp_path / name / "validation.jsonl")})
    assert chosen[0] == chosen[1]


def test_an_empty_split_names_the_days(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(table(PAPERS[0], PAPERS[4]))
    with pytest.raises(
        UserError, match=r"no pair is left for validation and test: the 2 documents .* 1998-01-14 to 2019-06-30"
    ):
        prepare_arxiv(tmp_path / "out", source=[tmp_path / "a.tsv"], **DAYS)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", b"\ttitle\tabstract\n", r"a\.tsv: the header has no column 'arxiv_id'"),
        ("a.tsv", table(*PAPERS)[:-200], r"a\.tsv, line \d+: "),
        ("a.tsv", table(*PAPERS) + b"5\tone field\n", r"a\.tsv, line \d+: 2 fields instead of 9"),
        ("a.tsv.xz", lzma.compress(table(*PAPERS))[:-60], r"a\.tsv\.xz cannot be read"),
        ("a.zip", b"PK\x03\x04 no archive", r"a\.zip cannot be read"),
        ("a.zip", zipped(**{"readme.txt": b""}), r"a\.zip holds no data: pass \*\.tsv"),
        ("a.txt", b"", r"a\.txt holds no data"),
        ("a.json", b'{"id": "1"', r"a\.json, line 1: no JSON"),
        ("a.json", b"\n[1]\n", r"a\.json, line 2: no JSON object"),
        ("a.json", b'{"id": "1"}', r"a\.json, line 1: no key 'title'"),
        (
            "a.json",
            snapshot(PAPERS[0]).replace(b"GMT", b"")[:-1].replace(b"Sun, 30", b"?"),
            r"a\.json: '1906.00000' is",
        ),
    ],
)
def test_bad_copies_are_one_line(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        prepare_arxiv(tmp_path / "out", source=[tmp_path / name], **DAYS)
    assert "\n" not in str(error.value)
    assert not any((tmp_path / "out").glob("*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--source", "nowhere"], "nowhere does not exist"),
        (["--validation-from", "2019-7-1"], "--validation-from: '2019-7-1' is no day; write it as 2019-07-01"),
        (["--validation-from", "2019-10-01"], "--validation-from 2019-10-01 is not before --test-from 2019-10-01"),
        (["--years", "2019-2017"], "--years: '2019-2017' is no year and no range"),
        (["--limit", "-3"], "--limit"),
        (["--held-out", "many"], "--held-out: 'many' is no number"),
    ],
)
def test_bad_options_are_one_line(options: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        main(["arxiv", *options, "--output", str(tmp_path / "out")])


def test_years() -> None:
    assert parse_years("2013, 2017-2019") == {2013, 2017, 2018, 2019}


# --- Congress ---

BODY = "Congresswoman Ann Example (D-CA) said that the bridge will be mended for all of the people in the valley."


@pytest.mark.parametrize(
    ("head", "removed"),
    [
        ("WASHINGTON, D.C. – ", False),
        ("(Oakland, CA)  ", False),
        ("[WASHINGTON, DC] – ", False),
        ("Washington, D.C. - October 19 - ", False),
        ("WASHINGTON – ", False),
        ("JEFFERSON, La.— ", False),
        ("ANCHORAGE, ALASKA—", False),
        ("Fresno, CA ", False),
        ("Oakland, Calif. -- ", False),
        ("WASHINGTON ", False),
        ("San Antonio-- ", False),
        ("RENO, NEV. -- ", False),
        ("Bill Helps the Valley\nWASHINGTON D.C. ", False),
        ("May 6, 2009\n\n", False),
        (
            "06.19.01\n\t\t BRIDGE TO  BE MENDED, AT LAST \n\t\tA subhead\r\nWashington\n, DC -- ",
            True,
        ),
        (
            "FOR IMMEDIATE RELEASE:\n\nJanuary 5, 2022\n\nMEDIA CONTACT:\n\ne: ann@house.gov\n\nc: 202.480.5737\n\n",
            False,
        ),
        (
            "Press Contact \nAnn Other  Secretary (202) 224-3244\n \n\t Bridge to be mended at last\n\nf \nt \n#\n",
            True,
        ),
        (
            "Home\nA teaser.\nFor Immediate Release  Contact: Ann (202) 225-6155\nJanuary 18, 2011\nReno, NV -- ",
            False,
        ),
    ],
)
def test_the_head_of_a_release_is_removed(head: str, removed: bool) -> None:
    assert clean_release(f"{head}{BODY}\n\nPrint\n###\nRelated: roads", "Bridge to be mended at last") == (
        BODY,
        removed,
    )


@pytest.mark.parametrize(
    "body",
    [
        "Today, the House passed H.R. 1 in Washington, DC Monday – a step that the members wanted.",
        "Bridge to be mended at lasting cost, the report says.",
        "May Smith, a nurse in the valley, spoke of the bridge.",
        "Contact with the office is by letter. The bridge is closed.",
        "#BridgeDay is the day of all the bridges - and of this one.",
    ],
)
def test_a_body_without_a_head_stays(body: str) -> None:
    assert clean_release(body, "Bridge to be mended at last")[0] == body.removeprefix("#")


def release(number: int, day: str | None, **changes: Any) -> dict[str, Any]:
    subject = SUBJECTS[number]
    text = f"WASHINGTON – Senator Ann Example spoke of {subject} today. {BODY} The law on {subject} is in the Senate."
    return {
        "url": f"https://example.senate.gov/{number}",
        "title": f"Example Speaks for the {subject.title()}",
        "date": day,
        "member": {"name": "Ann Example"},
        "text": text,
    } | changes


def write_months(folder: Path, releases: list[dict[str, Any]]) -> Path:
    for row in releases:
        month = (row["date"] or "2021-01")[:7]
        path = folder / "data" / month[:4] / f"{month}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    return folder


RELEASES = [
    release(0, "2025-06-30"),
    release(1, "2025-07-01"),
    release(2, "2026-01-01"),
    release(3, "2021-05-05", text="Example Speaks for the Harbours\n" + release(3, None)["text"]),
]


def test_congress_releases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = [
        release(4, "2021-01-01", text=None),
        release(5, "2021-01-01", text=" \n###\n"),
        release(6, "2021-01-01", title="Example Speaks for the…"),
        release(7, None),
        release(8, "2021-01-01", text="Hoy la senadora habló de los ríos y de los puentes. " * 5),
        release(1, "2025-09-01", url="https://example.senate.gov/again"),
        *(release(number, "2021-01-01", text=f"About Ann. {BODY} {BODY}") for number in (9, 10, 11)),
        release(12, "2021-01-01", title="Example &amp; Co on the &quot;Marshes&quot;"),
    ]
    source = write_months(tmp_path / "copy", RELEASES + odd)
    output = tmp_path / "out"
    assert main(["congress", "--source", str(source), "--output", str(output), "--max-words", "30"]) == 0
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    assert {reason: count for reason, count in report["left_out"].items() if count} == {
        "no_text": 2,
        "cut_title": 1,
        "no_date": 1,
        "not_english": 1,
        "duplicate": 1,
        "boilerplate": 3,
    }
    assert report["kept"] == {"train": 3, "validation": 1, "test": 1}
    train = rows(output / "train.jsonl")
    assert train[-1] == {
        "date": "2025-06-30",
        "url": "https://example.senate.gov/0",
        "document": " ".join(f"Senator Ann Example spoke of rivers today. {BODY} The law on rivers is".split()[:30]),
        "summary": "Example Speaks for the Rivers",
    }
    assert any(row["summary"] == 'Example & Co on the "Marshes"' for row in train)
    assert "train 3, validation 1, test 1" in capsys.readouterr().out


# --- downloads ---


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class FakeGitHub(http.server.ThreadingHTTPServer):
    """Listing and files of one repository. `faults` holds, per path, the faults of the next answers."""

    def __init__(self, repository: str, revision: str, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.faults: dict[str, list[str]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.files = {f"/raw/{repository}/{revision}/{path}": content for path, content in files.items()}
        tree = [
            {"path": path, "type": "blob", "size": len(content), "sha": git_hash(content)}
            for path, content in files.items()
        ]
        tree.append({"path": "data", "type": "tree", "sha": ""})
        listing = json.dumps({"truncated": False, "tree": tree}).encode()
        self.files[f"/api/repos/{repository}/git/trees/{revision}"] = listing
        address = f"http://127.0.0.1:{self.server_port}"
        self.address = GitHub(f"{address}/api", f"{address}/raw")


class _Answer(http.server.BaseHTTPRequestHandler):
    server: FakeGitHub

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        content = self.server.files.get(path)
        start_at = self.headers.get("Range")
        self.server.requests.append((path.rpartition("/")[2], start_at))
        faults = self.server.faults.get(path.rpartition("/")[2], [])
        fault = faults.pop(0) if faults else ""
        if content is None or fault.isdigit():
            self.send_error(int(fault or 404))
            return
        start = 0
        if start_at and fault != "whole":
            start = int(start_at.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", '"v1"')
        self.end_headers()
        if fault == "other":
            self.wfile.write(bytes(len(content)))
            return
        self.wfile.write(content[start : len(content) // 2] if fault in ("cut", "slow") else content[start:])
        self.wfile.flush()
        if fault == "slow":
            time.sleep(0.6)

    def log_message(self, *args: object) -> None:
        pass


MONTHS = {
    f"data/{row['date'][:4]}/{row['date'][:7]}.jsonl": json.dumps(row).encode() + b"\n"
    for row in RELEASES  # each in its own month
}


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "PAUSES", (0.0, 0.0))
    with FakeGitHub("dwillis/congress-press", "main", MONTHS | {"README.md": b"text"}) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def fetch(output: Path, github: FakeGitHub, **options: Any) -> dict[str, int]:
    days = {"validation_from": date(2025, 7, 1), "test_from": date(2026, 1, 1)}
    return prepare_congress(output, revision="main", github=github.address, **days, **options).kept


def test_download_of_the_months_and_again(
    github: FakeGitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(tmp_path, github) == {"train": 2, "validation": 1, "test": 1}
    copies = tmp_path / "download"
    assert {str(path.relative_to(copies)) for path in copies.rglob("*.*")} == set(MONTHS)
    assert "downloading dwillis/congress-press\n" in capsys.readouterr().err
    first = (tmp_path / "train.jsonl").read_bytes()
    damaged = copies / "data/2021/2021-05.jsonl"
    damaged.write_bytes(b"x" * damaged.stat().st_size)
    github.requests.clear()
    fetch(tmp_path, github, force=True)
    assert [name for name, _ in github.requests] == ["main", "2021-05.jsonl"]  # the others are as they should be
    assert (tmp_path / "train.jsonl").read_bytes() == first
    assert prepare_congress(
        tmp_path / "two", source=[copies], validation_from=date(2025, 7, 1), test_from=date(2026, 1, 1)
    ).kept == {"train": 2, "validation": 1, "test": 1}


def test_years_limit_the_download(github: FakeGitHub, tmp_path: Path) -> None:
    fetch(tmp_path, github, years=frozenset({2025, 2026}))
    assert sorted(name for name, _ in github.requests) == ["2025-06.jsonl", "2025-07.jsonl", "2026-01.jsonl", "main"]
    with pytest.raises(UserError, match="no file for these options"):
        fetch(tmp_path, github, force=True, years=frozenset({1999}))


@pytest.mark.parametrize("faults", [["cut"], ["slow"], ["503"], ["429"], ["cut", "whole"], ["cut", "503"]])
def test_a_broken_download_continues(
    faults: list[str], github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    half = len(MONTHS["data/2025/2025-07.jsonl"]) // 2
    github.faults["2025-07.jsonl"] = list(faults)
    assert fetch(tmp_path, github)["validation"] == 1
    asked = [start for name, start in github.requests if name == "2025-07.jsonl"]
    assert len(asked) == len(faults) + 1 if faults[-1] != "whole" else len(asked) == 2
    assert asked[1] == (f"bytes={half}-" if faults[0] in ("cut", "slow") else None)


@pytest.mark.parametrize(
    ("path", "faults", "message", "requests"),
    [
        ("2025-07.jsonl", ["404"], "no download .*404", 1),
        ("2025-07.jsonl", ["503"] * 3, "no download .*503", 3),
        ("2025-07.jsonl", ["cut", "503", "503"], "no download .*503", 3),
        ("2025-07.jsonl", ["other"], r"the content is not that of the commit", 1),
        ("main", ["403"], r"git/trees/main.*no answer .*403", 1),
    ],
)
def test_a_failed_download_says_what_to_do(
    path: str, faults: list[str], message: str, requests: int, github: FakeGitHub, tmp_path: Path
) -> None:
    github.faults[path] = list(faults)
    with pytest.raises(UserError, match=message) as error:
        fetch(tmp_path, github)
    text = str(error.value)
    assert "https://github.com/dwillis/congress-press/archive/main.zip" in text
    assert "--source" in text
    assert "\n" not in text
    assert len([name for name, _ in github.requests if name == path]) == requests
    assert not list(tmp_path.rglob("*2025-07*"))


def test_a_listing_that_is_none(github: FakeGitHub, tmp_path: Path) -> None:
    for answer in (b"<html>", b"[]", b'{"truncated": true, "tree": []}'):
        github.files["/api/repos/dwillis/congress-press/git/trees/main"] = answer
        with pytest.raises(UserError, match="listing of files"):
            fetch(tmp_path, github)


def test_arxiv_downloads_the_yearly_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    year = "processed_data/20200101/per_year/{}.tsv.zip"
    files = {
        year.format(2019): zipped(**{year.format(2019)[:-4]: table(*PAPERS[:4])}),
        year.format(1998): zipped(**{year.format(1998)[:-4]: table(PAPERS[4])}),
        "processed_data/20200101/per_category/cs.CL.tsv.xz": b"",
    }
    with FakeGitHub("staeiou/arxiv_archive", COMMIT, files) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        report = prepare_arxiv(tmp_path, github=server.address, **DAYS)
        server.shutdown()
    assert report.kept == {"train": 2, "validation": 2, "test": 1}
    assert report.source == f"staeiou/arxiv_archive@{COMMIT[:10]}"
    assert [name for name, _ in server.requests[1:]] == ["2019.tsv.zip", "1998.tsv.zip"]

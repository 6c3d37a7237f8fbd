"""`seq2seq prepare`: raw distributions become JSON Lines, and every document is kept or counted as left out."""

from __future__ import annotations

import gzip
import http.server
import io
import json
import os
import socket
import tarfile
import threading
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from seq2seq.commands.prepare import main
from seq2seq.data.raw import DISTRIBUTIONS, Distribution, Report
from seq2seq.data.raw.distribution import corpus_writer, decode_utf8
from seq2seq.data.raw.gigaword import prepare_gigaword
from seq2seq.data.raw.reuters21578 import (
    Story,
    clean,
    parse_sgml,
    prepare_reuters,
    read_reuters,
    split_reuters,
    tokenize,
)
from seq2seq.errors import UserError

REAL_DATA = Path(os.environ.get("SEQ2SEQ_REAL_DATA", "")) / "reuters21578"
BODY = "The town council said it will mend the old stone bridge before winter."

# All unusual forms of a document, with the NEWIDs 5, 3, 9, 4, 7, 6.
ODD_SGML = b"""<!DOCTYPE lewis SYSTEM "lewis.dtd">
<REUTERS TOPICS="YES" LEWISSPLIT="TRAIN" CGISPLIT="TRAINING-SET" OLDID="99" NEWID="5">
<DATE> 1-JAN-1987 10:00:00.00</DATE>
<UNKNOWN>
&#5;&#5;&#5;C T
&#22;&#22;&#1;f0704&#31;reute
u f BC-X   01-01 0105</UNKNOWN>
<TEXT>&#2;
<TITLE>SMITH &amp; SONS &lt;SMS.O> SEES
  HIGHER PROFIT</TITLE>
<AUTHOR>    by Ann Example</AUTHOR>
<DATELINE>    LONDON, Jan 1 - </DATELINE><BODY>Smith &amp; Sons &lt;SMS.O> said its\r
profit&#127;s will r&#1;ise, to &#163;5&nbsp;mln, \x03it\x1b hopes,
    and &amp;lt; stays as it is; AT&T and &bogus; too.
 Reuter
&#3;</BODY></TEXT>
</REUTERS>
<REUTERS TOPICS="NO" CSECS="12" LEWISSPLIT="TRAIN" CGISPLIT="TRAINING-SET" OLDID="98" NEWID="3">
<TEXT TYPE="BRIEF">&#2;
******<TITLE>A BRIEF HAS A TITLE AND NO BODY
</TITLE>Blah blah blah.
&#3;

</TEXT>
</REUTERS>
<REUTERS TOPICS="NO" LEWISSPLIT="TRAIN" CGISPLIT="TRAINING-SET" OLDID="97" NEWID="9">
<TEXT TYPE="UNPROC">&#2;
WEEKLY REPORT
 Gold stock................11,059 unch.........
&#3;
</TEXT>
</REUTERS>
<REUTERS TOPICS="NO" LEWISSPLIT="TRAIN" CGISPLIT="TRAINING-SET" OLDID="96" NEWID="4"><TEXT>&#2;
<DATELINE> PARIS - </DATELINE><BODY>A body without a title, by Reuter correspondents. REUTER
&#3;</BODY></TEXT></REUTERS>
<reuters topics="NO" newid="7"><text><title>Small Tags</title><body>REUTER
&#3;</body></text></reuters>
<REUTERS TOPICS="NO" LEWISSPLIT="TRAIN" CGISPLIT="TRAINING-SET" OLDID="95" NEWID="6"><TEXT>&#2;
<TITLE>ILLEGAL BYTE</TITLE><BODY>growth.\xfcside, but caf\xc3\xa9
&#3;</BODY></TEXT></REUTERS>
"""


def sgml(*stories: tuple[int, str, str]) -> bytes:
    return b"".join(
        f'<REUTERS NEWID="{newid}">\n<TEXT>&#2;\n<TITLE>{title}</TITLE>\n<BODY>{body}\n Reuter\n&#3;</BODY></TEXT>\n'
        "</REUTERS>\n".encode()
        for newid, title, body in stories
    )


def numbered(newids: range) -> bytes:
    return sgml(*((newid, f"BRIDGE NUMBER {newid} MENDED", f"{BODY} It has number {newid}.") for newid in newids))


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def tar_bytes(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def pairs(path: Path) -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    assert all(list(row) == ["document", "summary"] for row in rows)
    return [(row["document"], row["summary"]) for row in rows]


@pytest.fixture
def files() -> dict[str, bytes]:
    """A collection of 40 stories in two files, the later NEWIDs first."""
    return {"reut2-000.sgm": numbered(range(21, 41)), "reut2-001.sgm": numbered(range(1, 21)), "README.txt": b"no SGML"}


# --- text ---


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Oil rose 1-1/8 pct to 5.93 mln.", "oil rose 1 - 1/8 pct to 5.93 mln."),
        ("U.S. and W. Europe", "u.s. and w . europe"),
        ("Moody's, isn't 'odd'", "moody 's , isn ' t ' odd '"),
        ("<ABC.O> 2ND QTR (1,250.5)", "< abc.o > 2 nd qtr ( 1,250.5 )"),
        ("5 7, x ü", "5 7 , x ü"),
    ],
)
def test_tokenize(text: str, tokens: str) -> None:
    assert tokenize(text) == tokens.split()


def test_decode_reads_illegal_bytes_as_latin1_and_counts_them() -> None:
    assert decode_utf8("é“".encode() + b" \xfc \xe9\xff") == ("é“ ü éÿ", 3)


def test_clean_resolves_entities_once_and_deletes_control_characters() -> None:
    assert clean(" a&lt;b&#62;&#x41;\n\tc ") == ("a<b>A c", 0)
    assert clean("&amp;lt; AT&T &amp &bogus;") == ("&lt; AT&T &amp &bogus;", 0)
    assert clean("p&#127;a\x03r\x1bt&#0;") == ("part\ufffd", 3)  # HTML's rule for the null reference
    assert clean("one&#10;two&#13;three\x0bfour") == ("one two three four", 0)


# --- the SGML reader ---


def test_parse_sgml_reads_all_unusual_forms() -> None:
    text, illegal = decode_utf8(ODD_SGML)
    stories, controls = zip(*parse_sgml(text, "reut2-000.sgm"), strict=True)
    assert illegal == 1
    assert stories == (
        Story(
            5,
            "SMITH & SONS <SMS.O> SEES HIGHER PROFIT",
            "Smith & Sons <SMS.O> said its profits will rise, to £5 mln, it hopes,"
            " and &lt; stays as it is; AT&T and &bogus; too.",
        ),
        Story(3, "A BRIEF HAS A TITLE AND NO BODY", ""),
        Story(9, "", ""),
        Story(4, "", "A body without a title, by Reuter correspondents."),
        Story(7, "Small Tags", ""),
        Story(6, "ILLEGAL BYTE", "growth.üside, but café"),
    )
    assert controls == (4, 0, 0, 0, 0, 0)  # &#127; &#1; \x03 \x1b; the closing &#3; belongs to the format


def test_parse_sgml_rejects_a_cut_file_and_a_missing_newid() -> None:
    whole = numbered(range(1, 4)).decode()
    with pytest.raises(UserError, match=r"reut2-007.sgm: 3 documents begin but 2 end"):
        list(parse_sgml(whole[:-30], "reut2-007.sgm"))
    with pytest.raises(UserError, match=r"reut2-007.sgm: 1 documents begin but 0 end"):
        list(parse_sgml('<REUTERS NEWID="1"', "reut2-007.sgm"))
    with pytest.raises(UserError, match=r"reut2-007.sgm: document 2 has no NEWID"):
        list(parse_sgml(whole.replace(' NEWID="2"', ""), "reut2-007.sgm"))


def test_stories_come_ordered_by_newid_from_folder_tar_and_zip_alike(files: dict[str, bytes], tmp_path: Path) -> None:
    nested = {f"some/where/{name}": content for name, content in files.items()}
    (tmp_path / "a.tar.gz").write_bytes(tar_bytes(files))
    (tmp_path / "b.tar").write_bytes(tar_bytes(nested, "w"))
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in nested.items():
            archive.writestr(name, content)
    expected = read_reuters(write_folder(tmp_path / "folder", files), 40)
    assert [story.newid for story in expected[0]] == list(range(1, 41))
    assert expected[1] == {"illegal_bytes": 0, "control_characters": 0}
    for name in ("a.tar.gz", "b.tar", "c.zip"):
        assert read_reuters(tmp_path / name, 40) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", r"begins with b'<!DOCTYPE html>"),
        (b"", "begins with b''"),
        (b"PK\x05\x06" + b"\0" * 18, "holds 0 documents"),
    ],
)
def test_a_source_that_is_no_collection_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "reuters21578.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        read_reuters(tmp_path / "reuters21578.tar.gz")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.99])
def test_a_truncated_archive_is_refused(kept: float, files: dict[str, bytes], tmp_path: Path) -> None:
    for name, mode in (("a.tar.gz", "w:gz"), ("a.tar", "w"), ("a.tar.bz2", "w:bz2"), ("a.tar.xz", "w:xz")):
        content = tar_bytes(files, mode)
        if name == "a.tar" and kept > 0.5:
            continue  # the second half of this plain archive is padding
        (tmp_path / name).write_bytes(content[: int(len(content) * kept)])
        with pytest.raises(UserError, match=name) as error:
            read_reuters(tmp_path / name, 40)
        assert "\n" not in str(error.value)


def test_missing_and_incomplete_and_doubled_collections_are_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere does not exist"):
        read_reuters(tmp_path / "nowhere")
    folder = write_folder(tmp_path / "half", {"reut2-000.sgm": files["reut2-000.sgm"]})
    with pytest.raises(
        UserError, match=r"holds 20 documents \(20 distinct\) in 1 files.* the collection holds 40 in 22"
    ):
        read_reuters(folder, 40)
    write_folder(folder, {"copy/reut2-000.sgm": files["reut2-000.sgm"]})
    with pytest.raises(UserError, match=r"holds 40 documents \(20 distinct\) in 2 files"):
        read_reuters(folder, 40)


# --- the Reuters split ---


def test_split_filters_first_then_cuts_then_removes_training_headlines() -> None:
    stories = [Story(n, f"Bridge number {n} mended", BODY) for n in range(1, 41)]
    stories[36] = Story(37, "BRIDGE  NUMBER 2 MENDED", BODY)  # validation: the headline of story 2 in other letters
    stories[39] = Story(40, "Bridge number 38 mended", BODY)  # test: a headline of validation, which is kept
    extra = [
        Story(0, "", BODY),
        Story(-1, "No body at all", ""),
        Story(-2, "Two words", BODY),
        Story(-3, "Eleven tokens only", "one two three four five six seven eight nine ten eleven"),
        Story(-4, "", ""),
    ]
    twelve = Story(41, "Just long enough", "one two three four five six seven eight nine ten eleven twelve")
    split, left_out = split_reuters([twelve, *reversed(stories), *extra])
    # 41 usable stories: 36 (90 %, rounded down) train, numbers 37 and 38 (to 95 %) validation, the rest test.
    assert {name: [story.newid for story in part] for name, part in split.items()} == {
        "train": list(range(1, 37)),
        "validation": [38],
        "test": [39, 40, 41],
    }
    assert left_out == {
        "no_title": 2,
        "no_body": 1,
        "short_title": 1,
        "short_body": 1,
        "headline_in_training": 1,
    }


def test_whole_command_writes_pairs_and_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A collection of the real size. Its first file contains the unusual documents."""
    odd = ODD_SGML + sgml((1, "TWO WORDS", BODY), (2, "SHORT BODY HERE", "Seven words."), (8, "GOOD 'OLD' STORY", BODY))
    source = write_folder(tmp_path / "raw", {"reut2-000.sgm": odd})
    for number in range(1, 22):
        first = 10 + (number - 1) * 1000
        newids = range(first, 21_579 if number == 21 else first + 1000)
        write_folder(source, {f"reut2-{number:03}.sgm": numbered(newids)})
    # Story 20000 is in validation and gets the headline of story 8, in other letters.
    late = source / "reut2-019.sgm"
    late.write_bytes(late.read_bytes().replace(b"BRIDGE NUMBER 19100 MENDED", b"Good 'Old' Story"))
    late = source / "reut2-020.sgm"
    late.write_bytes(late.read_bytes().replace(b"BRIDGE NUMBER 20000 MENDED", b"Good 'Old' Story"))

    output = tmp_path / "out"
    assert main(["reuters21578", "--source", str(source), "--output", str(output)]) == 0

    usable = [5, 8, *range(10, 21_579)]  # 21,571 stories: 19,413 + 1,079 + 1,079
    assert (len(usable) * 90 // 100, len(usable) * 95 // 100) == (19_413, 20_492)
    validation = usable[19_413:20_492]
    assert 20_000 in validation
    assert 19_100 not in validation
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    assert report == {
        "corpus": "reuters21578",
        "source": str(source),
        "documents_read": 21_578,
        "kept": {"train": 19_413, "validation": 1_078, "test": 1_079},
        # NEWIDs 9 and 4; 3 and 7; 1 and 6 (two words each); 2; 20000
        "left_out": {"no_title": 2, "no_body": 2, "short_title": 2, "short_body": 1, "headline_in_training": 1},
        "mended": {"illegal_bytes": 1, "control_characters": 4},
    }
    assert report["documents_read"] == sum(report["kept"].values()) + sum(report["left_out"].values())
    assert sorted(path.name for path in output.iterdir()) == [
        "report.json",
        "test.jsonl",
        "train.jsonl",
        "validation.jsonl",
    ]
    train = pairs(output / "train.jsonl")
    assert train[0][1] == "SMITH & SONS <SMS.O> SEES HIGHER PROFIT"
    assert train[1] == (BODY, "GOOD 'OLD' STORY")
    assert train[2] == (f"{BODY} It has number 10.", "BRIDGE NUMBER 10 MENDED")
    assert [summary for _, summary in pairs(output / "validation.jsonl")] == [
        f"BRIDGE NUMBER {newid} MENDED" for newid in validation if newid != 20_000
    ]
    assert pairs(output / "test.jsonl")[-1] == (f"{BODY} It has number 21578.", "BRIDGE NUMBER 21578 MENDED")

    out, err = capsys.readouterr()
    assert "21,578 documents read" in out
    assert "train 19,413, validation 1,078, test 1,079" in out
    assert "headline in training 1" in out
    assert err == "reading Reuters-21578\n"


def test_existing_output_is_kept_unless_forced(files: dict[str, bytes], tmp_path: Path) -> None:
    source = write_folder(tmp_path / "raw", files)
    output = write_folder(tmp_path / "out", {"validation.jsonl": b"precious", "notes.txt": b"mine"})
    with pytest.raises(UserError, match=r"already holds validation\.jsonl: .*--force"):
        main(["reuters21578", "--source", str(source), "--output", str(output)])
    assert (output / "validation.jsonl").read_bytes() == b"precious"
    assert not (output / "train.jsonl").exists()
    prepare_reuters(str(source), output, force=True, documents=40)
    assert len(pairs(output / "validation.jsonl")) == 2
    assert (output / "notes.txt").read_bytes() == b"mine"


def test_a_bad_source_leaves_no_output(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        prepare_reuters(str(tmp_path / "nowhere"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write to .*choose another --output"):
        prepare_gigaword(write_folder(tmp_path / "raw", GIGAWORD), tmp_path / "file" / "out")


def test_output_appears_only_when_whole(tmp_path: Path) -> None:
    def interrupted() -> None:
        with corpus_writer(tmp_path) as writer:
            writer.write("train", "a document", "a summary")
            raise KeyboardInterrupt

    def disk_full() -> None:
        with corpus_writer(tmp_path):
            raise OSError(28, "No space left on device")

    (tmp_path / "train.jsonl").write_text("from before")
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(UserError, match="No space left"):
        disk_full()
    assert [path.name for path in tmp_path.iterdir()] == ["train.jsonl"]
    assert (tmp_path / "train.jsonl").read_text() == "from before"


# --- download ---


@pytest.fixture
def server(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An HTTP server on this machine: /whole, /short (fewer bytes than announced), /cut (half, no length), /page."""
    archive = tar_bytes(files)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = {
                "/whole": archive,
                "/short": archive[:-100],
                "/cut": archive[: len(archive) // 2],
                "/page": b"<html>",
            }
            if self.path not in body:
                self.send_error(404)
                return
            self.send_response(200)
            if self.path != "/cut":
                self.send_header("Content-Length", str(len(archive if self.path == "/short" else body[self.path])))
            self.end_headers()
            self.wfile.write(body[self.path])

        def log_message(self, *args: object) -> None:
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("seq2seq.data.raw.download.PAUSES", (0.0, 0.0))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_download_from_an_address(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = prepare_reuters(f"{server}/whole", tmp_path / "out", documents=40)
    assert report.kept == {"train": 36, "validation": 2, "test": 2}
    assert report.source == f"{server}/whole"
    assert len(read_reuters(tmp_path / "out" / "reuters21578.tar.gz", 40)[0]) == 40
    assert f"downloading {server}/whole\n" in capsys.readouterr().err


def test_a_download_to_a_bad_folder(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot write to .*choose another --output"):
        prepare_reuters(f"{server}/whole", tmp_path / "file" / "out", documents=40)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("short", r"broke off after [\d,]+ of [\d,]+ bytes"),
        ("cut", "cannot be read"),
        ("page", "begins with b'<html>'"),
        ("gone", "404"),
    ],
)
def test_a_bad_download_leaves_no_file(path: str, message: str, server: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as error:
        prepare_reuters(f"{server}/{path}", tmp_path / "out", documents=40)
    assert f"{server}/{path}" in str(error.value)
    assert "--source reuters21578.tar.gz" in str(error.value)
    assert "\n" not in str(error.value)
    assert not any((tmp_path / "out").glob("*"))


def test_without_source_the_second_address_is_tried_and_the_archive_used_again(server: str, tmp_path: Path) -> None:
    prepare_reuters(None, tmp_path, urls=(f"{server}/short", f"{server}/whole"), documents=40)
    first = (tmp_path / "train.jsonl").read_bytes()
    report = prepare_reuters(None, tmp_path, force=True, urls=(f"{server}/gone",), documents=40)
    assert report.source == str(tmp_path / "reuters21578.tar.gz")
    assert (tmp_path / "train.jsonl").read_bytes() == first


def test_no_network_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(UserError) as error:
            prepare_reuters(None, tmp_path, urls=(f"{address}/one", f"{address}/two"))
    message = str(error.value)
    assert f"{address}/one" in message
    assert f"{address}/two" in message
    assert "by hand" in message
    assert "\n" not in message


# --- Gigaword ---

GIGAWORD = {
    "train/train.article.txt": b"the <unk> rose # percent .\n\n third UNK\tarticle \nfourth\n",
    "train/train.title.txt": b"<unk> up #\x00 &amp; pct\nno article\nUNK\n  \n",
    "train/valid.article.filter.txt": "caf\u00e9 \u2028 one\rtwo\n".encode(),
    "train/valid.title.filter.txt": b"a title\xfc without line feed at the end",
    "giga/input.txt": b"",
    "giga/task1_ref0.txt": b"",
}


def test_gigaword(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_folder(tmp_path / "raw", GIGAWORD)
    output = tmp_path / "out"
    assert main(["gigaword", "--source", str(source), "--output", str(output)]) == 0
    assert pairs(output / "train.jsonl") == [
        ("the <unk> rose # percent .", "<unk> up # &amp; pct"),
        ("third UNK article", "UNK"),
    ]
    assert pairs(output / "validation.jsonl") == [("café one two", "a titleü without line feed at the end")]
    assert pairs(output / "test.jsonl") == []
    assert json.loads((output / "report.json").read_text()) == {
        "corpus": "gigaword",
        "source": str(source),
        "documents_read": 5,
        "kept": {"train": 2, "validation": 1, "test": 0},
        "left_out": {
            "train_empty_document": 1,
            "train_empty_summary": 1,
            "validation_empty_document": 0,
            "validation_empty_summary": 0,
            "test_empty_document": 0,
            "test_empty_summary": 0,
        },
        "mended": {"illegal_bytes": 1, "control_characters": 1},
    }
    assert "train 2, validation 1\n" in capsys.readouterr().out


def test_gigaword_compressed_and_flat_gives_the_same(tmp_path: Path) -> None:
    prepare_gigaword(write_folder(tmp_path / "raw", GIGAWORD), tmp_path / "out")
    flat = {f"{Path(name).name}.gz": gzip.compress(content) for name, content in GIGAWORD.items()}
    prepare_gigaword(write_folder(tmp_path / "flat", flat), tmp_path / "again")
    for name in ("train.jsonl", "validation.jsonl", "test.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_gigaword_misaligned_files_are_refused_and_old_output_kept(tmp_path: Path) -> None:
    for name, lines in (("giga/task1_ref0.txt", (0, 3)), ("giga/input.txt", (3, 0))):
        source = write_folder(tmp_path / "raw", GIGAWORD | {name: b"a\nb\nc"})
        output = write_folder(tmp_path / "out", {"train.jsonl": b"from before"})
        with pytest.raises(UserError, match=rf"input\.txt has {lines[0]} lines but .*task1_ref0\.txt has {lines[1]}"):
            prepare_gigaword(source, output, force=True)
        assert [path.name for path in output.iterdir()] == ["train.jsonl"]
        assert (output / "train.jsonl").read_bytes() == b"from before"


def test_gigaword_bad_sources(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere is no folder"):
        prepare_gigaword(tmp_path / "nowhere", tmp_path / "out")
    source = write_folder(
        tmp_path / "raw", {name: text for name, text in GIGAWORD.items() if "valid.title" not in name}
    )
    with pytest.raises(UserError, match=r"holds no valid\.title\.filter\.txt or valid\.title\.filter\.txt\.gz"):
        prepare_gigaword(source, tmp_path / "out")
    damaged = gzip.compress(b"a line of text\n" * 1000)[:-12]
    write_folder(source, {"train/valid.title.filter.txt.gz": damaged, "train/valid.article.filter.txt": b"a\n" * 1000})
    with pytest.raises(UserError, match=r"valid\.title\.filter\.txt\.gz cannot be read"):
        prepare_gigaword(source, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_gigaword_needs_constant_memory(tmp_path: Path) -> None:
    """1,000 long pairs are 4 MB of text; reading and writing holds only a few lines and buffers at a time."""
    article, title = b"some words of the article " * 160 + b"\n", b"a short title\n"
    many = {"train/train.article.txt": article * 1_000, "train/train.title.txt": title * 1_000}
    source = write_folder(tmp_path / "raw", GIGAWORD | many)
    del many
    tracemalloc.start()
    report = prepare_gigaword(source, tmp_path / "out")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.kept["train"] == 1_000
    assert peak < 1_000_000


# --- the command ---


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["reuters21578", "gigaword", "train.jsonl"]),
        (["reuters21578", "--help"], ["--source", "reut2-021.sgm", "--force", "NEWID"]),
        (["gigaword", "--help"], ["--source", "task1_ref0.txt", "<unk>"]),
        (["arxiv", "--help"], ["--categories", "--years", "CC0", "2019-10-01"]),
        (["congress", "--help"], ["--revision", "not copyrighted", "default: 120"]),
    ],
)
def test_help(arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: seq2seq prepare")
    assert [word for word in words if word not in out] == []


@pytest.mark.parametrize("arguments", [[], ["webnews"], ["reuters21578"], ["gigaword", "--output", "x"]])
def test_wrong_arguments_are_one_line(arguments: list[str]) -> None:
    with pytest.raises(UserError, match="--help"):
        main(arguments)


def test_a_registered_distribution_is_a_subcommand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def prepare(years: int, output: Path, force: bool) -> Report:
        return Report("mine", f"{years} years", 7, {"train": 7}, {}, {"force": int(force)})

    arguments = {"--years": {"type": int, "required": True}}
    monkeypatch.setitem(DISTRIBUTIONS, "mine", Distribution("my stories", "All of them.", "-", arguments, prepare))
    assert main(["mine", "--years", "3", "--output", str(tmp_path), "--force"]) == 0
    out = capsys.readouterr().out
    assert "mine: 7 documents read from 3 years" in out
    assert "force 1" in out
    with pytest.raises(UserError, match=r"--yeers.*did you mean '?--years"):
        main(["mine", "--years", "3", "--output", str(tmp_path), "--yeers", "3"])


# --- the real collection ---


@pytest.mark.skipif(not (REAL_DATA / "comparison").is_dir(), reason=f"the real collection is not at {REAL_DATA}")
def test_real_collection_reproduces_the_published_split(tmp_path: Path) -> None:
    """17,117 / 942 / 948 pairs, and every line of the tokenised split (documents cut to 80 tokens) is reproduced."""
    report = prepare_reuters(str(REAL_DATA / "reuters21578.tar.gz"), tmp_path)
    assert report.documents_read == 21_578
    assert report.kept == {"train": 17_117, "validation": 942, "test": 948}
    assert report.mended["illegal_bytes"] == 1
    for split, name in (("train", "train"), ("validation", "valid"), ("test", "test")):
        ours = pairs(tmp_path / f"{split}.jsonl")
        documents = [" ".join(tokenize(document)[:80]) for document, _ in ours]
        summaries = [" ".join(tokenize(summary)) for _, summary in ours]
        for lines, side in ((documents, "src"), (summaries, "tgt")):
            with gzip.open(REAL_DATA / "comparison" / f"{name}.{side}.gz", "rt", encoding="utf-8") as file:
                assert lines == file.read().split("\n")[:-1]

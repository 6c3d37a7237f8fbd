"""`seq2seq score`: the files it reads, the forms it writes, and wrong input."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import TrainedRun, process, read_jsonl, run, write_jsonl

from seq2seq.data.corpora import READERS, Columns, Row
from seq2seq.scoring import RougeOptions, compare

REFERENCES = ["police arrest two men", "fire in Essen hurts 11", "oil prices rise"]
OURS = ["police arrest men", "fire in Essen hurts 11", "oil prices fall"]
THEIRS = ["police talk", "fire in Faro", "<unk> of oil"]
DOCUMENTS = ["police said two men", "a fire in Essen hurt 11", "prices of oil"]
FAST = ["--trials", "20"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with references and predictions as plain text."""
    monkeypatch.chdir(tmp_path)
    for name, lines in {"refs": REFERENCES, "ours": OURS, "theirs": THEIRS, "docs": DOCUMENTS}.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def scored(capfd: pytest.CaptureFixture[str], place: Path) -> Callable[..., dict[str, Any]]:
    """The JSON result of the command."""

    def score(*argv: str | Path) -> dict[str, Any]:
        capfd.readouterr()
        status = run("score", *FAST, "--format", "json", *argv)
        captured = capfd.readouterr()
        assert status == 0, captured.err
        return json.loads(captured.out)

    return score


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str], place: Path) -> Callable[..., str]:
    """The one error line of the command."""

    def complained(*argv: str | Path) -> str:
        capfd.readouterr()
        assert run("score", *FAST, *argv) == 1
        captured = capfd.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        assert line.startswith("seq2seq: error: ")
        return line

    return complained


def expected(references: Any, systems: dict[str, list[str]], documents: Any = None, **options: Any) -> dict[str, Any]:
    return compare(references, systems, documents, RougeOptions(**options), trials=20).as_dict()


def objects(**columns: list[Any]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


# ---- files


def test_text_and_several_systems(scored: Callable[..., Any]) -> None:
    assert scored("refs.txt", "ours.txt", "theirs.txt") == expected(REFERENCES, {"ours": OURS, "theirs": THEIRS})
    found = scored("refs.txt", "ours.txt", "--documents", "docs.txt")
    assert found == expected(REFERENCES, {"ours": OURS}, DOCUMENTS)
    assert "novel_unigrams" in found["systems"][0]["figures"]


@pytest.mark.parametrize("column", ["summary", "reference", "summaries", "references"])
def test_columns_of_references(scored: Callable[..., Any], column: str) -> None:
    several = column.endswith("s")
    values = [[text, "x y"] if several else text for text in REFERENCES]
    write_jsonl(Path("refs.jsonl"), objects(document=DOCUMENTS, **{column: values}))
    assert scored("refs.jsonl", "ours.txt") == expected(values, {"ours": OURS}, DOCUMENTS)


def test_one_file_with_everything(scored: Callable[..., Any]) -> None:
    write_jsonl(Path("p.jsonl"), objects(document=DOCUMENTS, reference=REFERENCES, prediction=OURS))
    result = expected(REFERENCES, {"p": OURS}, DOCUMENTS)
    assert scored("p.jsonl") == scored("p.jsonl", "p.jsonl") == result


def test_the_first_hypothesis_counts(scored: Callable[..., Any]) -> None:
    hypotheses = [[{"text": text, "score": -1.0}, {"text": "worse", "score": -2.0}] for text in OURS]
    write_jsonl(Path("n.jsonl"), objects(hypotheses=hypotheses))
    assert scored("refs.txt", "n.jsonl") == expected(REFERENCES, {"n": OURS})


def test_tables_and_plugin_readers(scored: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"references": [[text] for text in REFERENCES]}), "refs.parquet")
    Path("p.csv").write_text("prediction\n" + "\n".join(OURS) + "\n")

    def read_pipes(path: Path, columns: Columns) -> Any:
        return (Row(i, *line.split("|")) for i, line in enumerate(path.read_text().splitlines(), start=1))

    monkeypatch.setitem(READERS, ".pipes", read_pipes)
    Path("refs.pipes").write_text("\n".join(map("|".join, zip(DOCUMENTS, REFERENCES, strict=True))))
    assert scored("refs.parquet", "p.csv") == expected(REFERENCES, {"p": OURS})
    assert scored("refs.pipes", "p.csv") == expected(REFERENCES, {"p": OURS}, DOCUMENTS)


def test_several_references_from_files_and_from_columns(scored: Callable[..., Any]) -> None:
    Path("refs.csv").write_text("a,b\n" + "\n".join(f"{x},{y}" for x, y in zip(REFERENCES, THEIRS, strict=True)))
    groups = [list(pair) for pair in zip(REFERENCES, THEIRS, strict=True)]
    result = expected(groups, {"ours": OURS}, several="pooled", max_bytes=15)
    options = ["--several", "pooled", "--max-bytes", "15"]
    assert scored("ours.txt", *options, "--references", "refs.txt", "theirs.txt") == result
    assert scored("refs.csv", "ours.txt", *options, "--reference-column", "a", "b") == result
    assert "refs:2.pooled|" in result["signatures"]["rouge"]


def test_rows_are_put_in_order(scored: Callable[..., Any], refused: Callable[..., str]) -> None:
    lines = objects(row=[2, 0, 1], prediction=[OURS[2], OURS[0], OURS[1]])
    write_jsonl(Path("p.jsonl"), lines)
    assert scored("refs.txt", "p.jsonl") == expected(REFERENCES, {"p": OURS})
    write_jsonl(Path("p.jsonl"), [*lines[:2], {**lines[2], "row": 2}])
    assert "p.jsonl: the column row must number all rows from 0" in refused("refs.txt", "p.jsonl")


def test_standard_input(scored: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with open("ours.txt") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert scored("refs.txt", "-", "--names", "ours") == expected(REFERENCES, {"ours": OURS})


def test_what_test_has_written(trained: TrainedRun, scored: Callable[..., Any]) -> None:
    """The same scores and figures as in metrics.json, whose signature names the same settings."""
    found = scored(trained.folder / "predictions.jsonl")
    metrics = json.loads((trained.folder / "metrics.json").read_text())
    (system,) = found["systems"]
    for kind in ("rouge1", "rouge2", "rougeL"):
        assert system["scores"][f"{kind}.f1"]["value"] == metrics[kind]
    assert system["figures"] == {name: metrics[name] for name in system["figures"]}
    assert system["figures"]["number_precision"] is not None
    settings = metrics["settings"]["signature"].split("|")
    assert settings[0] == "rouge:1,2,L.f1"
    assert set(settings[1:]) < set(found["signatures"]["rouge"].split("|"))
    again = scored(trained.folder / "predictions.jsonl", "--signature", metrics["settings"]["signature"])
    assert again == found


def test_a_model_is_decoded_and_scored(trained: TrainedRun, scored: Callable[..., Any], refused: Any) -> None:
    test = trained.corpus["test"]
    source = read_jsonl(Path(test))
    assert run("decode", "--checkpoint", trained.best, "--input", test, "--output", "greedy.txt", "--beam-size", 1) == 0
    greedy = Path("greedy.txt").read_text().split("\n")[:-1]
    documents, references = ([line[key] for line in source] for key in ("document", "summary"))
    result = expected(references, {"model": greedy, "copy": greedy}, documents)
    argv = ["--model", trained.best, "--input", test, "greedy.txt", "--beam-size", "1"]
    assert scored(*argv, "--names", "model", "copy") == result
    assert [system["name"] for system in scored(*argv)["systems"]] == ["best", "greedy"]
    other_order = ["--model", trained.best, "greedy.txt", "--input", test, "--beam-size", "1"]
    assert [system["name"] for system in scored(*other_order)["systems"]] == ["best", "greedy"]
    Path("docs.txt").write_text("\n".join(documents) + "\n")
    assert "it cannot hold references beside other texts: give --references" in refused(
        "--model", trained.best, "--input", "docs.txt"
    )
    Path("refs.txt").write_text("\n".join(references) + "\n")
    found = scored("--model", trained.best, "--input", "docs.txt", "--references", "refs.txt", "--beam-size", "1")
    assert found["systems"][0]["scores"] == result["systems"][0]["scores"]


# ---- settings


def test_options_and_their_signature(scored: Callable[..., Any], capfd: pytest.CaptureFixture[str]) -> None:
    options = ["--no-stemmer", "--tokenizer", "unicode", "--unk", "removed", "--max-bytes", "12"]
    found = scored("refs.txt", "theirs.txt", *options)
    wanted = expected(REFERENCES, {"theirs": THEIRS}, stemmer=False, tokenizer="unicode", unk="removed", max_bytes=12)
    assert found == wanted
    assert scored("refs.txt", "theirs.txt", "--signature", found["signatures"]["rouge"]) == found
    assert capfd.readouterr().err == ""
    other = re.sub("version:.*", "version:seq2seq-0.0.1", found["signatures"]["rouge"])
    assert run("score", "refs.txt", "theirs.txt", "--signature", other, "--stemmer") == 0
    captured = capfd.readouterr()
    assert "note: the signature names other versions (seq2seq-0.0.1)" in captured.err
    assert "stem:yes|tok:unicode" in captured.out


def test_names_of_systems(scored: Callable[..., Any], refused: Callable[..., str], place: Path) -> None:
    def names(*argv: str | Path) -> list[str]:
        return [system["name"] for system in scored("refs.txt", *argv)["systems"]]

    for run_name in ("a", "b"):
        (place / run_name).mkdir()
        write_jsonl(place / run_name / "p.jsonl", objects(prediction=OURS))
    assert names("a/p.jsonl", "ours.txt") == ["p", "ours"]
    assert names("a/p.jsonl", "b/p.jsonl") == ["a/p", "b/p"]
    assert names("a/p.jsonl", "b/p.jsonl", "--names", "x", "y") == ["x", "y"]
    assert "a/p.jsonl: given twice as predictions" in refused("refs.txt", "a/p.jsonl", "a/p.jsonl")
    assert "give 2 different names" in refused("refs.txt", "ours.txt", "theirs.txt", "--names", "x", "x")
    assert "give 1 different names" in refused("refs.txt", "ours.txt", "--names", "x", "y")


# ---- forms of the output


def test_text_fits_a_narrow_output(place: Path, capfd: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert (
        run("score", "refs.txt", "ours.txt", "theirs.txt", *FAST, "--names", "[red]o", "a-long-name-of-a-system") == 0
    )
    out = capfd.readouterr().out
    assert "Scores in percent, with 95 % intervals (20 resamples); 3 pairs" in out
    assert "Differences from [red]o in points" in out
    table, signature = out.rstrip("\n").rsplit("\n", 1)
    assert signature.startswith("rouge:1,2,L,Lsum.f1,precision,recall|refs:1|stem:yes|tok:rouge|")
    assert [line for line in table.splitlines() if len(line) > 80] == []
    result = expected(REFERENCES, {"x": OURS, "y": THEIRS})["systems"][1]
    estimate, difference = result["scores"]["rouge1.f1"], result["differences"]["rouge1.f1"]
    assert f"{estimate['value']:.2f}" in table
    assert f"({estimate['low']:.2f}-{estimate['high']:.2f})" in table
    assert f"({difference['bootstrap_p']:.3f}/{difference['randomization_p']:.3f})" in table


def test_markdown_and_latex(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("score", "refs.txt", "ours.txt", "--format", "markdown", "--trials", "0") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[2] == "| system |  | ROUGE-1 | ROUGE-2 | ROUGE-L | ROUGE-Lsum |"
    scores = expected(REFERENCES, {"x": OURS})["systems"][0]["scores"]
    cells = [f"{scores[f'{kind}.f1']['value']:.2f}" for kind in ("rouge1", "rouge2", "rougeL", "rougeLsum")]
    assert lines[4] == f"| ours | F1 | {' | '.join(cells)} |"
    assert run("score", "refs.txt", "ours.txt", "--format", "latex", "--trials", "0") == 0
    out = capfd.readouterr().out
    assert f"ours & F1 & {' & '.join(cells)} \\\\" in out
    assert out.count(r"\begin{table}") == out.count(r"\end{table}") == 2


def test_output_that_cannot_encode_a_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    done = process("score", "refs.txt", "ours.txt", "--names", "आग", *FAST)
    assert done.returncode == 0, done.stderr.decode()
    assert b"\\u0906\\u0917" in done.stdout


# ---- notes and errors


def test_notes(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (place / "bytes.txt").write_bytes(b"caf\xe9\nb\nc\n")
    assert run("score", "refs.txt", "bytes.txt", *FAST) == 0
    assert "note: 1 texts with bytes that are not text (replaced)" in capfd.readouterr().err
    write_jsonl(place / "p.jsonl", objects(reference=[*REFERENCES[:2], "other"], document=DOCUMENTS, prediction=OURS))
    assert run("score", "refs.txt", "p.jsonl", "--documents", "ours.txt", *FAST) == 0
    err = capfd.readouterr().err
    assert "note: p.jsonl: 1 of 3 references differ from those of refs.txt, which are used" in err
    assert "note: p.jsonl: 3 of 3 documents differ" in err


def test_files_of_different_lengths(refused: Callable[..., str], place: Path) -> None:
    (place / "short.txt").write_text("one\n")
    expected = "refs.txt has 3 texts and short.txt has 1: text n of one belongs to text n of the other"
    assert expected in refused("refs.txt", "short.txt")
    assert expected in refused("refs.txt", "ours.txt", "--documents", "short.txt")
    assert expected in refused("ours.txt", "--references", "refs.txt", "short.txt")


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        ([], "there are no predictions to score: `seq2seq score --help`"),
        (["--references", "refs.txt", "ours.txt"], "there are no predictions to score: give them before --references"),
        (["refs.txt"], "refs.txt: plain text has no columns"),
        (["refs.txt", "our.txt"], "no such file: our.txt (did you mean 'ours.txt'?)"),
        (["refs.txt", "ours.txt", "--max-bytes", "0"], "--max-bytes 0 is too small"),
        (["refs.txt", "ours.txt", "--trials", "-1"], "--trials -1: give at least 0"),
        (["refs.txt", "ours.txt", "--beam-size", "2"], "--beam-size has no effect without --model"),
        (["refs.txt", "ours.txt", "--input", "docs.txt"], "--input has no effect without --model"),
        (["--model", "x.ckpt", "ours.txt"], "--model needs documents and references: give --input FILE"),
        (["refs.txt", "ours.txt", "--prediction-column", "x"], "--prediction-column has no effect on plain text"),
        (["refs.txt", "ours.txt", "--document-column", "x"], "--document-column has no effect on plain text"),
        (["refs.txt", "ours.txt", "--several", "mean"], "--several has no effect with one reference: refs.txt"),
        (["refs.txt", "ours.txt", "--trials", "0", "--seed", "2"], "--seed has no effect with --trials 0"),
        (["refs.txt", "ours.txt", "--signature", "x"], "there is no part 'rouge'"),
        (["refs.txt", "ours.txt", "--stemer"], "did you mean '--stemmer'?"),
    ],
)
def test_wrong_arguments(refused: Callable[..., str], argv: list[str], problem: str) -> None:
    message = refused(*argv)
    assert problem in message


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([{"text": "a"}], "p.jsonl: no column with predictions (there are: text); give --prediction-column"),
        ([{"prediction": "a"}, {"text": "b"}], "p.jsonl:2: no column 'prediction' (there are: text)"),
        ([{"prediction": None}], "p.jsonl:1: prediction must be a text, the one here is null"),
        ([{"prediction": "a"}, {"prediction": 3}], "p.jsonl:2: prediction must be a text, the one here is of type int"),
        ([{"hypotheses": []}], "p.jsonl:1: hypotheses is an empty list"),
        ([], "p.jsonl: there are no texts"),
    ],
)
def test_wrong_predictions(refused: Callable[..., str], lines: list[Any], problem: str) -> None:
    write_jsonl(Path("p.jsonl"), lines)
    assert problem in refused("refs.txt", "p.jsonl")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([{"headline": "a"}], "r.jsonl: no column with references (there are: headline); give --reference-column"),
        ([{"summary": "a", "reference": "b"}], "r.jsonl: references in summary and reference; give --reference-column"),
        ([{"references": []}], "r.jsonl:1: references is an empty list"),
        ([{"references": ["a", 1]}], "r.jsonl:1: references must be a text, the one here is of type int"),
        ([{"summary": "a", "document": "d"}, {"summary": "a"}], "r.jsonl:2: no column 'document'"),
    ],
)
def test_wrong_references(refused: Callable[..., str], lines: list[Any], problem: str) -> None:
    write_jsonl(Path("r.jsonl"), lines)
    Path("p.txt").write_text("x\n" * len(lines))
    assert problem in refused("r.jsonl", "p.txt")

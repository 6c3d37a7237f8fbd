"""Inference from a checkpoint: every command and the Python API give the same headlines, for all kinds of documents."""

from __future__ import annotations

import getpass
import json
import os
import random
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import TrainedRun, pairs, process, read_jsonl, run, write_jsonl

from seq2seq.batch import make_batch
from seq2seq.checkpoint import write_checkpoint
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import Headline, Summarizer, generate, headlines


@pytest.fixture(scope="module")
def summarizer(trained: TrainedRun) -> Summarizer:
    return Summarizer.from_checkpoint(trained.best, device="cpu")


def some_documents() -> list[str]:
    """Documents of the corpus and random ones of many lengths, with unknown words."""
    chooser = random.Random(7)
    known = [pair["document"] for pair in pairs(24)]
    words = sorted({word for document in known for word in document.split()} | {"quokka", "1999", "Zagreb"})
    return known + [" ".join(chooser.choices(words, k=chooser.randint(1, 40))) for _ in range(40)]


# ---- the same headlines from every command and in every batch


@pytest.mark.parametrize("beam_size", [1, 3])
def test_test_decode_and_summarizer_agree(
    trained: TrainedRun, tmp_path: Path, summarizer: Summarizer, beam_size: int
) -> None:
    corpus = write_jsonl(tmp_path / "test.jsonl", [{"document": d, "summary": "x"} for d in [*some_documents(), ""]])
    options = ["--data.corpus.test", corpus, "--model.search.beam_size", str(beam_size)]
    folder = ["--trainer.default_root_dir", tmp_path]
    assert run("test", "--config", trained.config, "--ckpt_path", trained.best, *options, *folder) == 0
    tested = [line["prediction"] for line in read_jsonl(tmp_path / "predictions.jsonl")]
    decode = ["decode", "--checkpoint", trained.best, "--input", corpus, "--beam-size", str(beam_size)]
    assert run(*decode, "--output", tmp_path / "out.jsonl", "--format", "jsonl") == 0
    assert run(*decode, "--output", tmp_path / "out.txt") == 0
    assert [line["prediction"] for line in read_jsonl(tmp_path / "out.jsonl")] == tested
    assert (tmp_path / "out.txt").read_text().split("\n") == [*tested, ""]
    assert summarizer.summarize([*some_documents(), ""], beam_size=beam_size) == tested
    assert len(set(tested)) > 20


@pytest.mark.parametrize("beam_size", [1, 3])
def test_batch_size_chunk_and_order_change_nothing(summarizer: Summarizer, beam_size: int) -> None:
    documents = some_documents()
    options: dict[str, Any] = {"beam_size": beam_size, "n_best": beam_size}
    expected = [found[0] for found in (list(summarizer.stream([d], **options)) for d in documents)]
    for settings in ({}, {"batch_size": 1}, {"batch_size": 7}, {"chunk": 5}):
        found = list(summarizer.stream(documents, **settings, **options))
        assert [[h.text for h in one] for one in found] == [[h.text for h in one] for one in expected]
        for one, other in zip(found, expected, strict=True):
            assert [h.score for h in one] == pytest.approx([h.score for h in other], abs=1e-4)
    order = random.Random(1).sample(range(len(documents)), len(documents))
    shuffled = summarizer.summarize([documents[i] for i in order], **options)
    assert shuffled == [expected[i][0].text for i in order]


def test_single_documents_have_the_same_headlines_by_compiled_loops(trained: TrainedRun) -> None:
    """One document at a time runs on torch alone, until `warm_up`."""
    summarizer = Summarizer.from_checkpoint(trained.best, device="cpu")
    documents = some_documents()[:6]
    for beam_size in (1, 3):
        before = [next(summarizer.stream([document], beam_size=beam_size))[0] for document in documents]
        warm = Summarizer.from_checkpoint(trained.best, device="cpu")
        warm.warm_up()
        for _ in range(2):  # made layouts, kept layouts
            after = [next(warm.stream([document], beam_size=beam_size))[0] for document in documents]
            assert [headline.text for headline in after] == [headline.text for headline in before]
            assert [h.score for h in after] == pytest.approx([h.score for h in before], abs=1e-4)
        traced = [warm.trace(document, beam_size=beam_size).headlines[0].text for document in documents]
        assert traced == [headline.text for headline in before]


def test_documents_are_cut_to_the_limit_of_the_checkpoint(trained: TrainedRun, tmp_path: Path) -> None:
    """The limit of the config, 3 tokens, has no effect on `test` with a checkpoint."""
    settings = ["--config", trained.config, "--ckpt_path", trained.best, "--data.max_document_tokens", "3"]
    assert run("test", *settings, "--trainer.default_root_dir", tmp_path) == 0
    assert read_jsonl(tmp_path / "predictions.jsonl") == read_jsonl(trained.folder / "predictions.jsonl")


def test_repeated_documents_and_generators(summarizer: Summarizer) -> None:
    document = pairs(1)[0]["document"]
    assert summarizer.summarize([document] * 3) == [pairs(1)[0]["summary"]] * 3
    assert [found[0].text for found in summarizer.stream(iter([document]))] == [pairs(1)[0]["summary"]]
    assert summarizer.summarize([]) == []


# ---- search options


def test_n_best_is_ordered_and_its_scores_add_up(summarizer: Summarizer) -> None:
    for found in summarizer.stream(some_documents(), beam_size=4, n_best=4, length_penalty=1.0):
        assert len({h.text for h in found}) > 1
        assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
        assert all(h.log_prob <= h.score < 0 for h in found)
    plain = next(summarizer.stream(some_documents(), beam_size=4, n_best=4, length_penalty=0.0))
    assert [h.score for h in plain] == [h.log_prob for h in plain]


@pytest.mark.parametrize("beam_size", [1, 4])
def test_lengths_and_repetition_are_obeyed(summarizer: Summarizer, beam_size: int) -> None:
    def words(**options: Any) -> list[list[str]]:
        texts = summarizer.summarize(some_documents(), beam_size=beam_size, **options)
        return [text.split() for text in texts]

    assert max(map(len, words(max_length=3))) == 3
    long = words(min_length=9, max_length=12)
    assert min(map(len, long)) >= 6  # nine tokens, some of which are commas
    assert any(len(set(w)) < len(w) for w in long), "without the option, a forced length should repeat a word"
    once = words(min_length=9, max_length=12, no_repeat_ngram_size=1)
    assert all(len(set(w)) == len(w) for w in once)


def test_unknown_words_are_copied_and_never_written_as_unk(summarizer: Summarizer) -> None:
    documents = [d.replace("Athens", "Zzyzx") for d in some_documents()]
    texts = summarizer.summarize(documents)
    assert not any("<unk>" in text for text in texts)
    assert any("Zzyzx" in text for text in texts)


# ---- options of the search, from the checkpoint, from Python and from the command line

LENGTHS = {"min_length": 4, "max_length": 9}
EFFECTIVE: dict[str, Any] = {
    "beam_size": 1,
    "n_best": 2,
    "length_penalty": -3.0,
    "min_length": 9,
    "max_length": 4,
    "no_repeat_ngram_size": 1,
    "allow_unk": True,
    "shortlist": 8,
    "supported": "entities",
    "minimum_risk": True,
    "risk_temperature": 0.1,
}
"""For each search option a value that changes some headlines of the uncertain checkpoint."""
NECESSARY: dict[str, dict[str, Any]] = {"risk_temperature": {"minimum_risk": True}}
"""Options without which another one has no effect."""


def uncertain_checkpoint(trained: TrainedRun, file: Path, **search: Any) -> Path:
    """A trained checkpoint that prefers `<unk>` to most words, with these search options stored in it."""
    checkpoint = torch.load(trained.best, weights_only=True)
    weights, unk = checkpoint["state_dict"], checkpoint["seq2seq"]["vocabulary"]["unk"]
    weights["network.output.weight"] *= 0.3  # flattens the distribution
    weights["network.output.bias"][unk] += 4
    weights["network.output.gate.bias"] += 2  # away from the pointer
    checkpoint["seq2seq"]["search"] = {"beam_size": 3, **LENGTHS, **search}
    write_checkpoint(checkpoint, file)
    return file


def test_every_search_option_is_covered() -> None:
    assert list(EFFECTIVE) == [option.name for option in fields(SearchOptions)]


@pytest.mark.parametrize(("option", "value"), EFFECTIVE.items())
def test_a_search_option_has_the_same_effect_from_everywhere(
    trained: TrainedRun, tmp_path: Path, option: str, value: Any
) -> None:
    """Given in Python, given on the command line, and stored in the checkpoint as a default."""
    plain = uncertain_checkpoint(trained, tmp_path / "plain.ckpt", **NECESSARY.get(option, {}))
    stored = uncertain_checkpoint(trained, tmp_path / "stored.ckpt", **NECESSARY.get(option, {}), **{option: value})
    source = write_jsonl(tmp_path / "in.jsonl", [{"document": d} for d in some_documents()])

    def summarized(checkpoint: Path, **options: Any) -> list[list[str]]:
        found = Summarizer.from_checkpoint(checkpoint, device="cpu").stream(some_documents(), **options)
        return [[headline.text for headline in of_one] for of_one in found]

    def decoded(checkpoint: Path, *flags: str) -> list[list[str]]:
        output = tmp_path / "out.jsonl"
        paths = ["--checkpoint", checkpoint, "--input", source, "--output", output]
        assert run("decode", *paths, "--format", "jsonl", *flags) == 0
        lines = [(line["prediction"], line.get("hypotheses")) for line in read_jsonl(output)]
        return [[h["text"] for h in hypotheses] if hypotheses else [best] for best, hypotheses in lines]

    given = summarized(plain, **{option: value})
    assert given != summarized(plain), "the value should make a difference"
    assert summarized(stored) == given
    flag = f"--{option.replace('_', '-')}"
    assert decoded(plain, *([flag] if value is True else [flag, str(value)])) == given
    assert decoded(stored) == given


def test_unk_is_forbidden_unless_allowed(trained: TrainedRun, tmp_path: Path) -> None:
    """In Python, `decode` and `test`."""
    checkpoint = uncertain_checkpoint(trained, tmp_path / "uncertain.ckpt")
    summarizer = Summarizer.from_checkpoint(checkpoint, device="cpu")
    documents = some_documents()
    encoded = summarizer.tokenizer.encode_documents(documents, 30)
    oov = [document.oov for document in encoded]
    batch = make_batch([document.ids for document in encoded], None, oov, summarizer.network.vocabulary)

    def with_unk(texts: list[str]) -> bool:
        return any("<unk>" in text for text in texts)

    for allowed in (False, True):
        options: dict[str, Any] = {"allow_unk": True} if allowed else {}
        assert with_unk(summarizer.summarize(documents, **options)) == allowed
        found = generate(summarizer.network, batch, SearchOptions(**LENGTHS, **options))
        assert with_unk([best[0].text for best in headlines(summarizer.tokenizer, found, oov)]) == allowed
        source, output = write_jsonl(tmp_path / "in.jsonl", [{"document": d} for d in documents]), tmp_path / "out.txt"
        flags = ["--allow-unk"] if allowed else []
        assert run("decode", "--checkpoint", checkpoint, "--input", source, "--output", output, *flags) == 0
        assert with_unk([output.read_text(encoding="utf-8")]) == allowed
        config = ["--config", trained.config, "--ckpt_path", checkpoint, "--trainer.default_root_dir", tmp_path]
        config += ["--model.search.min_length", "4", *(["--model.search.allow_unk", "true"] if allowed else [])]
        assert run("test", *config) == 0
        assert with_unk([line["prediction"] for line in read_jsonl(tmp_path / "predictions.jsonl")]) == allowed
        assert (json.loads((tmp_path / "metrics.json").read_text())["unk_share"] > 0) == allowed


def test_bfloat16_is_refused_where_it_is_slower(trained: TrainedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """On other devices, a network that has memorised its corpus keeps it in bfloat16."""
    monkeypatch.setattr("seq2seq.inference.summarizer.bfloat16_is_faster", lambda device: False)
    with pytest.raises(UserError, match=r"--precision bfloat16: this device \(cpu\) is slower .* leave"):
        Summarizer.from_checkpoint(trained.best, device="cpu", precision="bfloat16")
    monkeypatch.setattr("seq2seq.inference.summarizer.bfloat16_is_faster", lambda device: True)
    summarizer = Summarizer.from_checkpoint(trained.best, device="cpu", precision="bfloat16")
    assert {weight.dtype for weight in summarizer.network.parameters()} == {torch.bfloat16}
    assert summarizer.summarize([pair["document"] for pair in pairs(24)]) == [pair["summary"] for pair in pairs(24)]
    with pytest.raises(UserError, match="precision 'float8': give one of float32, bfloat16"):
        Summarizer.from_checkpoint(trained.best, precision="float8")


def test_reading_ahead_stops_at_a_number_of_characters(summarizer: Summarizer) -> None:
    read = 0

    def documents() -> Any:
        nonlocal read
        while read < 50:
            read += 1
            yield "snow " * 100

    stream = summarizer.stream(documents(), beam_size=1, read_ahead=1000)
    next(stream)
    assert read == 3  # of 500 characters each
    assert len(list(stream)) == 49


def test_unknown_option_of_summarize(summarizer: Summarizer) -> None:
    with pytest.raises(UserError, match="unknown option 'beam_sise' of the search; did you mean 'beam_size'"):
        summarizer.summarize(["a"], beam_sise=3)
    with pytest.raises(UserError, match="beam_size"):
        summarizer.summarize(["a"], beam_size=0)


def test_an_error_of_the_source_comes_after_the_headlines_before_it(summarizer: Summarizer) -> None:
    def source() -> Any:
        yield from (pair["document"] for pair in pairs(7))
        raise UserError("no more")

    stream = summarizer.stream(source(), chunk=5)
    assert [next(stream)[0].text for _ in range(7)] == [pair["summary"] for pair in pairs(7)]
    with pytest.raises(UserError, match="no more"):
        next(stream)


# ---- the command


def test_stdin_to_stdout_with_everything_odd(trained: TrainedRun) -> None:
    """One output line for each input line; unusual documents are counted in one line on stderr."""
    good = pairs(2)
    lines = [
        good[0]["document"].encode(),
        b"",
        b"bad \xff\xfe bytes",
        b"a NUL \0 byte",
        b" \t ",
        b"fire " * 100_000,
        "half \ufffd a replacement character is text".encode(),
        good[1]["document"].encode() + b"\r",
    ]
    done = process("decode", "--checkpoint", trained.best, stdin=b"\n".join(lines))
    assert done.returncode == 0, done.stderr
    headlines = done.stdout.decode("utf-8").split("\n")
    assert len(headlines) == len(lines) + 1
    assert (headlines[0], headlines[7], headlines[8]) == (good[0]["summary"], good[1]["summary"], "")
    assert [i for i, headline in enumerate(headlines[:8]) if not headline] == [1, 4]
    (note,) = done.stderr.decode().splitlines()
    assert note == (
        "seq2seq decode: 8 documents; 2 without a word (headline left empty); 1 cut to 30 tokens; "
        "2 with bytes that are not text (replaced)"
    )


def test_a_document_that_is_cut_is_read_up_to_there(summarizer: Summarizer) -> None:
    before = summarizer.cut
    document = " ".join(["fire"] * 30)
    long, short = summarizer.summarize([document + " schools" * 100_000, document])
    assert long == short
    assert summarizer.cut == before + 1


def test_broken_pipe_ends_in_silence(trained: TrainedRun, tmp_path: Path) -> None:
    documents = tmp_path / "documents.txt"
    documents.write_text("".join(pair["document"] + "\n" for pair in pairs(24)) * 100)
    command = (
        f'"$0" -m seq2seq decode --checkpoint {trained.best} --beam-size 1 --input {documents} --n-best 1 | head -1'
    )
    script = f"{command}; echo status ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script, sys.executable], capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines() == [pairs(1)[0]["summary"], "status 0"]
    assert done.stderr in ("", "seq2seq decode: 2400 documents\n")  # the reader may leave after the last line


def decode(trained: TrainedRun, folder: Path, lines: list[str], *options: str) -> str:
    """Decode lines in this process; the output file's text."""
    documents = folder / "documents.txt"
    documents.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    output = folder / "out"
    assert run("decode", "--checkpoint", trained.best, "--input", documents, "--output", output, *options) == 0
    return output.read_text(encoding="utf-8")


def test_n_best_as_text_and_json(trained: TrainedRun, tmp_path: Path, summarizer: Summarizer) -> None:
    documents = [pair["document"] for pair in pairs(3)]
    expected = list(summarizer.stream(documents, beam_size=4, n_best=2))
    text = decode(trained, tmp_path, documents, "--beam-size", "4", "--n-best", "2")
    blocks = [block.split("\n") for block in text.removesuffix("\n\n").split("\n\n")]
    assert blocks == [[f"{h.score:.4f}\t{h.text}" for h in found] for found in expected]
    form = ("--format", "jsonl")
    lines = decode(trained, tmp_path, documents, "--beam-size", "4", "--n-best", "2", *form).splitlines()
    for line, document, found in zip(map(json.loads, lines), documents, expected, strict=True):
        assert (line["document"], line["prediction"]) == (document, found[0].text)
        assert line["score"] == pytest.approx(found[0].score, abs=1e-4)
        assert [h["text"] for h in line["hypotheses"]] == [h.text for h in found]


def test_n_best_widens_the_beam_of_the_checkpoint_and_never_narrows_it(
    trained: TrainedRun, tmp_path: Path, summarizer: Summarizer
) -> None:
    documents = some_documents()
    assert summarizer.options.beam_size == 3
    for n_best, beam_size in ((2, 3), (5, 5)):
        lines = decode(trained, tmp_path, documents, "--n-best", str(n_best), "--format", "jsonl").splitlines()
        expected = summarizer.stream(documents, beam_size=beam_size, n_best=n_best)
        for line, found in zip(map(json.loads, lines), expected, strict=True):
            assert [Headline(**h).text for h in line["hypotheses"]] == [h.text for h in found]


def test_json_lines_keep_their_other_fields(trained: TrainedRun, tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": 7, "document": pairs(1)[0]["document"], "tags": ["é", None]}, ensure_ascii=False),
        '{"document": "half a pair \\ud800 and a NUL \\u0000", "note": "\\ud83d"}',
        '{"document": ""}',
    ]
    found = decode(trained, tmp_path, lines, "--input-format", "jsonl", "--format", "jsonl").splitlines()
    first, second, third = map(json.loads, found)
    assert first["id"] == 7
    assert first["tags"] == ["é", None]
    assert first["prediction"] == pairs(1)[0]["summary"]
    assert second["document"] == "half a pair \ufffd and a NUL \ufffd"
    assert second["note"] == "\ud83d"
    assert (third["prediction"], third["score"]) == ("", 0.0)


def test_a_byte_order_mark_is_no_word(trained: TrainedRun, tmp_path: Path) -> None:
    assert decode(trained, tmp_path, ["\ufeff" + pairs(1)[0]["document"]]) == pairs(1)[0]["summary"] + "\n"


def test_empty_input(trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert decode(trained, tmp_path, []) == ""
    assert capsys.readouterr().err == "seq2seq decode: 0 documents\n"


def test_output_is_not_the_input(trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "documents.txt"
    file.write_text("a fire\n")
    assert run("decode", "--checkpoint", trained.best, "--input", file, "--output", file) == 1
    assert "that is the input" in capsys.readouterr().err
    assert file.read_text() == "a fire\n"


def test_an_output_without_permission_is_an_error_before_the_model_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "documents.txt", tmp_path / "headlines.txt"
    source.write_text("a fire\n")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    assert run("decode", "--checkpoint", tmp_path / "missing.ckpt", "--input", source, "--output", output) == 1
    found = capsys.readouterr().err
    assert f"--output {output}: no permission to write {tmp_path}; choose another place" in found


def test_wrong_search_options_leave_the_output_alone(trained: TrainedRun, tmp_path: Path) -> None:
    source, output = tmp_path / "documents.txt", tmp_path / "out.txt"
    source.write_text("a fire\n")
    output.write_text("precious\n")
    common = ["--checkpoint", trained.best, "--input", source, "--output", output]
    assert run("decode", *common, "--beam-size", "0") == 1
    assert output.read_text() == "precious\n"


def test_show(trained: TrainedRun, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--checkpoint", trained.best, "--input", trained.corpus["train"], "--count", "3"]
    assert run("show", *arguments, "--beam-size", "1") == 0
    shown = capsys.readouterr().out
    for number in (0, 8, 16):  # evenly from 24
        assert shown.count(pairs(24)[number]["summary"]) == 2  # reference and headline
    assert pairs(24)[1]["summary"] not in shown


# ---- what a checkpoint holds


def test_checkpoint_loads_as_plain_weights(trained: TrainedRun) -> None:
    for file in (trained.best, trained.folder / "last.ckpt"):
        checkpoint = torch.load(file, weights_only=True)
        assert checkpoint["seq2seq"]["format"] == 1
        assert set(checkpoint["seq2seq"]) == {
            "format",
            "tokenizer",
            "vocabulary",
            "network",
            "optimizer",
            "search",
            "objective",
            "scoring",
            "max_document_tokens",
            "seed",
        }


def secrets(folder: Path) -> list[bytes]:
    """Names of folders, host and user, which a file of a run must not contain."""
    names = {str(folder), str(Path.cwd()), str(Path.home()), socket.gethostname(), str(Path(__file__).parents[2])}
    user = getpass.getuser()
    if len(user) > 4:  # shorter names are also ordinary words
        names.add(user)
    return [name.encode() for name in names if len(name) > 2]


@pytest.mark.parametrize("name", ["best.ckpt", "last.ckpt", "metrics.json", "predictions.jsonl"])
def test_files_of_a_run_name_no_folder_host_or_user(trained: TrainedRun, name: str) -> None:
    content = (trained.folder / name).read_bytes()
    assert [secret for secret in secrets(trained.folder.parent) if secret in content] == []

"""Comparisons of systems from Python, their signatures, and sacreBLEU's scores."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from seq2seq.errors import UserError
from seq2seq.scoring import RougeOptions, Signature, compare, mean_scores, score_pair
from seq2seq.scoring.report import latex, markdown

REFERENCES = ["police arrest two men", "fire in Essen hurts 11", "oil prices rise", "Bank_& <unk> falls 5%"]
OURS = ["police arrest men", "fire in Essen hurts 11", "oil prices fall", "bank falls 5%"]
THEIRS = ["police talk", "fire in Faro hurts 12", "prices of oil", "<unk> rises"]
DOCUMENTS = [f"{reference} , it said on Monday" for reference in REFERENCES]


def test_scores_are_those_of_test_and_decode() -> None:
    result = compare(REFERENCES, {"ours": OURS, "theirs": THEIRS}, DOCUMENTS, trials=200)
    for system, texts in zip(result.systems, (OURS, THEIRS), strict=True):
        expected = mean_scores([score_pair(r, p) for r, p in zip(REFERENCES, texts, strict=True)])
        assert {kind: system.scores[f"{kind}.f1"].value for kind in expected} == expected  # to the last digit
        for estimate in system.scores.values():
            assert estimate.low <= estimate.value <= estimate.high  # type: ignore[operator]
    ours, theirs = result.systems
    assert ours.differences == {}
    assert theirs.differences["rouge1.f1"].value == theirs.scores["rouge1.f1"].value - ours.scores["rouge1.f1"].value
    assert theirs.figures["unk_share"] == 25.0
    assert theirs.figures["number_precision"] == 0.0
    assert ours.figures["number_precision"] == 100.0


def test_the_result_is_repeatable_and_json() -> None:
    one, two = (compare(REFERENCES, {"a": OURS, "b": THEIRS}, trials=100, seed=7) for _ in range(2))
    assert one == two
    found = json.loads(json.dumps(one.as_dict(), allow_nan=False))
    assert found["pairs"] == 4
    assert found["signatures"]["rouge"] == str(one.signature)
    assert found["systems"][1]["differences"]["rougeL.recall"].keys() == {
        "value",
        "bootstrap_p",
        "randomization_p",
    }
    undefined = compare(["a"], {"x": ["no number"]}, ["d"], trials=0)
    assert math.isnan(undefined.systems[0].figures["number_precision"])
    assert undefined.as_dict()["systems"][0]["figures"]["number_precision"] is None
    assert undefined.systems[0].scores["rouge1.f1"].low is None


def test_several_references_of_unequal_number() -> None:
    result = compare([["a b", "c d"], "e"], {"x": ["c d", "e"]}, options=RougeOptions(several="mean"), trials=0)
    assert result.systems[0].scores["rouge1.f1"].value == 75.0
    assert "|refs:1-2.mean|" in str(result.signature)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"stemmer": False, "tokenizer": "unicode"},
        {"several": "pooled", "max_bytes": 75, "unk": "removed"},
    ],
)
def test_a_signature_repeats_the_scores(change: dict[str, object]) -> None:
    """A signature that is read from its text gives the same options, and these the same result."""
    references = [[r, r[::-1] + " é"] for r in REFERENCES]
    options = RougeOptions(**change)  # type: ignore[arg-type]
    result = compare(references, {"x": OURS, "y": THEIRS}, options=options, trials=50, seed=3)
    signature = Signature.parse(str(result.signature))
    assert str(signature) == str(result.signature)
    again = compare(
        references, {"x": OURS, "y": THEIRS}, options=signature.options, trials=signature.trials, seed=signature.seed
    )
    assert again.systems == result.systems


def test_the_signature_by_hand() -> None:
    version = "version:seq2seq-0.1.0,rouge-score-0.1.2"
    assert str(Signature(versions=version[8:])) == (
        f"rouge:1,2,L.f1|refs:1|stem:yes|tok:auto|unk:kept|case:any|bytes:all|{version}"
    )
    options = RougeOptions("rouge", stemmer=False, several="mean", max_bytes=75, unk="removed")
    signature = Signature(("rougeLsum",), ("recall",), (2, 4), options, 100, 5, version[8:])
    assert str(signature) == (
        f"rouge:Lsum.recall|refs:2-4.mean|stem:no|tok:rouge|unk:removed|case:any|bytes:75|trials:100|seed:5|{version}"
    )
    assert Signature.parse(str(signature)) == signature


def test_every_option_changes_the_signature() -> None:
    base = Signature(references=(2, 2), versions="v")
    changes = {"tokenizer": "rouge", "stemmer": False, "several": "mean", "max_bytes": 9, "unk": "removed"}
    texts = {str(replace(base, options=replace(base.options, **{k: v}))) for k, v in changes.items()}  # type: ignore[arg-type]
    assert len(texts | {str(base)}) == len(changes) + 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rouge:1.f1", "there is no part 'refs'"),
        ("", "there is no part 'rouge'"),
        ("rouge:1.f1|refs:x|stem:yes|tok:rouge|unk:kept", "invalid literal for int"),
        ("rouge:1.f1|refs:1|stem:maybe|tok:rouge|unk:kept", "'maybe'"),
        ("rouge:1.f1|refs:1|stem:yes|tok:Rouge|unk:kept", "'Rouge' is none of auto, rouge, unicode"),
    ],
)
def test_a_text_that_is_no_signature(text: str, problem: str) -> None:
    with pytest.raises(UserError) as error:
        Signature.parse(text)
    assert problem in str(error.value)


def test_the_tokenizer_that_was_used_is_named() -> None:
    def tokenizer(*texts: str) -> str:
        return compare(texts, {"x": texts}, trials=0).signature.options.tokenizer

    assert tokenizer("fire", "smoke") == "rouge"
    assert tokenizer("пожар", "дым") == "unicode"
    assert tokenizer("fire", "дым") == "auto"
    assert "Unicode words in 1 of 2 pairs" in compare(["a", "дым"], {"x": ["a", "b"]}, trials=0).doubts[0]


def test_references_that_look_like_labels_are_named() -> None:
    def named(*references: str) -> bool:
        found = compare(list(references), {"x": ["a"] * len(references)}, trials=0).doubts
        return any("look like labels" in doubt for doubt in found)

    assert named(*["positive", "negative"] * 6)
    assert named("O O B-person I-person", "O")
    assert not named(*["positive", "negative"] * 5)  # as few texts as these can be headlines of one word
    assert not named(*["fire in Essen"] * 20)
    assert not named("O", "a fire")


def test_wrong_arguments() -> None:
    for arguments, problem in (
        ((["a", "b"], {"x": ["a"]}), "system 'x': 1 texts for 2 references"),
        ((["a"], {"x": ["a"]}, ["d", "e"]), "documents: 2 texts for 1 references"),
        (([[]], {"x": ["a"]}), "references[0]: there is no reference"),
        (([], {"x": []}), "nothing to score"),
        ((["a"], {}), "nothing to score"),
    ):
        with pytest.raises(UserError) as error:
            compare(*arguments)  # type: ignore[arg-type]
        assert problem in str(error.value)


def test_names_are_escaped_in_markdown_and_latex() -> None:
    result = compare(REFERENCES, {"a|b": OURS, "50%_{x}~": THEIRS}, trials=10)
    assert r"| a\|b | F1 |" in markdown(result)
    assert r"50\%\_\{x\}\textasciitilde{} & F1 &" in latex(result)
    for form in (markdown, latex):
        text = form(result)
        assert text.count("version:") == 3  # one signature for each table
        assert "rouge-score-" in text


def test_bleu_and_chrf_are_those_of_sacrebleu() -> None:
    metrics = pytest.importorskip("sacrebleu.metrics", reason="the package sacrebleu is not installed")
    references = [[r, f"{r} today"] for r in REFERENCES[:3]] + [[REFERENCES[3]]]
    result = compare(references, {"x": OURS, "y": THEIRS}, translation=["bleu", "chrf"], trials=100)
    columns = [REFERENCES, [*(f"{r} today" for r in REFERENCES[:3]), None]]
    for name, scorer in (("bleu", metrics.BLEU()), ("chrf", metrics.CHRF())):
        for system, texts in zip(result.systems, (OURS, THEIRS), strict=True):
            found = system.scores[name]
            assert found.value == scorer.corpus_score(texts, columns).score
            assert found.low <= found.value <= found.high  # type: ignore[operator]
        assert result.other_signatures[name] == str(scorer.get_signature())
        assert 0 < result.systems[1].differences[name].randomization_p <= 1
    assert "| x | " in markdown(result)


def test_without_sacrebleu_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sacrebleu", None)
    with pytest.raises(UserError, match=r'bleu: sacrebleu not installed; pip install "seq2seq-headlines\[score\]"'):
        compare(["a"], {"x": ["a"]}, translation=["bleu"])

"""The embedded corpus is what its generator writes, and what its README promises."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

CORPUS = Path(__file__).parents[1] / "data" / "newswire"
SPLITS = ("train", "validation", "test")
Pair = dict[str, str]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("newswire_generate", CORPUS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Pair]]:
    """The committed files, read without the generator's help."""
    return {
        split: [json.loads(line) for line in (CORPUS / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
        for split in SPLITS
    }


def tokens(text: str) -> set[str]:
    return {word.strip('.,"') for word in text.split()}


def test_the_command_writes_the_committed_bytes(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["generate.py", "--output", str(tmp_path)])
    generate.main()
    for split in SPLITS:
        name = f"{split}.jsonl"
        same = (tmp_path / name).read_bytes() == (CORPUS / name).read_bytes()
        assert same, f"{name} is not what generate.py writes: run it and commit the result"


def test_sizes_and_columns(corpus: dict[str, list[Pair]]) -> None:
    assert {split: len(pairs) for split, pairs in corpus.items()} == {"train": 12_000, "validation": 600, "test": 600}
    assert all(list(pair) == ["document", "summary"] for pairs in corpus.values() for pair in pairs)
    assert sum((CORPUS / f"{split}.jsonl").stat().st_size for split in SPLITS) < 8_000_000


def test_every_document_is_two_to_four_sentences_of_prose(corpus: dict[str, list[Pair]]) -> None:
    for pairs in corpus.values():
        for pair in pairs:
            document = pair["document"]
            assert 25 <= len(document.split()) <= 70, document
            # Split at full stops that a capital follows, where the generator counts the stops themselves.
            sentences = re.split(r'(?<=[.])"? (?="?[A-Z])', document)
            assert 2 <= len(sentences) <= 4, document
            assert document[-1] in '."', document
            assert document.count('"') % 2 == 0, document
            assert all(sentence.lstrip('"')[0].isupper() for sentence in sentences), document


def test_no_slip_of_the_grammar(corpus: dict[str, list[Pair]]) -> None:
    slips = {
        "left-over markup": r"[\[\]{}|]",
        "spacing": r"  | [.,]|[.,]{2}|^ | $",
        "a before a vowel": r"\b[Aa] [aeiouAEIO]",
        "an before a consonant": r"\b[Aa]n (?!hour)[^aeiouAEIOU8]",
        "one of many": r"\b(1|one) (people|workers|years|months|days|weeks|hours|minutes|points|houses)\b",
        "many of one": r"\b(two|three|[2-9]|\d\d+) (person|worker|year|month|day|week|hour|point|house)\b",
        "a small count in digits": r"(?<![$.,\d-])\b[2-9] (people|years|months|weeks|days|games|hours)\b",
    }
    for pairs in corpus.values():
        for pair in pairs:
            for slip, pattern in slips.items():
                match = re.search(pattern, pair["document"])
                assert match is None, f"{slip}: {match} in {pair['document']}"


def test_headline_style(corpus: dict[str, list[Pair]]) -> None:
    for pairs in corpus.values():
        for summary in (pair["summary"] for pair in pairs):
            assert 5 <= len(summary.split()) <= 11, summary
            assert not {"a", "an", "the"} & {word.lower() for word in tokens(summary)}, summary
            assert summary[0].isupper() or summary[0].isdigit(), summary
            assert re.search(r"[.!?:;\"\[\]{}|]$", summary) is None, summary
            assert "  " not in summary, summary


def test_names_and_amounts_of_the_headline_stand_in_the_document(
    generate: ModuleType, corpus: dict[str, list[Pair]]
) -> None:
    """Nothing in a headline has to be guessed: its names can be copied, its small counts may be spelled out."""
    spelled = {str(number): word for number, word in enumerate(generate.SMALL)}
    for pair in corpus["test"]:
        flat = pair["document"].lower()
        for word in pair["summary"].split()[1:]:
            bare = word.strip(",").split("-")[0]
            if bare[0].isupper():
                assert bare.lower() in flat, pair
            elif bare[0] in "$0123456789":
                assert bare in pair["document"] or spelled.get(bare, "?") in flat, pair


def test_no_document_occurs_twice(corpus: dict[str, list[Pair]]) -> None:
    documents = Counter(pair["document"] for pairs in corpus.values() for pair in pairs)
    assert documents.most_common(1)[0][1] == 1


def test_kinds_of_event(generate: ModuleType) -> None:
    pairs = list(generate.generate_pairs("train", 2_000, kind=True))
    kinds = Counter(pair["kind"] for pair in pairs)
    assert len(kinds) >= 25
    assert min(kinds.values()) >= 20  # none is an exotic; 2,000 / 37 = 54 on average


def test_the_first_words_are_not_the_headline(corpus: dict[str, list[Pair]]) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1"], use_stemmer=True)
    for split in ("validation", "test"):
        total = 0.0
        for pair in corpus[split]:
            lead = " ".join(pair["document"].split()[:8])
            total += scorer.score(pair["summary"], lead)["rouge1"].fmeasure
        assert 100 * total / len(corpus[split]) < 35


def test_most_headlines_hold_a_word_never_seen_in_training(corpus: dict[str, list[Pair]]) -> None:
    known = {word for pair in corpus["train"] for text in pair.values() for word in tokens(text)}
    for split in ("validation", "test"):
        unseen = [bool(tokens(pair["summary"]) - known) for pair in corpus[split]]
        assert sum(unseen) / len(unseen) >= 0.4


def test_the_frequent_vocabulary_is_small(corpus: dict[str, list[Pair]]) -> None:
    counts = Counter(word for pair in corpus["train"] for text in pair.values() for word in tokens(text))
    frequent = [word for word, times in counts.items() if times > 2 and re.fullmatch(r"[a-z-]+", word)]
    assert 1_000 <= len(frequent) <= 2_000


def test_a_smaller_count_is_a_prefix(generate: ModuleType, corpus: dict[str, list[Pair]]) -> None:
    for split in SPLITS:
        assert list(generate.generate_pairs(split, 50)) == corpus[split][:50]
    ahead = islice(generate.generate_pairs("test", 10**9), 5)  # lazy: millions cost nothing until they are read
    assert list(ahead) == corpus["test"][:5]


def test_seed_split_and_names_each_change_the_stories(generate: ModuleType) -> None:
    plain = list(generate.generate_pairs("train", 20))
    assert list(generate.generate_pairs("train", 20, generate.SEED)) == plain
    for other in (
        generate.generate_pairs("test", 20),
        generate.generate_pairs("train", 20, generate.SEED + 1),
        generate.generate_pairs("train", 20, names=1_000_000),
    ):
        assert not {pair["document"] for pair in other} & {pair["document"] for pair in plain}


@pytest.mark.parametrize("kind", ["place", "company", "surname", "country", "river"])
def test_names_differ_and_are_plain_words(generate: ModuleType, kind: str) -> None:
    indices = [*range(20_000), *range(100_000, 120_000)]
    names = [generate.compose(kind, index) for index in indices]
    # Different syllables may spell one name (Kal-ar-ex, Kala-rex): rare, and no harm.
    assert len(set(names)) >= 0.97 * len(names)
    assert all(re.fullmatch(r"[A-Z][a-z]+", name) for name in names)


def test_bad_counts_are_refused(generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["generate.py", "--output", str(tmp_path), "--train", "-1"])
    with pytest.raises(SystemExit) as stop:
        generate.main()
    assert stop.value.code not in (0, None)
    assert list(tmp_path.iterdir()) == []


def test_report_prints_figures_and_writes_nothing(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--train", "200", "--validation", "20", "--test", "20"]
    monkeypatch.setattr(sys, "argv", ["generate.py", "--output", str(tmp_path), "--report", *sizes])
    generate.main()
    printed = capsys.readouterr().out
    assert "train: 200 pairs" in printed
    assert "lead-8 ROUGE-1" in printed
    assert list(tmp_path.iterdir()) == []

"""Tests of the newswire corpus: the committed files, the generator, and the statements of the README."""

from __future__ import annotations

import inspect
import json
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

CORPUS = Path(__file__).parents[2] / "data" / "newswire"
SPLITS = ("train", "validation", "test")
Pair = dict[str, str]


@pytest.fixture(scope="module")
def generate() -> Iterator[ModuleType]:
    """The generator. Its folder is on the search path, as in a run of the command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(CORPUS))
        module = import_module("generate")
        assert module.__file__ == str(CORPUS / "generate.py")
        yield module


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Pair]]:
    """The pairs of the committed files, read without the generator."""
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
        assert same, f"{name} differs from the output of generate.py: run generate.py and commit the files"


def test_the_script_runs_in_a_process_of_its_own(corpus: dict[str, list[Pair]], tmp_path: Path) -> None:
    sizes = [argument for split in SPLITS for argument in (f"--{split}", "5")]
    command = [sys.executable, str(CORPUS / "generate.py"), "--output", str(tmp_path), *sizes]
    subprocess.run(command, cwd=tmp_path, check=True)
    for split in SPLITS:
        lines = (tmp_path / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == corpus[split][:5]


def test_sizes_and_columns(corpus: dict[str, list[Pair]]) -> None:
    assert {split: len(pairs) for split, pairs in corpus.items()} == {"train": 12_000, "validation": 600, "test": 600}
    assert all(list(pair) == ["document", "summary"] for pairs in corpus.values() for pair in pairs)
    assert sum((CORPUS / f"{split}.jsonl").stat().st_size for split in SPLITS) < 8_000_000


def test_every_document_is_two_to_four_sentences_of_prose(corpus: dict[str, list[Pair]]) -> None:
    for pairs in corpus.values():
        for pair in pairs:
            document = pair["document"]
            assert 25 <= len(document.split()) <= 70, document
            # Split at a full stop before a capital letter. The generator counts full stops, a different method.
            sentences = re.split(r'(?<=[.])"? (?="?[A-Z])', document)
            assert 2 <= len(sentences) <= 4, document
            assert document[-1] in '."', document
            assert document.count('"') % 2 == 0, document
            assert all(sentence.lstrip('"')[0].isupper() for sentence in sentences), document


def test_no_grammar_errors(corpus: dict[str, list[Pair]]) -> None:
    errors = {
        "markup": r"[\[\]{}|]",
        "spacing": r"  | [.,]|[.,]{2}|^ | $",
        "a before a vowel": r"\b[Aa] [aeiouAEIO]",
        "an before a consonant": r"\b[Aa]n (?!hour)[^aeiouAEIOU8]",
        "one of many": r"\b(1|one) (people|workers|years|months|days|weeks|hours|minutes|points|houses)\b",
        "many of one": r"\b(two|three|[2-9]|\d\d+) (person|worker|year|month|day|week|hour|point|house)\b",
        "a small count in digits": r"(?<![$.,\d-])\b[2-9] (people|years|months|weeks|days|games|hours)\b",
    }
    for pairs in corpus.values():
        for pair in pairs:
            for error, pattern in errors.items():
                match = re.search(pattern, pair["document"])
                assert match is None, f"{error}: {match} in {pair['document']}"


def test_headline_style(corpus: dict[str, list[Pair]]) -> None:
    for pairs in corpus.values():
        for summary in (pair["summary"] for pair in pairs):
            assert 5 <= len(summary.split()) <= 11, summary
            assert not {"a", "an", "the"} & {word.lower() for word in tokens(summary)}, summary
            assert summary[0].isupper() or summary[0].isdigit(), summary
            assert re.search(r"[.!?:;\"\[\]{}|]$", summary) is None, summary
            assert "  " not in summary, summary


def stands_for(amount: str, exact: str) -> bool:
    """Returns True if `amount` is `exact` after rounding: 4.7 for 4.65 to 4.74, and 1,200 for 1,150 to 1,240."""
    amount, exact = amount.strip("$").replace(",", ""), exact.replace(",", "")
    if "." in amount:
        return re.fullmatch(r"\d+\.\d\d", exact) is not None and -0.051 < float(exact) - float(amount) < 0.049
    return len(exact) == 4 and exact.isdigit() and amount.endswith("00") and -50 <= int(exact) - int(amount) < 50


def test_names_and_amounts_of_the_headline_stand_in_the_document(
    generate: ModuleType, corpus: dict[str, list[Pair]]
) -> None:
    """Each name and number of a headline is in the document, in digits or as a word. Some amounts are rounded."""
    spelled = {str(number): word for number, word in enumerate(generate.SMALL_NUMBERS)}
    pairs = corpus["validation"] + corpus["test"]
    with_rounding = 0
    for pair in pairs:
        flat = pair["document"].lower()
        amounts = re.findall(r"\d[\d.,]*\d|\d", pair["document"])
        for position, word in enumerate(pair["summary"].split()):
            bare = word.strip(",:").split("-")[0]
            if bare[0].isupper() and position > 0:  # the first word always has a capital letter
                assert bare.lower() in flat, pair
            elif bare[0] in "$0123456789" and bare.strip("$") not in amounts and spelled.get(bare, "?") not in flat:
                assert any(stands_for(bare, exact) for exact in amounts), pair
                with_rounding += 1
    assert 0.03 < with_rounding / len(pairs) < 0.1


def test_each_event_has_three_wordings_of_its_headline(generate: ModuleType) -> None:
    desk = generate.Desk("wordings", 1_000)
    drawn = Counter(desk.pick_weighted(["first", "second", "third"]) for _ in range(10_000))
    assert [drawn[word] / 10_000 for word in ("first", "second", "third")] == pytest.approx([0.75, 0.15, 0.1], abs=0.02)
    for kind, function in generate.KINDS.items():
        for index in range(20):
            story = function(generate.Desk(f"{kind} {index}", 1_000))
            wordings = {generate.Desk("", 1_000).expand(headline) for headline in story.headlines}
            assert len(wordings) == 3, wordings
            for wording in wordings:
                assert 5 <= len(wording.split()) <= 11, wording


def test_amounts_are_rounded_half_up(generate: ModuleType) -> None:
    cases = [("4.68", 1, "4.7"), ("4.65", 1, "4.7"), ("9.96", 1, "10.0"), ("1240", -2, "1200"), ("1250", -2, "1300")]
    for exact, digits, expected in cases:
        assert f"{generate.rounded(exact, digits):f}" == expected


def test_positions_of_the_distractor(generate: ModuleType) -> None:
    """The distractor is before the lead in 35 % of the documents, and directly after it in 25 %."""
    positions: Counter[int] = Counter()
    for index in range(1_000):
        desk = generate.Desk(f"distractor {index}", 1_000)
        details = ["A detail of some length."] * 4
        story = generate.Story("The lead.", ["A headline"], "The distractor.", details, ["An opener."])
        positions[generate.write_document(desk, story).find("The distractor.")] += 1
    assert positions[0] == pytest.approx(350, abs=50)
    assert positions[len("The lead. ")] == pytest.approx(250, abs=50)


def test_no_document_occurs_twice(corpus: dict[str, list[Pair]]) -> None:
    documents = Counter(pair["document"] for pairs in corpus.values() for pair in pairs)
    assert documents.most_common(1)[0][1] == 1


def test_kinds_of_event(generate: ModuleType) -> None:
    pairs = list(generate.generate_pairs("train", 2_000, kind=True))
    kinds = Counter(pair["kind"] for pair in pairs)
    assert len(kinds) >= 25
    assert min(kinds.values()) >= 20  # no kind is rare: the average is 2,000 / 37 = 54


def test_every_event_function_is_registered_once(generate: ModuleType) -> None:
    events = import_module("grammar.events")
    families = [import_module(f"grammar.events.{module.name}") for module in pkgutil.iter_modules(events.__path__)]
    functions = {
        function
        for family in families
        for _, function in inspect.getmembers(family, inspect.isfunction)
        if function.__module__ == family.__name__ and not function.__name__.startswith("_")
    }
    assert set(generate.KINDS.values()) == functions
    assert len(generate.KINDS) == len(events.EVENTS)


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
    ahead = islice(generate.generate_pairs("test", 10**9), 5)  # an iterator: the other pairs are not generated
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


@pytest.mark.parametrize("category", ["place", "company", "surname", "country", "river"])
def test_names_differ_and_are_plain_words(generate: ModuleType, category: str) -> None:
    indices = [*range(20_000), *range(100_000, 120_000)]
    names = [generate.compose(category, index) for index in indices]
    # Different syllables can give the same name, for example Kal-ar-ex and Kala-rex. This is rare.
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
    assert "ROUGE-1 F1 of lead-8" in printed
    assert list(tmp_path.iterdir()) == []

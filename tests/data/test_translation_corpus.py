"""The German-English corpus: its bytes, its splits, its numbers, and a dictionary that fails on it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "data" / "translation"
SPLITS = {"train": 6000, "validation": 300, "test": 400}
Pair = tuple[str, str]


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Pair]]:
    """The pairs of the committed files, read without the generator."""
    lines = {split: (CORPUS / f"{split}.jsonl").read_text(encoding="utf-8").splitlines() for split in SPLITS}
    return {split: [tuple(json.loads(line).values()) for line in found] for split, found in lines.items()}


@pytest.fixture(scope="module")
def modules() -> Iterator[dict[str, ModuleType]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(CORPUS))
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        names = ("german_english.corpus", "german_english.draw", "german_english.numbers", "german_english.times")
        yield {name: import_module(name) for name in (*names, "german_english.scenes", "word_by_word")}


def test_the_command_writes_the_committed_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, CORPUS / "generate.py", "--output", tmp_path], cwd=tmp_path, check=True)
    for split in SPLITS:
        same = (tmp_path / f"{split}.jsonl").read_bytes() == (CORPUS / f"{split}.jsonl").read_bytes()
        assert same, f"{split}.jsonl differs from the output of generate.py: run generate.py and commit the files"


def test_sizes_and_new_sentences(corpus: dict[str, list[Pair]]) -> None:
    assert {split: len(pairs) for split, pairs in corpus.items()} == SPLITS
    sentences = [de for pairs in corpus.values() for de, _ in pairs]
    assert len(set(sentences)) == len(sentences)


def test_a_smaller_split_is_a_prefix(corpus: dict[str, list[Pair]], modules: dict[str, ModuleType]) -> None:
    for split, pairs in corpus.items():
        assert [tuple(pair) for _, pair in modules["german_english.corpus"].generate_pairs(split, 40)] == pairs[:40]


def test_sentences_are_well_formed(corpus: dict[str, list[Pair]]) -> None:
    for de, en in (pair for pairs in corpus.values() for pair in pairs):
        assert de[-1] in ".?", de
        assert de[-1] == en[-1], (de, en)
        for text in (de, en):
            assert text[0].isupper() or text[0].isdigit(), text
            assert re.search(r"  | [.,?]|[.,?]{2}|^ | $|[_{}\[\]|]", text) is None, text
        assert re.search(r"\b[Aa] [aeioAEIO]|\b[Aa]n [^aeiouAEIOU]", en.replace("an hour", "")) is None, en


# ---- numbers

UNITS = {w: n for n, w in enumerate("null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split())}  # noqa: SIM905
TENS = {"zwanzig": 20, "dreißig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80}
SMALL = UNITS | TENS | {"neunzig": 90, "ein": 1, "sechzehn": 16, "siebzehn": 17, "": 0}


def value_of_german(word: str) -> int:
    """The number that a German word means, by splitting the word."""
    for name, size in (("tausend", 1000), ("hundert", 100)):
        if name in word:
            before, after = word.split(name, 1)
            return value_of_german(before) * size + value_of_german(after)
    if word in SMALL:
        return SMALL[word]
    if "und" in word:
        ones, tens = word.split("und", 1)
        return SMALL[ones] + SMALL[tens]
    return SMALL[word.removesuffix("zehn")] + 10


def value_of_english(text: str) -> int:
    """The number that English words mean, by their sum."""
    names = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    values = {w: n for n, w in enumerate((names + " seventeen eighteen nineteen").split())}
    values |= {w: 10 * n for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}  # noqa: SIM905
    total = part = 0
    for word in text.replace("-", " ").split():
        if word == "hundred":
            part *= 100
        elif word == "thousand":
            total, part = total + part * 1000, 0
        elif word != "and":
            part += values[word]
    return total + part


def test_every_number_means_the_same_in_both_languages(modules: dict[str, ModuleType]) -> None:
    numbers = modules["german_english.numbers"]
    for number in range(10_000):
        assert value_of_german(numbers.german_number(number)) == number
        assert value_of_english(numbers.english_number(number)) == number


def test_numbers_and_times_by_hand(modules: dict[str, ModuleType]) -> None:
    numbers = modules["german_english.numbers"]
    assert (numbers.german_number(21), numbers.english_number(21)) == ("einundzwanzig", "twenty-one")
    assert numbers.english_number(4029) == "four thousand and twenty-nine"
    ordinals = {1: ("erst", "first"), 3: ("dritt", "third"), 7: ("siebt", "seventh"), 12: ("zwölft", "twelfth")}
    ordinals |= {
        20: ("zwanzigst", "twentieth"),
        21: ("einundzwanzigst", "twenty-first"),
        30: ("dreißigst", "thirtieth"),
    }
    assert {n: tuple(numbers.ordinal(n)) for n in ordinals} == ordinals
    years = {
        1984: ("neunzehnhundertvierundachtzig", "nineteen eighty-four"),
        1300: ("dreizehnhundert", "thirteen hundred"),
    }
    years[1905] = ("neunzehnhundertfünf", "nineteen oh five")
    assert {n: tuple(numbers.year(n)) for n in years} == years


HOURS = dict(zip("eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split(), range(1, 13), strict=True))  # noqa: SIM905
ENGLISH = dict(zip("one two three four five six seven eight nine ten eleven twelve".split(), range(1, 13), strict=True))  # noqa: SIM905
MINUTES = {"fünf": 5, "zehn": 10, "Viertel": 15, "zwanzig": 20}
ENGLISH_MINUTES = {"five": 5, "ten": 10, "a quarter": 15, "twenty": 20, "twenty-five": 25, "half": 30}


def german_minutes(text: str) -> int:
    """Minutes after midnight, modulo 12 hours."""
    if match := re.fullmatch(r"(\d+):(\d\d) Uhr", text):
        return (int(match[1]) * 60 + int(match[2])) % 720
    if match := re.fullmatch(r"(\w+) (vor|nach) (.*)", text):
        return (german_minutes(match[3]) + MINUTES[match[1]] * (1 if match[2] == "nach" else -1)) % 720
    if text.startswith("halb "):
        return (HOURS[text[5:]] * 60 - 30) % 720
    return HOURS[text.removesuffix(" Uhr").replace("ein", "eins").replace("einss", "eins")] * 60 % 720


def english_minutes(text: str) -> int:
    if match := re.fullmatch(r"(\d+):(\d\d) (am|pm)", text):
        return (int(match[1]) * 60 + int(match[2])) % 720
    if match := re.fullmatch(r"(.*) (past|to) (\w+)", text):
        return (ENGLISH[match[3]] * 60 + ENGLISH_MINUTES[match[1]] * (1 if match[2] == "past" else -1)) % 720
    return ENGLISH[text.removesuffix(" o'clock")] * 60 % 720


def test_every_time_of_day_is_the_same(modules: dict[str, ModuleType]) -> None:
    draw = modules["german_english.draw"].Draw("times", lambda number: True)
    times = {modules["german_english.times"].clock_time(draw) for _ in range(2000)}
    assert len(times) > 300
    for de, en in times:
        assert german_minutes(de) == english_minutes(en), (de, en)


def test_held_out_numbers(corpus: dict[str, list[Pair]], modules: dict[str, ModuleType]) -> None:
    number = modules["german_english.numbers"].german_number
    held_out = {number(n) for n in range(100, 10_000) if n % 5 == 3}
    found = {
        split: sum(w in held_out for de, _ in pairs for w in re.findall(r"\w+", de)) for split, pairs in corpus.items()
    }
    assert found["train"] == 0
    assert found["test"] > 5


# ---- verbs


def test_separable_verbs(modules: dict[str, ModuleType]) -> None:
    scenes = modules["german_english.scenes"]
    assert scenes.CALL.infinitive == "anrufen"
    assert scenes.CALL.zu_infinitive == "anzurufen"
    assert scenes.VISIT.zu_infinitive == "zu besuchen"
    assert [scenes.FORGET.present(person) for person in ("ich", "du", "er", "wir")] == (
        ["vergesse", "vergisst", "vergisst", "vergessen"]
    )
    assert [scenes.WAIT.present(person) for person in ("du", "er")] == ["wartest", "wartet"]


def test_a_dictionary_fails(corpus: dict[str, list[Pair]], modules: dict[str, ModuleType]) -> None:
    """Most words of a word-by-word translation are right (BLEU's unigram precision), but not the sentences."""
    sacrebleu = pytest.importorskip("sacrebleu", reason="the package sacrebleu is not installed")
    numbers, word_by_word = modules["german_english.numbers"], modules["word_by_word"]
    dictionary = word_by_word.learn_dictionary(corpus["train"][:800], iterations=3)
    assert {w: dictionary[w] for w in ("nicht", "Bus", "und")} == {"nicht": "not", "Bus": "bus", "und": "and"}
    dictionary |= {numbers.german_number(n): numbers.english_number(n) for n in range(10_000)}
    found = [word_by_word.translate(de, dictionary) for de, _ in corpus["test"]]
    score = sacrebleu.corpus_bleu(found, [[en for _, en in corpus["test"]]])
    assert score.precisions[0] > 70
    assert score.score < 30
    assert sum(f == en for f, (_, en) in zip(found, corpus["test"], strict=True)) < 10

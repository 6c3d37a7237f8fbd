"""A corpus as every toolkit can read it: one line of tokens for each text, from our own tokenizer.

The configs of `seq2seq fit` name the corpus, the tokenizer and the limits. Documents and headlines are encoded as for
our own training, and written token by token. So all systems see the same tokens, cut at the same place, and have the
same vocabulary. Where our tokenizer marks a departure from its rule for spaces, the mark is a token of these files too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import chdir, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import shared
import yaml

from seq2seq.__main__ import main
from seq2seq.data.splits import SPLITS
from seq2seq.data.tokenizer import SPECIALS, Tokenizer


def merged(configs: Sequence[str]) -> dict[str, Any]:
    """All settings of `seq2seq fit` with these config files.

    Raises SystemExit if the command refuses them.
    """
    printed = StringIO()
    with redirect_stdout(printed), suppress(SystemExit):  # the parser ends the command where it has printed
        main(["fit", *(word for file in configs for word in ("--config", file)), "--print_config"])
    settings = yaml.safe_load(printed.getvalue())
    if not settings:
        raise SystemExit(f"`seq2seq fit` refuses {', '.join(configs)}: see the line above")
    return settings


class TokenFiles:
    """A corpus in a folder: SPLIT.document.txt and SPLIT.summary.txt with tokens, SPLIT.jsonl with the texts of the
    validation and test splits, vocabulary.txt, and our tokenizer.

    Args:
        configs: config files of `seq2seq fit`; later ones have priority.
        folder: where the files are written. Files of the same corpus are kept.

    Attributes:
        settings: all settings of `seq2seq fit` with these configs.
    """

    def __init__(self, configs: Sequence[str | Path], folder: Path) -> None:
        self.configs, self.folder = [str(Path(file).resolve()) for file in configs], folder
        folder.mkdir(parents=True, exist_ok=True)
        with chdir(shared.ROOT):  # as for the trainings: names of files in configs begin there
            self.settings = merged(self.configs)
            data = _data(self.settings["data"])
            splits = {split: data.split(split) for split in SPLITS}
            self.tokenizer: Tokenizer = data.tokenizer
        self._ids = {token: index for index, token in reversed(list(enumerate(self.tokenizer.tokens)))}
        limits = data.max_document_tokens, data.max_summary_tokens
        stamp, corpus = folder / "whole.json", [pairs._fingerprint for pairs in splits.values()]
        content = json.dumps([corpus, limits, self.tokenizer.fingerprint])
        if stamp.exists() and stamp.read_text() == content:
            return
        stamp.unlink(missing_ok=True)
        (folder / "vocabulary.txt").write_text(_lines(self._vocabulary()), encoding="utf-8")
        for split, pairs in splits.items():
            self._write(split, list(pairs["document"]), list(pairs["summary"]), limits)
        stamp.write_text(content)

    def pairs(self, split: str) -> list[dict[str, str]]:
        """The documents and the references of the validation or the test split, as they were read."""
        with open(self.folder / f"{split}.jsonl", encoding="utf-8") as stream:
            return [json.loads(line) for line in stream]

    def text(self, tokens: str) -> str:
        """The text of a line of tokens, joined by the rule of our tokenizer. Other tokens become <unk>."""
        return self.tokenizer.decode([self._ids.get(token, self.tokenizer.unk_id) for token in tokens.split()])

    def _vocabulary(self) -> Iterator[str]:
        """The tokens of the vocabulary without the four special ones, which each toolkit adds itself."""
        tokenizer = self.tokenizer
        special = {tokenizer.pad_id, tokenizer.unk_id, tokenizer.bos_id, tokenizer.eos_id}
        return (token for index, token in enumerate(tokenizer.tokens) if token and index not in special)

    def _write(self, split: str, documents: list[str], summaries: list[str], limits: tuple[int, int]) -> None:
        tokenizer, unknown = self.tokenizer, SPECIALS["unk"]
        encoded = tokenizer.encode_documents(documents, limits[0])
        words = tokenizer.encode_summaries(summaries, [[]] * len(summaries), limits[1])
        sources = [self._tokens(document.ids, document.oov) for document in encoded]
        targets = [self._tokens(ids, ()) for ids, _ in words]
        if split == "train":
            sources, targets = zip(*((s, t) for s, t in zip(sources, targets, strict=True) if s and t), strict=True)
        else:
            pairs = ({"document": d, "reference": r} for d, r in zip(documents, summaries, strict=True))
            texts = (json.dumps(pair, ensure_ascii=False) for pair in pairs)
            (self.folder / f"{split}.jsonl").write_text(_lines(texts), encoding="utf-8")
        for column, lines in (("document", sources), ("summary", targets)):
            whole = (line or unknown for line in lines)  # some toolkits leave an empty line out
            (self.folder / f"{split}.{column}.txt").write_text(_lines(whole), encoding="utf-8")

    def _tokens(self, ids: Iterable[int], oov: Sequence[str]) -> str:
        size, tokens = self.tokenizer.vocab_size, self.tokenizer.tokens
        unknown, unknown_id = SPECIALS["unk"], self.tokenizer.unk_id
        words = (oov[i - size] if i >= size else unknown if i == unknown_id else tokens[i] for i in ids)
        return " ".join(words)


def _data(section: dict[str, Any]) -> Any:
    """The data module of the section `data`."""
    from jsonargparse import ArgumentParser

    from seq2seq.training.datamodule import HeadlineData

    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(HeadlineData, "data")
    return parser.instantiate_classes(parser.parse_object({"data": section})).data


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}\n" for text in texts)

"""Labels as ids: one for each document (classification), or one for each of its tokens (annotation).

A kind of labels is a subclass of `Labels`, and one line in `LABELS`. In a corpus the labels stand in the place of the
summary.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from ..batch import CONTINUATION, UNLABELLED
from ..entities import OUTSIDE
from ..errors import UserError, did_you_mean
from .tokenizer import EncodedDocument, Tokenizer

SHOWN = 20
"""Labels that an error names, at most."""
NO_LABEL = "has no label; give it one, or leave it out of the corpus"


@dataclass(frozen=True)
class Labels:
    """The labels of a task, in the order of their ids.

    Args:
        names: the labels.
        where: the key of the split, for errors; no part of the meaning.
    """

    kind: ClassVar[str]

    names: tuple[str, ...]
    where: str = ""

    @classmethod
    def learn(cls, texts: Iterable[str], where: str) -> Self:
        """The distinct labels of a training split, in alphabetical order.

        Raises UserError if there are too few, and for an example without a label.
        """
        found: set[str] = set()
        for example, text in enumerate(texts):
            if not (labels := cls.of_text(text)):
                raise cls((), where).error(example, NO_LABEL)
            found.update(labels)
        names = sorted(found)
        if len(names) < 2:
            fault = f"all labels are {names[0]!r}" if names else "there is no label"
            raise UserError(f"{where}: {fault}, so there is nothing to learn; give examples of at least two labels")
        cls.check(names, where)
        return cls(tuple(names), where)

    @classmethod
    def of_text(cls, text: str) -> list[str]:
        """The labels in the text of one example."""
        raise NotImplementedError

    @classmethod
    def check(cls, names: Sequence[str], where: str) -> None:
        """Raises UserError if these are no labels of the kind."""

    @classmethod
    def places(cls, document: str) -> int:
        """The number of labels of a document that is not cut."""
        return 1

    @property
    def key(self) -> tuple[str, ...]:
        """The part of the cache's key that stands for the labels."""
        return (self.kind, *self.names)

    def encode(
        self,
        tokenizer: Tokenizer,
        documents: Sequence[str],
        labels: Sequence[str | None],
        max_tokens: int,
        first: int = 0,
    ) -> tuple[list[EncodedDocument], list[list[int]]]:
        """The ids of documents, each truncated to `max_tokens`, and of their labels.

        A place without a known label has the id `UNLABELLED`. A document without a token has no place.

        Args:
            labels: None for an example without labels.
            first: the position of the first example in its split, for errors.

        Raises UserError for an empty document with a label, an unknown label and a wrong number of labels.
        """
        raise NotImplementedError

    def ids(self, names: Sequence[str], example: int) -> list[int]:
        """The ids of some labels. Raises UserError for one that the training split lacks."""
        known = {name: index for index, name in enumerate(self.names)}
        for name in names:
            if name not in known:
                shown = ", ".join(self.names[:SHOWN]) + (", ..." if len(self.names) > SHOWN else "")
                hint = did_you_mean(name, self.names)
                raise self.error(
                    example,
                    f"has the label {name!r}, which no training example has; {hint or f'known are {shown}'}",
                )
        return [known[name] for name in names]

    def error(self, example: int, fault: str) -> UserError:
        return UserError(f"{self.where}: example {example + 1} {fault}")


class DocumentLabels(Labels):
    """One label for each document."""

    kind = "document"

    @classmethod
    def of_text(cls, text: str) -> list[str]:
        return [text.strip()] if text.strip() else []

    def encode(
        self,
        tokenizer: Tokenizer,
        documents: Sequence[str],
        labels: Sequence[str | None],
        max_tokens: int,
        first: int = 0,
    ) -> tuple[list[EncodedDocument], list[list[int]]]:
        encoded = tokenizer.encode_documents(documents, max_tokens)
        ids: list[list[int]] = []
        for example, (document, label) in enumerate(zip(encoded, labels, strict=True), start=first):
            if label is None:
                ids.append([UNLABELLED] if document.ids else [])
            elif not (names := self.of_text(label)):
                raise self.error(example, NO_LABEL)
            elif not document.ids:
                raise self.error(example, f"has the label {label!r} and an empty document; leave it out of the corpus")
            else:
                ids.append(self.ids(names, example))
        return encoded, ids


class TokenLabels(Labels):
    """One label for each token of a document, where tokens are the words between spaces.

    The tokenizer may split a token further; the first piece then has the label (Devlin et al. 2019, section 5.3).
    """

    kind = "token"
    BIO = re.compile(rf"{OUTSIDE}|[BI]-.+")

    @classmethod
    def of_text(cls, text: str) -> list[str]:
        return text.split()

    @classmethod
    def places(cls, document: str) -> int:
        return len(document.split())

    @classmethod
    def check(cls, names: Sequence[str], where: str) -> None:
        wrong = [name for name in names if not cls.BIO.fullmatch(name)]
        if wrong:
            raise UserError(f"{where}: {wrong[0]!r} is no BIO label; labels are O, B-TYPE and I-TYPE")

    def encode(
        self,
        tokenizer: Tokenizer,
        documents: Sequence[str],
        labels: Sequence[str | None],
        max_tokens: int,
        first: int = 0,
    ) -> tuple[list[EncodedDocument], list[list[int]]]:
        split = [document.split() for document in documents]
        distinct = sorted({token for tokens in split for token in tokens})
        pieces = dict(zip(distinct, tokenizer.encode_documents(distinct, sys.maxsize), strict=True))
        encoded: list[EncodedDocument] = []
        ids: list[list[int]] = []
        for example, (tokens, label) in enumerate(zip(split, labels, strict=True), start=first):
            names = self._names(tokens, label, example)
            document: list[int] = []
            places: list[int] = []
            for token, name in zip(tokens, names, strict=True):
                known = [piece if piece < tokenizer.vocab_size else tokenizer.unk_id for piece in pieces[token].ids]
                document += known or [tokenizer.unk_id]  # a token of characters that the tokenizer drops
                places += [name] + [CONTINUATION] * (len(known) - 1)
            encoded.append(EncodedDocument(document[:max_tokens], [], len(document)))
            ids.append(places[:max_tokens])
        return encoded, ids

    def _names(self, tokens: Sequence[str], text: str | None, example: int) -> list[int]:
        if text is None:
            return [UNLABELLED] * len(tokens)
        if not tokens:
            raise self.error(example, "has an empty document; leave it out of the corpus")
        names = self.of_text(text)
        if len(names) != len(tokens):
            raise self.error(
                example,
                f"has {len(tokens)} tokens and {len(names)} labels, and must have one label for each token; it begins "
                f"with {' '.join(tokens[:5])!r}",
            )
        return self.ids(names, example)


LABELS: dict[str, type[Labels]] = {"classification": DocumentLabels, "annotation": TokenLabels}
"""The kinds of labels, by the name of the task."""

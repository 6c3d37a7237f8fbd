"""Class `Tokenizer`: a trained or pretrained tokenizer with extended ids. Every checkpoint contains one."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import tokenizers

from ...errors import UserError
from .facts import Facts
from .joining import ENGLISH, MARKS, JoiningRule, one_line
from .marking import Marker
from .options import SPECIALS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

T = TypeVar("T")

FORMAT = 1
"""The format of `to_dict`; `from_dict` refuses any other."""


class EncodedDocument(NamedTuple):
    """A document's extended ids, its unknown words (ids V, V + 1, ...), and its number of tokens before truncation."""

    ids: list[int]
    oov: list[str]
    length: int


class _Tokens(NamedTuple):
    """Truncated ids, number of tokens before truncation, and (position, word) of each unknown token.

    `word` is None for the word "<unk>" in the text itself.
    """

    ids: list[int]
    length: int
    unknown: list[tuple[int, str | None]]


class Tokenizer:
    """A tokenizer of the library `tokenizers` with four special tokens that no text can produce, and extended ids.

    Attributes:
        right_to_left: the ids of a summary, and those that `decode` and `pieces` get, begin with its last token.
    """

    def __init__(
        self,
        backend: tokenizers.Tokenizer,
        kind: str,
        specials: dict[str, str],
        rule: JoiningRule | None = None,
        *,
        right_to_left: bool = False,
        group_characters: int = 4 << 20,
        max_cached_chunks: int = 1 << 18,
    ) -> None:
        """
        Args:
            backend: it is changed: no padding, no truncation, special tokens in text are plain text.
            kind: of `TokenizerOptions`.
            specials: the tokens of `backend` for pad, unk, bos and eos.
            rule: how words are joined; None = by single spaces.
            group_characters: characters per call of the library. An encoding takes about 50 times the memory of its
                text.
            max_cached_chunks: chunks of text (between spaces) whose ids stay in memory; 1 << 18 take about 50 MB.
        """
        self.kind = kind
        self._specials = dict(specials)
        self._rule, self.right_to_left = rule, right_to_left
        self._group_characters, self._max_cached_chunks = group_characters, max_cached_chunks
        self._backend = backend
        self._backend.no_padding()
        self._backend.no_truncation()
        self._backend.encode_special_tokens = True  # "<s>" in a text is plain text. The JSON lacks this setting.
        vocabulary = backend.get_vocab(with_added_tokens=True)
        self.vocab_size: int = max(vocabulary.values()) + 1
        self.pad_id, self.unk_id, self.bos_id, self.eos_id = (vocabulary[specials[role]] for role in SPECIALS)
        self._reserved = frozenset((self.pad_id, self.bos_id, self.eos_id))
        self._replaced = self._reserved | {self.unk_id}
        self._chunk_ids: dict[str, tuple[int, ...]] = {}
        self._chunk_unknown: list[str] = []
        self._facts: dict[str, Facts] = {}
        marks = {mark: vocabulary[mark] for mark in MARKS if mark in vocabulary}
        self._marker = Marker(rule, marks) if rule and marks else None

    # --- Text to ids ---

    def encode_documents(self, texts: Sequence[str], max_tokens: int) -> list[EncodedDocument]:
        """Encodes documents, each truncated to `max_tokens`. `oov` lists the unknown words before the cut."""
        encoded = []
        for ids, length, unknown in self._tokenize(texts, max_tokens):
            oov: dict[str, int] = {}
            for position, word in unknown:
                ids[position] = self.unk_id if word is None else self.vocab_size + oov.setdefault(word, len(oov))
            encoded.append(EncodedDocument(ids, list(oov), length))
        return encoded

    def encode_summaries(
        self, texts: Sequence[str], oovs: Sequence[Sequence[str]], max_tokens: int
    ) -> list[tuple[list[int], int]]:
        """Returns (extended ids truncated to `max_tokens`, number of tokens before truncation) of each summary.

        `oovs` are the unknown words of the documents. Word k of them becomes V + k; another unknown word becomes the
        unknown id.
        """
        encoded = []
        for (ids, length, unknown), oov in zip(self._tokenize(texts, max_tokens), oovs, strict=True):
            if unknown:
                index = {word: self.vocab_size + k for k, word in enumerate(oov)}
                for position, word in unknown:
                    ids[position] = self.unk_id if word is None else index.get(word, self.unk_id)
            encoded.append((self._in_order(ids), length))
        return encoded

    def _in_order(self, items: list[T]) -> list[T]:
        """From the order of the text to that of the ids of a summary, or back."""
        return items[::-1] if self.right_to_left else items

    def _tokenize(self, texts: Sequence[str], max_tokens: int) -> Iterator[_Tokens]:
        """Tokenizes and truncates each text, and finds its unknown and reserved ids."""
        if self.kind == "word":
            yield from self._tokenize_words(texts, max_tokens)
            return
        for text, encoding in self._encode(texts):
            ids = encoding.ids[:max_tokens]
            yield _Tokens(ids, len(encoding), list(self._unknown_words(text, encoding, ids)))

    def _tokenize_words(self, texts: Sequence[str], max_tokens: int) -> Iterator[_Tokens]:
        """Tokenizes whole words, several times faster than the library.

        No word contains white space, and neither normalizers nor patterns look across white space. So each distinct
        chunk between spaces is tokenized only once, and its ids are cached. Only marks beside quotes depend on the rest
        of the text.
        """
        for group in self._groups(texts):
            split = [text.split() for text in group]
            self._cache_chunks(set(itertools.chain.from_iterable(split)))
            chunk_ids, unknown_words, marker = self._chunk_ids, self._chunk_unknown, self._marker
            for chunks in split:
                ids = list(itertools.chain.from_iterable(map(chunk_ids.__getitem__, chunks)))
                if marker:
                    ids = marker.mark_text(ids)
                length = len(ids)
                del ids[max_tokens:]
                unknown = [position for position, token in enumerate(ids) if token < 0]
                yield _Tokens(ids, length, [(position, unknown_words[-ids[position] - 1]) for position in unknown])

    def _cache_chunks(self, chunks: set[str]) -> None:
        """Adds the ids of `chunks` to `_chunk_ids`. Id -1 - k is the unknown word `_chunk_unknown[k]`."""
        marker = self._marker
        new = [chunk for chunk in chunks if chunk not in self._chunk_ids]
        if len(self._chunk_ids) + len(new) > self._max_cached_chunks:
            self._chunk_ids, self._chunk_unknown, new = {}, [], list(chunks)
            if marker:
                marker.forget_chunks()
        for chunk, (text, encoding) in zip(new, self._encode(new), strict=True):
            ids = encoding.ids
            for position, word in self._unknown_words(text, encoding, ids):
                ids[position] = self.unk_id if word is None else -1 - len(self._chunk_unknown)
                if word is not None:
                    self._chunk_unknown.append(word)
            known = tuple(ids)
            self._chunk_ids[chunk] = marker.mark_chunk(text, encoding.offsets, known) if marker else known

    def _encode(self, texts: Sequence[str]) -> Iterator[tuple[str, tokenizers.Encoding]]:
        """Yields (text, encoding with offsets into this text).

        Text for our own tokenizers is normalized first: one original character can become several tokens, and offsets
        into the original text cannot separate them. Pretrained tokenizers normalize themselves.
        """
        normalizer = self._backend.normalizer
        backend = self._backend if self.kind == "pretrained" else self._backend_without_normalizer
        for group in self._groups(texts):
            if self.kind != "pretrained":
                group = [normalizer.normalize_str(text) for text in group]
            yield from zip(group, backend.encode_batch(group, add_special_tokens=False), strict=True)

    def _groups(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Splits `texts` into groups with at most `_group_characters`, or with one text."""
        group: list[str] = []
        characters = 0
        for text in texts:
            if group and characters + len(text) > self._group_characters:
                yield group
                group, characters = [], 0
            group.append(text)
            characters += len(text)
        if group:
            yield group

    @cached_property
    def _backend_without_normalizer(self) -> tokenizers.Tokenizer:
        backend = tokenizers.Tokenizer.from_str(json.dumps({**json.loads(self._backend.to_str()), "normalizer": None}))
        backend.encode_special_tokens = True
        return backend

    def _unknown_words(
        self, text: str, encoding: tokenizers.Encoding, ids: list[int]
    ) -> Iterator[tuple[int, str | None]]:
        """Yields (position, word) for each unknown or reserved id; word is None for "<unk>" in the text itself."""
        if self._replaced.isdisjoint(ids):
            return
        offsets = encoding.offsets
        for position, token in enumerate(ids):
            if token in self._replaced:
                start, end = offsets[position]
                word = text[start:end].strip()
                yield position, None if word in ("", self._specials["unk"]) else word

    # --- Ids to text ---

    def decode(self, ids: Sequence[int], oov: Sequence[str] = ()) -> str:
        """Returns one line of text for extended ids, without padding, start and end. The unknown id becomes <unk>.

        Raises ValueError for an id beyond the vocabulary and `oov`.
        """
        kept = self._in_order([int(token) for token in ids if int(token) not in self._reserved])
        if self.kind == "word":
            tokens = [self._token(token, oov) for token in kept]
            return one_line(self._rule.join(tokens) if self._rule else " ".join(tokens))
        pieces: list[str] = []
        subwords: list[int] = []  # since the last unknown word
        for token in kept:
            if token == self.unk_id or not 0 <= token < self.vocab_size:
                pieces += [self._backend.decode(subwords, skip_special_tokens=False), self._token(token, oov)]
                subwords = []
            else:
                subwords.append(token)
        return one_line(" ".join([*pieces, self._backend.decode(subwords, skip_special_tokens=False)]))

    def pieces(self, ids: Sequence[int], oov: Sequence[str] = ()) -> list[str]:
        """Returns the text of each token, with the space before it. Joined and brought to one line, the pieces are
        `decode(ids, oov)`, from the last one to the first if `right_to_left`. A mark between words, and a part of a
        character, can have the text "".

        Args:
            ids: extended ids without padding, start and end.
        """
        if self.kind == "word":
            tokens = [self._token(token, oov) for token in self._in_order(list(ids))]
            if self._rule:
                return self._in_order(self._rule.parts(tokens))
            return self._in_order([f" {token}" if position else token for position, token in enumerate(tokens)])
        forward, text, end = self._in_order(list(ids)), self.decode(ids, oov), 0
        pieces: list[str] = []
        for count in range(1, len(ids)):  # a prefix of the text's ids can decode to half a character
            prefix = self.decode(self._in_order(forward[:count]), oov)
            start, end = end, max(end, _common_characters(text, prefix))
            pieces.append(text[start:end])
        return self._in_order([*pieces, text[end:]]) if forward else []

    def _token(self, token: int, oov: Sequence[str]) -> str:
        if token == self.unk_id:
            return SPECIALS["unk"]
        if 0 <= token < self.vocab_size:
            return self.tokens[token]
        if 0 <= token - self.vocab_size < len(oov):
            return oov[token - self.vocab_size]
        raise ValueError(
            f"id {token} lies beyond the vocabulary ({self.vocab_size}) and {len(oov)} words of the document"
        )

    @cached_property
    def tokens(self) -> list[str]:
        """The vocabulary: token i has id i. An unused id has the token ""."""
        tokens = [""] * self.vocab_size
        for token, index in self._backend.get_vocab(with_added_tokens=True).items():
            tokens[index] = token
        return tokens

    def facts(self, kind: str, key: str) -> Facts:
        """The words that need support; found once. Arguments and errors: see `Facts.of`."""
        if kind not in self._facts:
            self._facts[kind] = Facts.of(self, kind, key)
        return self._facts[kind]

    # --- As data ---

    def to_dict(self) -> dict[str, Any]:
        """Returns the whole tokenizer as strings and numbers, which a checkpoint can hold under `weights_only=True`."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "words": self._rule is not None,
            "rule": self._rule.to_json() if self._rule else "",
            **self._specials,
            "tokenizer": self._backend.to_str(),
            **({"right_to_left": True} if self.right_to_left else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any], **memory_limits: int) -> Tokenizer:
        """Rebuilds a tokenizer from the result of `to_dict`. `memory_limits` are keyword arguments of the constructor.

        Raises UserError if another version of the program wrote it.
        """
        if data.get("format") != FORMAT:
            raise UserError(
                f"the tokenizer has format {data.get('format')}, not {FORMAT}: another version of seq2seq wrote it"
            )
        backend = tokenizers.Tokenizer.from_str(data["tokenizer"])
        rule = JoiningRule.from_json(data["rule"]) if data.get("rule") else ENGLISH if data["words"] else None
        specials, right_to_left = {role: data[role] for role in SPECIALS}, data.get("right_to_left", False)
        return cls(backend, data["kind"], specials, rule, right_to_left=right_to_left, **memory_limits)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of `to_dict`: equal for tokenizers that behave the same."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:32]

    def to_transformers(self) -> PreTrainedTokenizerFast:
        """Returns the same tokenizer for transformers: equal ids, but unknown words have the unknown id.

        It adds no marks where a text departs from the rule for spaces.
        """
        from transformers import PreTrainedTokenizerFast

        return PreTrainedTokenizerFast(
            tokenizer_object=tokenizers.Tokenizer.from_str(self._backend.to_str()),
            split_special_tokens=True,
            **{f"{role}_token": token for role, token in self._specials.items()},
        )


def _common_characters(first: str, second: str) -> int:
    """The number of characters at the start of two texts that are equal."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((position for position, (a, b) in pairs if a != b), min(len(first), len(second)))

"""Text to token ids and back: trained on the training split, or loaded; it travels inside every checkpoint.

Second step of the flow: (strings) -> extended ids. With V tokens in the vocabulary, an id below V stands for one of
them, and V + k for the k-th distinct unknown word of *this* document, in order of first occurrence, which is what a
pointer can copy (See, Liu and Manning 2017, section 2.2). Encoding adds neither start nor end, and the ids of
padding, start and end never come out of text, whatever the text says. The unknown id does, for an unknown word of a
summary that its document lacks, and for the word "<unk>" of corpora that others prepared.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers

from seq2seq.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Without it `tokenizers` prints a warning for every worker process of a loader. Tokenizing after a fork is what it
# warns of; the workers only read ids.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

SPECIALS = {"pad": "<pad>", "unk": "<unk>", "bos": "<s>", "eos": "</s>"}
_FORMAT = 1  # of `to_dict`; a reader of another number refuses
_GROUP_CHARACTERS = 4 << 20  # tokenized at a time: an encoding takes some fifty times the memory of its text
_REMEMBERED = 1 << 18  # chunks of text whose ids are kept, some 50 MB of them
_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


@dataclass(frozen=True)
class TokenizerOptions:
    """How text becomes tokens.

    Args:
        kind: word (whole words; unknown ones can be copied), bpe (byte-level), unigram (with byte fallback) or
            pretrained.
        vocab_size: The number of tokens, the four special ones included.
        min_frequency: Words, or pairs to merge for bpe, that are rarer in the training split get no token of their own.
        normalizers: Applied in this order; digits turns every digit into "#". Not used by pretrained.
        split: How kind word finds words: words knows English news text (U.S., 1,250.5, O'Neill, mid-year), whitespace
            is for text that is tokenized already.
        path: With kind pretrained: a name on the Hugging Face Hub, a folder, or a tokenizer.json.
    """

    kind: Literal["word", "bpe", "unigram", "pretrained"] = "word"
    vocab_size: int = 10_000
    min_frequency: int = 1
    normalizers: list[Literal["nfkc", "lowercase", "digits", "strip_accents"]] = field(default_factory=lambda: ["nfkc"])
    split: Literal["words", "whitespace"] = "words"
    path: str | None = None


class EncodedDocument(NamedTuple):
    """A document's extended ids, the unknown words that ids from V on stand for, and its length before cutting."""

    ids: list[int]
    oov: list[str]
    length: int


class _Tokens(NamedTuple):
    """A text's ids after cutting, how many there were before, and (position, word) of the unknown ones; word is None
    where the text itself says "<unk>"."""

    ids: list[int]
    length: int
    unknown: list[tuple[int, str | None]]


class Tokenizer:
    """A `tokenizers` tokenizer with four special tokens that text cannot forge, and extended ids for unknown words."""

    def __init__(self, backend: tokenizers.Tokenizer, kind: str, specials: dict[str, str], words: bool) -> None:
        """`specials` maps pad, unk, bos, eos to tokens of `backend`; `words`: join as English, not by one space."""
        self.kind = kind
        self._specials = dict(specials)
        self._words = words
        self._backend = backend
        self._backend.no_padding()
        self._backend.no_truncation()
        self._backend.encode_special_tokens = True  # "<s>" in a text is text; this setting is not part of the JSON
        vocabulary = backend.get_vocab(with_added_tokens=True)
        self.vocab_size: int = max(vocabulary.values()) + 1
        self.pad_id, self.unk_id, self.bos_id, self.eos_id = (
            vocabulary[specials[k]] for k in ("pad", "unk", "bos", "eos")
        )
        self._reserved = frozenset((self.pad_id, self.bos_id, self.eos_id))
        self._strange = self._reserved | {self.unk_id}
        self._pieces: dict[str, tuple[int, ...]] = {}
        self._piece_words: list[str] = []

    # --- Text to ids ---

    def encode_documents(self, texts: Sequence[str], max_tokens: int) -> list[EncodedDocument]:
        """Encode documents, each cut to its first `max_tokens`; `oov` lists the unknown words within the cut."""
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
        """Return each summary's (extended ids cut to `max_tokens`, length before cutting).

        `oovs` are their documents' unknown words: the k-th of them becomes V + k, any other unknown word the unknown
        id.
        """
        encoded = []
        for (ids, length, unknown), oov in zip(self._tokenize(texts, max_tokens), oovs, strict=True):
            if unknown:
                index = {word: self.vocab_size + k for k, word in enumerate(oov)}
                for position, word in unknown:
                    ids[position] = self.unk_id if word is None else index.get(word, self.unk_id)
            encoded.append((ids, length))
        return encoded

    def _tokenize(self, texts: Sequence[str], max_tokens: int) -> Iterator[_Tokens]:
        """Cut each text's ids to `max_tokens` and find the unknown or reserved ones among them."""
        if self.kind == "word":
            yield from self._tokenize_words(texts, max_tokens)
            return
        for text, encoding in self._encode(texts):
            ids = encoding.ids[:max_tokens]
            unknown = [] if self._strange.isdisjoint(ids) else list(self._unknown_words(text, encoding, ids))
            yield _Tokens(ids, len(encoding), unknown)

    def _tokenize_words(self, texts: Sequence[str], max_tokens: int) -> Iterator[_Tokens]:
        """The same for whole words, several times as fast: no word reaches over white space, and nothing that
        normalizes or splits text looks across it, so what stands between spaces is tokenized once and remembered."""
        for group in _groups(texts):
            split = [text.split() for text in group]
            self._learn_chunks(set(itertools.chain.from_iterable(split)))
            pieces, words = self._pieces, self._piece_words
            for chunks in split:
                ids = list(itertools.chain.from_iterable([pieces[chunk] for chunk in chunks]))
                length = len(ids)
                del ids[max_tokens:]
                strange = [i for i, token in enumerate(ids) if token < 0]
                yield _Tokens(ids, length, [(i, words[-ids[i] - 1]) for i in strange])

    def _learn_chunks(self, chunks: set[str]) -> None:
        """Put the ids of these chunks of text into `_pieces`; -1 - k stands for the unknown word `_piece_words[k]`."""
        new = [chunk for chunk in chunks if chunk not in self._pieces]
        if len(self._pieces) + len(new) > _REMEMBERED:
            self._pieces, self._piece_words, new = {}, [], list(chunks)
        for chunk, (text, encoding) in zip(new, self._encode(new), strict=True):
            ids = encoding.ids
            if not self._strange.isdisjoint(ids):
                for position, word in self._unknown_words(text, encoding, ids):
                    ids[position] = self.unk_id if word is None else -1 - len(self._piece_words)
                    if word is not None:
                        self._piece_words.append(word)
            self._pieces[chunk] = tuple(ids)

    def _encode(self, texts: Sequence[str]) -> Iterator[tuple[str, tokenizers.Encoding]]:
        """Yield (text that the offsets refer to, encoding).

        Our own tokenizers are run on text that is normalized first, because offsets into the original cannot tell the
        parts of a character that normalizes to several. A pretrained one is left as it is.
        """
        normalizer = self._backend.normalizer
        backend = self._backend if self.kind == "pretrained" else self._plain_backend
        for group in _groups(texts):
            if self.kind != "pretrained":
                group = [normalizer.normalize_str(text) for text in group]
            yield from zip(group, backend.encode_batch(group, add_special_tokens=False), strict=True)

    @cached_property
    def _plain_backend(self) -> tokenizers.Tokenizer:
        plain = tokenizers.Tokenizer.from_str(json.dumps({**json.loads(self._backend.to_str()), "normalizer": None}))
        plain.encode_special_tokens = True
        return plain

    def _unknown_words(
        self, text: str, encoding: tokenizers.Encoding, ids: list[int]
    ) -> Iterator[tuple[int, str | None]]:
        """Yield (position, word) for each unknown or reserved id in `ids`; word is None where the text says "<unk>"."""
        offsets = encoding.offsets
        for position, token in enumerate(ids):
            if token in self._strange:
                start, end = offsets[position]
                word = text[start:end].strip()
                yield position, None if word in ("", self._specials["unk"]) else word

    # --- Ids to text ---

    def decode(self, ids: Sequence[int], oov: Sequence[str] = ()) -> str:
        """Return one line of text for extended `ids`; padding, start and end are left out, unknown shows as <unk>."""
        kept = [int(token) for token in ids if int(token) not in self._reserved]
        if self.kind == "word":
            tokens = [self._token(token, oov) for token in kept]
            return _one_line(_join_words(tokens) if self._words else " ".join(tokens))
        pieces: list[str] = []
        run: list[int] = []
        for token in kept:
            if token == self.unk_id or not 0 <= token < self.vocab_size:
                pieces += [self._backend.decode(run, skip_special_tokens=False), self._token(token, oov)]
                run = []
            else:
                run.append(token)
        return _one_line(" ".join([*pieces, self._backend.decode(run, skip_special_tokens=False)]))

    def _token(self, token: int, oov: Sequence[str]) -> str:
        if token == self.unk_id:
            return SPECIALS["unk"]
        if 0 <= token < self.vocab_size:
            return self._tokens[token]
        if 0 <= token - self.vocab_size < len(oov):
            return oov[token - self.vocab_size]
        raise ValueError(
            f"id {token} lies beyond the vocabulary ({self.vocab_size}) and {len(oov)} words of the document"
        )

    @cached_property
    def _tokens(self) -> list[str]:
        tokens = [""] * self.vocab_size
        for token, index in self._backend.get_vocab(with_added_tokens=True).items():
            tokens[index] = token
        return tokens

    # --- As data ---

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as strings and numbers, which a checkpoint can hold under `weights_only=True`."""
        return {
            "format": _FORMAT,
            "kind": self.kind,
            "words": self._words,
            **self._specials,
            "tokenizer": self._backend.to_str(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tokenizer:
        """Rebuild what `to_dict` returned. Raises UserError if another version of the program wrote it."""
        if data.get("format") != _FORMAT:
            raise UserError(
                f"the tokenizer has format {data.get('format')}, not {_FORMAT}: another version of seq2seq wrote it"
            )
        backend = tokenizers.Tokenizer.from_str(data["tokenizer"])
        return cls(backend, data["kind"], {key: data[key] for key in SPECIALS}, data["words"])

    @cached_property
    def fingerprint(self) -> str:
        """A hash of `to_dict`: equal for tokenizers that behave the same."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:32]

    def to_transformers(self) -> PreTrainedTokenizerFast:
        """Return the same tokenizer for use with transformers: equal ids, unknown words as the unknown id."""
        from transformers import PreTrainedTokenizerFast

        return PreTrainedTokenizerFast(
            tokenizer_object=tokenizers.Tokenizer.from_str(self._backend.to_str()),
            split_special_tokens=True,
            **{f"{key}_token": token for key, token in self._specials.items()},
        )


# --- Training --------------------------------------------------------------------------------------------------------


def train_tokenizer(
    options: TokenizerOptions, texts: Iterable[str] | Iterable[list[str]], length: int | None = None
) -> Tokenizer:
    """Learn a tokenizer from `texts` (read once, as a stream; `length` is only for the progress bar).

    The same texts and options give the same tokenizer. Raises UserError if there is no word in the texts or if
    `vocab_size` has no room for what the kind needs.
    """
    if options.kind == "pretrained":
        if options.path is None:
            raise UserError(
                "data.tokenizer.path is missing: kind pretrained needs a Hub name, a folder or a tokenizer.json"
            )
        return load_pretrained(options.path)
    if options.min_frequency < 1:
        raise UserError(f"data.tokenizer.min_frequency is {options.min_frequency}: it must be at least 1")
    train = {"word": _train_word, "bpe": _train_bpe, "unigram": _train_unigram}[options.kind]
    stream = _Watched(texts)
    backend = train(options, stream, length)
    if not stream.seen_text:
        raise UserError("the training split holds no text to learn a vocabulary from: check data.corpus.train")
    return Tokenizer(backend, options.kind, SPECIALS, words=options.split == "words")


class _Watched:
    """Passes texts on to the trainer and remembers whether one of them was not blank."""

    def __init__(self, texts: Iterable[str] | Iterable[list[str]]) -> None:
        self._texts = texts
        self.seen_text = False

    def __iter__(self) -> Iterator[str | list[str]]:
        for item in self._texts:
            if not self.seen_text:
                self.seen_text = any(
                    not text.isspace() and text for text in ([item] if isinstance(item, str) else item)
                )
            yield item


def _normalizer(options: TokenizerOptions) -> normalizers.Normalizer:
    # Control characters and line ends are spaces: a headline is one line.
    steps: list[normalizers.Normalizer] = [normalizers.Replace(Regex(r"[\p{Cc}\p{Zl}\p{Zp}]"), " ")]
    for name in options.normalizers:
        if name == "nfkc":
            steps.append(normalizers.NFKC())
        elif name == "lowercase":
            steps.append(normalizers.Lowercase())
        elif name == "digits":
            steps.append(normalizers.Replace(Regex(r"\p{Nd}"), "#"))
        else:
            steps += [normalizers.NFD(), normalizers.StripAccents(), normalizers.NFC()]
    if options.kind != "word":  # whose tokens hold no spaces anyway
        steps += [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    return normalizers.Sequence(steps)


def _too_small(options: TokenizerOptions, needed: str) -> UserError:
    return UserError(f"data.tokenizer.vocab_size is {options.vocab_size}: kind {options.kind} needs {needed}")


def _words_pattern(digits_are_hashes: bool) -> str:
    """Return the pattern of one token of English news text.

    In this order: <unk> of text prepared by others; abbreviations (U.S., a.m., U.S.-backed); the possessive 's by
    itself; words and numbers with what joins them inside (O'Neill, mid-year, AT&T, 1,250.5, 10:30, example.com); runs
    such as ... and --; any other character alone.
    """
    word = r"[\p{L}\p{M}\p{N}_#]" if digits_are_hashes else r"[\p{L}\p{M}\p{N}_]"
    digit = r"[\p{N}#]" if digits_are_hashes else r"\p{N}"
    possessive = rf"['’][sS](?!{word})"
    joined = rf"(?:(?!{possessive})['’&-]|(?<={digit})[.,:/](?={digit})|(?<=\p{{L}})\.(?=\p{{Ll}}))"
    return "|".join(
        [
            "<unk>",
            rf"(?:(?<!{word})\p{{L}}\.){{2,}}(?:-{word}+)*",
            possessive,
            rf"{word}+(?:{joined}{word}+)*",
            r"\.{2,}",
            "-{2,}",
            "`{2}",
            "'{2}",
            r"\S",
        ]
    )


def _train_word(options: TokenizerOptions, texts: _Watched, length: int | None) -> tokenizers.Tokenizer:
    room = options.vocab_size - len(SPECIALS)
    if room < 1:
        raise _too_small(options, f"more than the {len(SPECIALS)} special tokens")
    backend = tokenizers.Tokenizer(models.WordLevel(unk_token=SPECIALS["unk"]))
    backend.normalizer = _normalizer(options)
    if options.split == "words":
        pattern = Regex(_words_pattern("digits" in options.normalizers))
        backend.pre_tokenizer = pre_tokenizers.Split(pattern, "removed", invert=True)
    else:
        backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    # Counted by hand and not by the library's trainer, which tokenizes every occurrence of every word anew.
    counts = _count_words(backend, texts)
    frequent = ((word, count) for word, count in counts.items() if count >= options.min_frequency)
    ranked = sorted(frequent, key=lambda item: (-item[1], item[0]))  # by frequency, then by the alphabet
    words = [word for word, _ in ranked if word not in SPECIALS.values()][:room]
    if texts.seen_text and not words:
        raise UserError(f"no word occurs {options.min_frequency} times: lower data.tokenizer.min_frequency")
    vocabulary = {word: index for index, word in enumerate([*SPECIALS.values(), *words])}
    backend.model = models.WordLevel(vocabulary, SPECIALS["unk"])
    return backend


def _count_words(backend: tokenizers.Tokenizer, texts: Iterable[str | list[str]]) -> Counter[str]:
    """How often each word occurs. What stands between spaces is counted first and tokenized once (see
    `Tokenizer._tokenize_words`)."""
    chunks: Counter[str] = Counter()
    for item in texts:
        chunks.update((item if isinstance(item, str) else " ".join(item)).split())
    words: Counter[str] = Counter()
    for chunk, count in chunks.items():
        for word, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(chunk)):
            words[word] += count
    return words


def _train_bpe(options: TokenizerOptions, texts: _Watched, length: int | None) -> tokenizers.Tokenizer:
    """Byte-pair encoding (Sennrich, Haddow and Birch 2016) over bytes: nothing is unknown."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    if options.vocab_size < len(SPECIALS) + len(alphabet):
        raise _too_small(options, f"at least {len(SPECIALS) + len(alphabet)} (the special tokens and 256 bytes)")
    backend = tokenizers.Tokenizer(models.BPE())
    backend.normalizer = _normalizer(options)
    # Its pattern never leaves letters and punctuation in one piece, so no merge can spell "<s>".
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=options.vocab_size,
        min_frequency=options.min_frequency,
        special_tokens=list(SPECIALS.values()),
        initial_alphabet=alphabet,
        show_progress=_progress(),
    )
    backend.train_from_iterator(texts, trainer, length)
    return _without_added_tokens(backend)


def _train_unigram(options: TokenizerOptions, texts: _Watched, length: int | None) -> tokenizers.Tokenizer:
    """Unigram language model (Kudo 2018); a character that has no piece falls back to its UTF-8 bytes."""
    room = options.vocab_size - len(SPECIALS) - len(_BYTES)
    if room < 1:
        raise _too_small(options, f"more than {len(SPECIALS) + len(_BYTES)} (the special tokens and 256 bytes)")
    backend = tokenizers.Tokenizer(models.Unigram())
    backend.normalizer = _normalizer(options)
    # Angle brackets stand alone, so that no piece of a text can be spelled like a special token or a byte's token.
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Split(Regex("[<>]"), "isolated")]
    )
    trainer = trainers.UnigramTrainer(vocab_size=room, show_progress=_progress())
    try:
        backend.train_from_iterator(texts, trainer, length)
    except Exception as error:  # the library raises a bare Exception here
        raise _too_small(options, f"more: {error}") from None
    if not texts.seen_text:
        return backend
    pieces = _canonical(json.loads(backend.to_str())["model"]["vocab"])
    least = min(score for _, score in pieces)
    fixed = [(token, 0.0) for token in SPECIALS.values()] + [(token, least) for token in _BYTES]
    backend.model = models.Unigram([*fixed, *pieces], unk_id=list(SPECIALS).index("unk"), byte_fallback=True)
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return backend


def _canonical(pieces: list[list[Any]]) -> list[tuple[str, float]]:
    """Undo what the trainer does in random order: sums (last digits differ) and the scores of single characters.

    Characters that were pruned as pieces come back with the lowest score plus 0, 0.0001, 0.0002, ... in the order of a
    hash table: here they all get the lowest score. Four decimals of a log-probability are left. Two pieces that tie for
    the last place could still change places between runs; none did in the trainings that were compared.
    """
    least = min(score for _, score in pieces)
    band = least + 1e-4 * (len(pieces) + 1)
    merged = [(piece, least if len(piece) == 1 and score < band else score) for piece, score in pieces]
    return sorted(((piece, round(score, 4)) for piece, score in merged), key=lambda item: (-item[1], item[0]))


def _without_added_tokens(backend: tokenizers.Tokenizer) -> tokenizers.Tokenizer:
    """Keep the special tokens in the vocabulary, but do not look for them in text."""
    return tokenizers.Tokenizer.from_str(json.dumps({**json.loads(backend.to_str()), "added_tokens": []}))


def _progress() -> bool:
    return sys.stderr.isatty()


# --- Pretrained ------------------------------------------------------------------------------------------------------


def load_pretrained(path: str) -> Tokenizer:
    """Load a fast tokenizer of transformers: a Hub name, a folder or a tokenizer.json.

    Start and end are its own, else its [CLS] and [SEP]; a role that has no token, or one that has another role already,
    gets a new token. Raises UserError if nothing can be loaded from `path`.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    try:
        if path.endswith(".json"):
            if not Path(path).is_file():
                raise FileNotFoundError("no such file")
            loaded: Any = PreTrainedTokenizerFast(tokenizer_file=path)
        else:
            loaded = AutoTokenizer.from_pretrained(path)
    except Exception as error:  # transformers, its hub client and the Rust parser raise all kinds
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            f"data.tokenizer.path: cannot load a tokenizer from {path}: {cause}:"
            " give a folder with tokenizer.json, or download the name once with a connection"
        ) from error
    backend = getattr(loaded, "backend_tokenizer", None)
    if backend is None:
        raise UserError(f"data.tokenizer.path: {path} has no tokenizer.json: only fast tokenizers can be used")
    backend = tokenizers.Tokenizer.from_str(backend.to_str())
    roles = {
        "eos": loaded.eos_token or loaded.sep_token,
        "bos": loaded.bos_token or loaded.cls_token,
        "unk": _model_unknown(backend) or loaded.unk_token,
        "pad": loaded.pad_token,
    }
    return Tokenizer(backend, "pretrained", _fill_roles(backend, roles), words=False)


def _model_unknown(backend: tokenizers.Tokenizer) -> str | None:
    model = json.loads(backend.to_str())["model"]
    if model.get("unk_id") is not None:
        return model["vocab"][model["unk_id"]][0]
    return model.get("unk_token")


def _fill_roles(backend: tokenizers.Tokenizer, roles: dict[str, str | None]) -> dict[str, str]:
    """Give every role a token of its own, adding tokens to `backend` where one is missing or shared."""
    filled: dict[str, str] = {}
    for role, token in roles.items():
        if token is None or token in filled.values():
            token = SPECIALS[role]
            while token in filled.values() or token in roles.values():
                token = f"<{token}>"
        backend.add_special_tokens([token])
        filled[role] = token
    return {role: filled[role] for role in SPECIALS}


# --- Joining words ---------------------------------------------------------------------------------------------------

_CLOSE = frozenset(",.;:!?%°)]}”’…") | {"...", "''", "'s", "'S", "’s", "’S"}
_OPEN = frozenset("$£€¥₹#@([{“‘") | {"``"}
_BOTH = frozenset("/")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def _join_words(tokens: Sequence[str]) -> str:
    """Join tokens of English text with a space wherever one belongs; straight quotes open and close in turn."""
    text: list[str] = []
    glue = True  # no space before the next token
    quoted = {'"': False, "'": False}
    for position, token in enumerate(tokens):
        opens, closes = token in _OPEN or token in _BOTH, token in _CLOSE or token in _BOTH
        if token in quoted:
            quoted[token] = opens = not quoted[token] and (position == 0 or token in tokens[position + 1 :])
            closes = not opens
        text.append(token if glue or closes else f" {token}")
        glue = opens
    return "".join(text)


def _groups(texts: Sequence[str]) -> Iterator[list[str]]:
    """Split `texts` into runs of a bounded number of characters."""
    group: list[str] = []
    characters = 0
    for text in texts:
        if group and characters + len(text) > _GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
        group.append(text)
        characters += len(text)
    if group:
        yield group


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())

"""From a checkpoint to headlines: for `seq2seq decode`, notebooks and services. Needs neither Lightning nor datasets.

summarizer = Summarizer.from_checkpoint("runs/quickstart/best.ckpt")      # a list of files is an ensemble
headlines = summarizer.summarize(["A fire broke out ..."], beam_size=5)
explanation = summarizer.explain("A fire broke out ...")                  # attention, copied words
print(summarizer.score([("A fire broke out ...", "Fire in Athens")]))     # ROUGE with intervals
summarizer.save("headlines.ckpt")
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, fields, replace
from itertools import count, islice
from math import isnan
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import torch
from torch import nn

from .batch import Batch, Vocabulary, make_batch
from .checkpoint import (
    CONTENTS,
    SUMMARIZATION,
    check_task,
    has_same_tokenizer,
    network_weights,
    read_checkpoint,
    write_weights,
)
from .data.tokenizer import EncodedDocument, Facts, Tokenizer
from .decoding import Hypotheses, Recorder, SearchOptions, SearchStep, absent_ids, search
from .errors import UserError, did_you_mean
from .explanation import Explanation, Trace, beam_nodes, explanation, headline_weights
from .files import user_path
from .model.ensemble import Ensemble
from .model.network import NetworkOptions, Seq2Seq, build_network
from .ops import Layouts, ready_for_few_rows
from .ops.cpu import bfloat16_is_faster

if TYPE_CHECKING:
    from .data.pairs import Pairs
    from .scoring import Scores

MISSING = ("NAType", "NaTType")
"""The types of missing values of pandas, which is not imported here."""
Result = TypeVar("Result")
MANY = 16
"""With so many documents at once it pays to load the compiled loops, even if each batch has a single document."""
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Headline(NamedTuple):
    """One hypothesis for one document. (A tuple, because Lightning cannot move frozen dataclasses between devices.)

    Args:
        text: the headline.
        score: log-probability (end symbol included) / length ** length_penalty.
        log_prob: log-probability.
    """

    text: str
    score: float
    log_prob: float


class Summarizer:
    """A trained network with its tokenizer: text in, headlines out.

    Args:
        network: one network, or an ensemble.
        options: default options of the search.
        max_document_tokens: longer documents are cut.
        batch_tokens: greatest number of document tokens in a batch, padding included.
        settings: the section `seq2seq` of its checkpoint, which `save` writes again.

    Attributes:
        cut: number of documents that were cut so far.
        empty: number of documents without a token so far; their headline is empty.
    """

    def __init__(
        self,
        network: Seq2Seq | Ensemble,
        tokenizer: Tokenizer,
        options: SearchOptions,
        max_document_tokens: int,
        device: str | torch.device = "cpu",
        batch_tokens: int = 80000,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.network = network.to(device).eval()
        self.tokenizer, self.options = tokenizer, options
        self.max_document_tokens, self.batch_tokens = max_document_tokens, batch_tokens
        self.device = torch.device(device)
        self.settings = settings
        self.cut = self.empty = 0
        self._warm = False
        self._layouts: Layouts = {}

    @classmethod
    def from_checkpoint(
        cls,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        device: str | torch.device | int | None = "auto",
        precision: str | torch.dtype = "float32",
    ) -> Summarizer:
        """Loads a checkpoint of `seq2seq fit` or a model that ships with the package, or several as an ensemble.

        The search uses the mean of the distributions of an ensemble's networks. Search options and limits are those of
        the first checkpoint.

        Args:
            path: a file, the folder of a run, which stands for its best.ckpt, or the name of a model that
                `seq2seq models` lists; `~` is the home folder. `hf:` and a folder of `seq2seq export hf`, or its name
                on the Hugging Face Hub, reads such a model. A list of them makes an ensemble.
            device: auto or None (a GPU if there is one), cpu, cuda or cuda:N, as text, torch.device or number of a GPU.
            precision: float32 or bfloat16, the type of weights and activations; the search computes in float32.

        Raises UserError if a checkpoint cannot be used, if the checkpoints of an ensemble have different tokenizers,
        or if the device is slower in bfloat16 than in float32.
        """
        device, precision = choose_device(device), str(precision).removeprefix("torch.")
        given: Any = path if isinstance(path, (list, tuple)) else [path]
        paths = [checkpoint_file(file) for file in given]
        if precision not in PRECISIONS:
            raise UserError(f"--precision {precision!r}: give one of {', '.join(PRECISIONS)}")
        if precision == "bfloat16" and not bfloat16_is_faster(device):
            raise UserError(
                f"--precision bfloat16: this device ({device}) is slower in bfloat16 than in float32; "
                "leave the option out"
            )
        network, contents = load_networks(paths)
        tokenizer, options = Tokenizer.from_dict(contents["tokenizer"]), SearchOptions(**contents["search"])
        network.to(PRECISIONS[precision])
        settings = {key: value for key, value in contents.items() if key not in CONTENTS} if len(paths) == 1 else None
        return cls(network, tokenizer, options, contents["max_document_tokens"], device, settings=settings)

    def warm_up(self) -> None:
        """Prepares for many calls with few documents, as a server gets them. Afterwards each call is faster on a CPU.

        It loads the compiled loops, which takes 0.4 s, and 7 s at the first use on a machine. A call with at least 16
        documents does so by itself.
        """
        self._warm = True
        self.summarize(["a"])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a checkpoint with the weights, the tokenizer and the options of the search, whole or not at all.

        Every command and `from_checkpoint` read it, and `train(more, start=FILE)` goes on from it. It has no state of a
        training.

        Raises UserError for an ensemble, for a network without the settings of a checkpoint, and for a file that cannot
        be written.
        """
        if self.settings is None:
            raise UserError(
                f"{path}: only a Summarizer of one checkpoint can be saved; this one is an ensemble, or was made from "
                "a network: keep the checkpoints"
            )
        section = {**self.settings, "search": asdict(self.options), "max_document_tokens": self.max_document_tokens}
        write_weights(self.network, section, user_path(path))

    def score(
        self,
        pairs: Pairs,
        *,
        document_column: str = "document",
        summary_column: str = "summary",
        trials: int = 10_000,
        **options: Any,
    ) -> Scores:
        """Writes headlines for the documents of some pairs, and compares them with the headlines of the pairs.

        Args:
            pairs: (document, headline) pairs, dictionaries, a data frame, a data set or a file: see `train`.
            document_column, summary_column: names in dictionaries, data frames, data sets and files.
            trials: resamples for the 95 % intervals; 0 leaves the intervals out.
            options: of the search, as for `summarize`.

        Raises UserError for a wrong option, and for pairs that are no pairs of texts.
        """
        from .data.pairs import read_pairs  # here, because `decode` does without ROUGE and data frames
        from .scoring import Scores, compare

        documents, references = read_pairs(pairs, "pairs", document_column, summary_column)
        headlines = self.summarize(documents, **options)
        return Scores(compare(references, {"headlines": headlines}, documents, trials=trials), headlines)

    def summarize(self, documents: Iterable[str], **options: Any) -> list[str]:
        """The best headline of each document, in order.

        Args:
            documents: a list of texts, a column of a data frame, an array of strings, a generator, ...
            options: fields of SearchOptions, e.g. beam_size=5, and arguments of `stream`.

        Raises UserError for a wrong option, and for documents that are not a list of texts, before any work if they
        have a length.
        """
        if hasattr(documents, "__len__"):
            for _ in checked_documents(documents):
                pass
        return [best[0].text for best in self.stream(documents, **options)]

    def stream(
        self,
        documents: Iterable[str],
        chunk: int = 1024,
        batch_size: int | None = None,
        read_ahead: int = 4 << 20,
        **options: Any,
    ) -> Iterator[list[Headline]]:
        """Yields the n_best headlines of each document, in order, best first. Memory does not grow with the input.

        An error of `documents` is raised after the headlines of the documents before it; wrong options are raised at
        once.

        Args:
            documents: as for `summarize`.
            chunk: documents that are read ahead and sorted by length, so that batches need little padding.
            batch_size: greatest number of documents in a batch (None = limited by `batch_tokens` alone).
            read_ahead: characters after which reading ahead stops.
            options: fields of SearchOptions; None stands for the value in the checkpoint.
        """
        chosen = self._chosen(options)
        for name, value in (("chunk", chunk), ("batch_size", batch_size), ("read_ahead", read_ahead)):
            if value is not None and (not isinstance(value, Integral) or value < 1):
                raise UserError(f"{name}: {value!r} is no whole number of at least 1")
        checked = checked_documents(documents)
        return in_chunks(checked, chunk, read_ahead, lambda texts: self._decode_chunk(texts, chosen, batch_size))

    def explain(self, document: str, headline: str | None = None, **options: Any) -> Explanation:
        """Attention, copied words and probabilities of a headline of one document.

        Args:
            headline: the headline to explain; None = the best one of a search.
            options: fields of SearchOptions; None stands for the value in the checkpoint.

        Raises UserError for a wrong option, and for a document without a token.
        """
        if headline is None:
            return self.trace(document, **options).headlines[0]
        chosen, encoded = self._chosen(options), self._encoded(document)
        (headline,) = checked_documents([headline])
        ((ids, length),) = self.tokenizer.encode_summaries([headline], [encoded.oov], sys.maxsize)
        (weights,) = headline_weights(self.network, encoded, [ids], self.device)
        score = weights.log_prob / (length + 1) ** chosen.length_penalty
        text = self.tokenizer.decode(ids, encoded.oov)
        return explanation(self.tokenizer, encoded, ids, weights, text, score, weights.log_prob)

    def trace(self, document: str, **options: Any) -> Trace:
        """Searches the headlines of one document; returns the n_best ones, each explained, and the beams of all steps.

        Headlines and scores are those of `stream`. Arguments and errors: see `explain`.
        """
        chosen, encoded = self._chosen(options), self._encoded(document)
        batch = make_batch([encoded.ids], None, [encoded.oov], self.network.vocabulary).to(self.device)
        steps: list[SearchStep] = []
        with self._ready_for(1):
            found = generate(self.network, batch, chosen, search_facts(self.tokenizer, chosen), steps.append)
        (best,) = headlines(self.tokenizer, found, [encoded.oov])
        ids = [row[:length] for row, length in zip(found.tokens[0].tolist(), found.lengths[0].tolist(), strict=True)]
        ids = ids[: len(best)]
        explained = [
            explanation(self.tokenizer, encoded, headline, weights, *result)
            for headline, weights, result in zip(
                ids, headline_weights(self.network, encoded, ids, self.device), best, strict=True
            )
        ]
        return Trace(explained, beam_nodes(steps, ids, self.tokenizer, encoded.oov), encoded.length)

    def _chosen(self, options: Mapping[str, Any]) -> SearchOptions:
        """The options of a search with the given ones. Raises UserError for a wrong one."""
        given = {name: value for name, value in options.items() if value is not None}
        _check_names(given)
        return replace(self.options, **given)

    def _encoded(self, document: str) -> EncodedDocument:
        """One document, cut to the limit. Raises UserError if it is no text, or has no token."""
        (text,) = checked_documents([document])
        (encoded,) = self.tokenizer.encode_documents([text], self.max_document_tokens)
        if not encoded.ids:
            raise UserError("the document has no word; give a text")
        return encoded

    def _decode_chunk(self, texts: list[str], options: SearchOptions, batch_size: int | None) -> list[list[Headline]]:
        encoded = self.tokenizer.encode_documents(texts, self.max_document_tokens)
        self.cut += sum(e.length > len(e.ids) for e in encoded)
        results: list[list[Headline]] = [[Headline("", 0.0, 0.0)]] * len(texts)
        self.empty += sum(not e.ids for e in encoded)
        with self._ready_for(len(texts)):
            for batch in length_batches([len(e.ids) for e in encoded], self.batch_tokens, batch_size):
                for i, found in zip(batch, self._decode_batch([encoded[i] for i in batch], options), strict=True):
                    results[i] = found
        return results

    def _ready_for(self, documents: int) -> AbstractContextManager[None]:
        return ready_for_few_rows(self._layouts) if self._warm or documents >= MANY else nullcontext()

    def _decode_batch(self, documents: list[EncodedDocument], options: SearchOptions) -> list[list[Headline]]:
        oov = [d.oov for d in documents]
        batch = make_batch([d.ids for d in documents], None, oov, self.network.vocabulary).to(self.device)
        found = generate(self.network, batch, options, search_facts(self.tokenizer, options))
        return headlines(self.tokenizer, found, oov)


def in_chunks(
    documents: Iterator[str], size: int, read_ahead: int, work: Callable[[list[str]], list[Result]]
) -> Iterator[Result]:
    """Yields the results of `work`, which gets the documents in chunks.

    An error of `documents` is raised after the results of the documents before it.

    Args:
        size, read_ahead: documents of a chunk, and characters after which reading ahead stops.
    """
    failure: Exception | None = None
    while failure is None:
        texts: list[str] = []
        try:
            texts.extend(_read_chunk(documents, size, read_ahead))
        except Exception as error:  # raised below, after the results of the documents before it
            failure = error
        if not texts and failure is None:
            return
        yield from work(texts)
    raise failure


def length_batches(lengths: Sequence[int], batch_tokens: int, batch_size: int | None = None) -> Iterator[list[int]]:
    """Yields the positions of documents of similar length, the longest first. Empty documents are left out.

    Args:
        lengths: tokens of each document.
        batch_tokens: greatest number of tokens of a batch, padding included; one document may have more.
        batch_size: greatest number of documents of a batch.
    """
    order = sorted((i for i, length in enumerate(lengths) if length), key=lambda i: lengths[i], reverse=True)
    while order:
        fitting = max(1, batch_tokens // lengths[order[0]])
        size = min(fitting, batch_size or fitting)
        batch, order = order[:size], order[size:]
        yield batch


def _read_chunk(documents: Iterator[str], size: int, read_ahead: int) -> Iterator[str]:
    """The next `size` documents; fewer if they have more than `read_ahead` characters, but at least one."""
    characters = 0
    for document in islice(documents, size):
        yield document
        characters += len(document)
        if characters > read_ahead:
            return


def load_networks(paths: Sequence[str | Path]) -> tuple[Seq2Seq | Ensemble, dict[str, Any]]:
    """The network of a checkpoint, or the ensemble of several, and the contents of the first checkpoint.

    Raises UserError if a checkpoint cannot be used, or has another tokenizer than the first one.
    """
    if not paths:
        raise UserError("there is no checkpoint in the list; give at least one file")
    first, networks = read_checkpoint(paths[0]), []
    for position, path in enumerate(paths):
        contents = read_checkpoint(path) if position else first
        check_task(contents, path, SUMMARIZATION)
        if not has_same_tokenizer(first, contents):
            raise UserError(
                f"{path}: another tokenizer than that of {paths[0]}; the networks of an ensemble need the same one: "
                "train them on the same corpus with the same data.tokenizer"
            )
        network = build_network(NetworkOptions(**contents["network"]), Vocabulary(**contents["vocabulary"]))
        load_weights(network, contents, path)
        networks.append(network)
    names = [Path(path).name for path in paths]
    return (networks[0] if len(networks) == 1 else Ensemble(networks, names)), first


def load_weights(network: nn.Module, contents: dict[str, Any], path: str | Path) -> None:
    """Loads the weights in the contents of a checkpoint. Raises UserError, naming `path`, if they do not fit."""
    try:
        network.load_state_dict(network_weights(contents))
    except RuntimeError as error:
        raise UserError(f"{path}: the weights don't fit the network it describes; the file is damaged") from error


def _check_names(options: Mapping[str, Any]) -> None:
    """Raises UserError for a name that is no option of the search."""
    known = [option.name for option in fields(SearchOptions)]
    for name in options:
        if name not in known:
            hint = did_you_mean(name, known) or f"known are {', '.join(known)}"
            raise UserError(f"unknown option {name!r} of the search; {hint}")


def checked_documents(documents: Iterable[str]) -> Iterator[str]:
    """The documents as plain strings. Raises UserError at once for something that is no list of texts, and later, with
    the position from 0, at the first document that is no text."""
    problem = _no_list(documents)
    if problem:
        raise UserError(f"documents: {problem}")
    return map(_checked_text, count(), documents)


def _no_list(documents: Any) -> str | None:
    """The fault and the cure, if this is not an ordered collection of documents."""
    kind = type(documents).__name__
    if isinstance(documents, str):
        return "one text, not a list of texts; give [text]"
    if isinstance(documents, bytes):
        return "bytes, not a list of texts; give [text.decode()]"
    if isinstance(documents, os.PathLike):
        return "a path, not a list of texts; read the file first"
    if isinstance(documents, Mapping) or hasattr(documents, "columns") or hasattr(documents, "column_names"):
        return f'a {kind}, not a list of texts; give one column of it, for example documents["document"]'
    if isinstance(documents, (set, frozenset)):
        return f"a {kind} has no order; give a list"
    if not isinstance(documents, Iterable) or getattr(documents, "ndim", 1) != 1:
        return f"{kind} is not a list of texts; give a list of strings"
    return None


def _checked_text(position: int, document: Any) -> str:
    """The document as a string. Raises UserError, naming its position, if it is no text."""
    if isinstance(document, str):
        try:
            if not document.isascii():
                document.encode()
            return str(document)
        except UnicodeEncodeError as error:
            half = document[error.start]
            fault = f"holds half a surrogate pair ({half!r})"
            cure = 'replace it, for example with text.encode("utf-8", "replace").decode()'
    elif document is None or type(document).__name__ in MISSING or (isinstance(document, Real) and isnan(document)):
        fault, cure = f"is {document}", 'leave it out, or give ""'
    elif isinstance(document, bytes):
        fault, cure = "is bytes", "give text.decode()"
    else:
        fault, cure = f"is of type {type(document).__name__}, not a text", "give a list of strings"
    raise UserError(f"documents[{position}] {fault}; {cure}")


def checkpoint_file(path: str | os.PathLike[str]) -> Path:
    """The checkpoint that `path` means: for the folder of a run, its best.ckpt, with a note in the log."""
    file = user_path(path)
    best = file / "best.ckpt"
    if not best.is_file():
        return file
    logging.getLogger(__name__).warning("%s is a folder: taking %s", path, best)
    return best


def choose_device(device: str | torch.device | int | None) -> str:
    """auto, cpu, cuda or cuda:N -> cpu or cuda[:N]. Raises UserError if this computer has no such device.

    None means auto, and a number is that of a GPU.
    """
    name = "auto" if device is None else f"cuda:{device}" if isinstance(device, int) else str(device)
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise UserError(f"--device {name}: no such device; use auto, cpu, cuda or cuda:N")
    number = int(name.partition(":")[2] or 0)
    if name != "cpu" and number >= torch.cuda.device_count():
        raise UserError(f"--device {name}: no CUDA device with this number here; use cpu or auto")
    return name


def check_search(network: Seq2Seq | Ensemble, tokenizer: Tokenizer, options: SearchOptions) -> None:
    """Raises UserError if the options of a search do not suit the network or the tokenizer."""
    network.check_shortlist(options.shortlist)
    search_facts(tokenizer, options)


def search_facts(tokenizer: Tokenizer, options: SearchOptions) -> Facts | None:
    """The words that need the support of the document. Raises UserError if the tokenizer cannot tell them."""
    return None if options.supported == "nothing" else tokenizer.facts(options.supported, "search.supported")


def generate(
    network: Seq2Seq | Ensemble,
    batch: Batch,
    options: SearchOptions,
    facts: Facts | None = None,
    record: Recorder | None = None,
) -> Hypotheses:
    """Searches for the summaries of a batch; tokens are extended ids. `<unk>` is forbidden unless `options.allow_unk`.

    If memory is short, the batch is searched in two halves, with a warning and the same result. Raises UserError if
    memory does not suffice for one document.

    Args:
        facts: the words for `options.supported`; see `search_facts`.
        record: receives each step of the search, with extended ids; only for a batch of one document.
    """
    if (facts is None) != (options.supported == "nothing"):
        raise ValueError(f"facts are necessary with options.supported: {options.supported!r}, and only there")
    try:
        return _generate(network, batch, options, facts, record)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Not inside `except`: there the error would keep the tensors of the failed attempt alive.
    documents, tokens = batch.document.shape
    if documents == 1:
        raise UserError(
            f"out of memory with one document of {tokens} tokens and {options.beam_size} beams: give a smaller beam, "
            "a smaller max_length, or another device"
        )
    logging.getLogger(__name__).warning(
        "out of memory with %d documents of up to %d tokens: going on with halves of that batch", documents, tokens
    )
    if batch.document.device.type == "cuda":
        torch.cuda.empty_cache()
    half = documents // 2
    parts = [generate(network, batch.part(rows), options, facts) for rows in (slice(half), slice(half, documents))]
    return Hypotheses.join(parts, network.vocabulary.pad)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the memory of the GPU or of the computer was exhausted."""
    signs = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(sign in str(error) for sign in signs)


@torch.inference_mode()
def _generate(
    network: Seq2Seq | Ensemble, batch: Batch, options: SearchOptions, facts: Facts | None, record: Recorder | None
) -> Hypotheses:
    v = network.vocabulary
    memory: Any = network.encode(batch.document, batch.mask, batch.extension)
    state: Any = network.start(memory, options.shortlist)
    extended_ids = state.vocabulary.extended_ids
    found = search(
        network.step_in_pieces,
        state,
        len(batch),
        options,
        bos_id=v.bos,
        eos_id=v.eos,
        pad_id=v.pad,
        forbidden=() if options.allow_unk else (v.unk,),
        absent=_absent(facts, batch.document, options.shortlist or v.size, v.pad) if facts else None,
        device=batch.document.device,
        record=record and (lambda step: record(step._replace(tokens=extended_ids(step.tokens)))),
    )
    return replace(found, tokens=extended_ids(found.tokens.flatten(1)).view_as(found.tokens))


def _absent(facts: Facts, document: torch.Tensor, known: int, pad: int) -> torch.Tensor:
    """[B, c] the facts among the first `known` words that each document lacks. Later words are copies in a search."""
    ids, forms = (torch.from_numpy(array).to(document.device) for array in (facts.ids, facts.forms))
    return absent_ids(ids[ids < known], forms, document, pad)


def headlines(tokenizer: Tokenizer, hypotheses: Hypotheses, oov: Sequence[Sequence[str]]) -> list[list[Headline]]:
    """The n_best headlines of each example of a batch. `oov`: the unknown words of its document, for copied words."""
    columns = (getattr(hypotheses, name).tolist() for name in ("tokens", "lengths", "scores", "log_probs"))
    results = []
    for unknown_words, *example in zip(oov, *columns, strict=True):
        found: list[Headline] = []
        for ids, length, score, log_prob in zip(*example, strict=True):
            if score > float("-inf") or not found:
                found.append(Headline(tokenizer.decode(ids[:length], unknown_words), score, log_prob))
        results.append(found)
    return results

"""From a checkpoint to headlines: what `seq2seq decode`, notebooks and tests use. Needs neither Lightning nor datasets.

summarizer = Summarizer.from_checkpoint("runs/quickstart/best.ckpt")
headlines = summarizer.summarize(["A fire broke out ..."], beam_size=5)
"""

from __future__ import annotations

import logging
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.data.tokenizer import EncodedDocument, Tokenizer
from seq2seq.decoding import Hypotheses, SearchOptions, search
from seq2seq.errors import UserError
from seq2seq.ops.compiled import can_multiply_bfloat16
from seq2seq.model.network import NetworkOptions, Seq2Seq, build_network

FORMAT = 1  # raised whenever an older checkpoint can no longer be read
PRECISIONS = ("float32", "bfloat16")
READ_AHEAD = 4 << 20  # characters of documents held while decoding a stream


class Headline(NamedTuple):
    """One hypothesis for one document. (A tuple, because Lightning can't move frozen dataclasses between devices.)

    Args:
        text: the headline.
        score: its log-probability (end symbol included) divided by length ** length_penalty.
        log_prob: its log-probability.
    """

    text: str
    score: float
    log_prob: float


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """What a checkpoint of ours holds beside the weights: format, tokenizer, vocabulary, network, search, limits; with
    `state_dict`. Raises UserError where the file is missing, broken or somebody else's; no pickled code is ever run."""
    file = Path(path)
    if not file.is_file():
        raise UserError(f"{path}: no such checkpoint; train one with `seq2seq fit`, or name a .ckpt file")
    if not zipfile.is_zipfile(file):
        raise UserError(
            f"{path}: not a checkpoint, or a truncated one; use another, for example last.ckpt of the same run"
        )
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch raises half a dozen kinds here, all of which mean the same to the user
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        if "Weights only load failed" in reason:
            reason = "it holds pickled objects, which might run code"
        raise UserError(f"{path}: can't be read as a checkpoint of plain weights ({reason}); use another") from error
    ours = checkpoint.get("seq2seq") if isinstance(checkpoint, dict) else None
    if not isinstance(ours, dict):
        raise UserError(f"{path}: a checkpoint, but not of seq2seq; give one that `seq2seq fit` wrote")
    if ours.get("format") != FORMAT:
        raise UserError(
            f"{path}: checkpoint format {ours.get('format')}, but this version reads {FORMAT}; train it anew"
        )
    known = {**ours, "state_dict": checkpoint.get("state_dict")}
    try:
        _check(known)
    except Exception as error:  # whatever a missing or strange value leads to
        raise UserError(
            f"{path}: damaged, or of another version of seq2seq ({type(error).__name__}: {error}); use another"
        ) from error
    return known


def _check(known: dict[str, Any]) -> None:
    """Raise anything at all if a part of a checkpoint is missing or can't be used: nobody later expects that."""
    Tokenizer.from_dict(known["tokenizer"])
    SearchOptions(**known["search"])
    int(known["max_document_tokens"])
    NetworkOptions(**known["network"])
    Vocabulary(**known["vocabulary"])
    _weights(known)


def _weights(known: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The network's part of a checkpoint's weights."""
    return {k.removeprefix("network."): v for k, v in known["state_dict"].items() if k.startswith("network.")}


class Summarizer:
    """A trained network with its tokenizer; text in, headlines out.

    Args:
        max_document_tokens: documents are cut to so many tokens; `cut` counts those that were.
        batch_tokens: padded document tokens that are decoded at once.
        low: multiply bfloat16 numbers; all else stays in float32.
    """

    def __init__(
        self,
        network: Seq2Seq,
        tokenizer: Tokenizer,
        options: SearchOptions,
        max_document_tokens: int,
        device: str | torch.device = "cpu",
        batch_tokens: int = 80000,
        low: bool = False,
    ) -> None:
        self.network = network.to(device).eval()
        self.tokenizer, self.options = tokenizer, options
        self.max_document_tokens, self.batch_tokens = max_document_tokens, batch_tokens
        self.device, self.low = torch.device(device), low
        self.cut = self.empty = 0

    @classmethod
    def from_checkpoint(cls, path: str | Path, device: str = "auto", precision: str = "float32") -> Summarizer:
        """Load what `seq2seq fit` wrote.

        Args:
            device: auto (a GPU if there is one), cpu, cuda or cuda:N.
            precision: float32, or bfloat16: on a CPU that can (AVX512-BF16), for products alone, else for the whole
                network (the search itself stays in float32): faster where the hardware multiplies it, much slower
                elsewhere.
        """
        device = choose_device(device)
        if precision not in PRECISIONS:
            raise UserError(f"precision {precision!r}: give one of {', '.join(PRECISIONS)}")
        checkpoint = read_checkpoint(path)
        network = build_network(NetworkOptions(**checkpoint["network"]), Vocabulary(**checkpoint["vocabulary"]))
        try:
            network.load_state_dict(_weights(checkpoint))
        except RuntimeError as error:
            raise UserError(f"{path}: the weights don't fit the network it describes; the file is damaged") from error
        low = precision == "bfloat16" and device == "cpu" and can_multiply_bfloat16()
        if precision == "bfloat16" and not low:
            network.to(torch.bfloat16)
        tokenizer, options = Tokenizer.from_dict(checkpoint["tokenizer"]), SearchOptions(**checkpoint["search"])
        return cls(network, tokenizer, options, checkpoint["max_document_tokens"], device, low=low)

    def summarize(self, documents: Sequence[str], **options: Any) -> list[str]:
        """The best headline of each document, in order. `options`: fields of SearchOptions, e.g. beam_size=5."""
        return [best[0].text for best in self.stream(documents, **options)]

    def stream(
        self, documents: Iterable[str], chunk: int = 1024, batch_size: int | None = None, **options: Any
    ) -> Iterator[list[Headline]]:
        """For each document, in order, its n_best headlines, best first; memory does not grow with the input. An error
        of `documents` itself is raised after the headlines of the documents before it.

        Args:
            chunk: documents read ahead and sorted by length, so that batches need little padding; fewer where they are
                long (`READ_AHEAD` characters in all).
            batch_size: at most so many documents at once (None = by `batch_tokens` alone).
        """
        chosen = replace(self.options, **options)
        iterator = iter(documents)
        failure: Exception | None = None
        while failure is None:
            texts: list[str] = []
            try:
                texts.extend(_read_ahead(iterator, chunk))
            except Exception as error:  # what came before it has its headlines first
                failure = error
            if not texts and failure is None:
                return
            yield from self._chunk(texts, chosen, batch_size)
        raise failure

    def _chunk(self, texts: list[str], options: SearchOptions, batch_size: int | None) -> list[list[Headline]]:
        encoded = self.tokenizer.encode_documents(texts, self.max_document_tokens)
        self.cut += sum(e.length > len(e.ids) for e in encoded)
        results: list[list[Headline]] = [[Headline("", 0.0, 0.0)]] * len(texts)
        order = sorted((i for i, e in enumerate(encoded) if e.ids), key=lambda i: len(encoded[i].ids), reverse=True)
        self.empty += len(texts) - len(order)
        while order:
            size = max(1, self.batch_tokens // len(encoded[order[0]].ids))
            batch, order = order[: min(size, batch_size or size)], order[min(size, batch_size or size) :]
            for i, headlines in zip(batch, self._decode([encoded[i] for i in batch], options), strict=True):
                results[i] = headlines
        return results

    def _decode(self, documents: list[EncodedDocument], options: SearchOptions) -> list[list[Headline]]:
        batch = make_batch([d.ids for d in documents], None, [d.oov for d in documents], self.network.vocabulary).to(
            self.device
        )
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.low):
            hypotheses = generate(self.network, batch, options)
        return headlines(self.tokenizer, hypotheses, [d.oov for d in documents])


def _read_ahead(documents: Iterator[str], count: int) -> Iterator[str]:
    """The next `count` documents, or fewer if they are long; at least one if there is one."""
    characters = 0
    for document in islice(documents, count):
        yield document
        characters += len(document)
        if characters > READ_AHEAD:
            return


def choose_device(name: str) -> str:
    """auto, cpu, cuda or cuda:N -> cpu or cuda[:N]; raises UserError for a device that is not here."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise UserError(f"--device {name}: no such device; use auto, cpu, cuda or cuda:N")
    number = int(name.partition(":")[2] or 0)
    if name != "cpu" and number >= torch.cuda.device_count():
        raise UserError(f"--device {name}: no CUDA device with this number here; use cpu or auto")
    return name


def generate(network: Seq2Seq, batch: Batch, options: SearchOptions) -> Hypotheses:
    """Search for the summaries of a batch; `<unk>` is forbidden unless `options.allow_unk`.

    A batch for which there is not enough memory is searched in two halves, which is reported and changes no result.
    Raises UserError if there is not enough for one document.
    """
    try:
        return _generate(network, batch, options)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Outside of `except`, where the error no longer holds the tensors of the failed attempt.
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
    parts = [generate(network, batch.part(rows), options) for rows in (slice(half), slice(half, documents))]
    return Hypotheses.join(parts, network.vocabulary.pad)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory, the GPU's or the computer's, did not suffice."""
    signs = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(sign in str(error) for sign in signs)


def _generate(network: Seq2Seq, batch: Batch, options: SearchOptions) -> Hypotheses:
    v = network.vocabulary
    with torch.inference_mode():
        memory = network.encode(batch.document, batch.mask, batch.extension)
        state = network.start(memory, options.shortlist)
        forbidden = () if options.allow_unk else (v.unk,)
        specials = {"bos_id": v.bos, "eos_id": v.eos, "pad_id": v.pad}
        step, device = network.step_in_pieces, batch.document.device
        found = search(step, state, len(batch), options, **specials, forbidden=forbidden, device=device)
        return replace(found, tokens=state.lexicon.extended(found.tokens.flatten(1)).view_as(found.tokens))


def headlines(tokenizer: Tokenizer, hypotheses: Hypotheses, oov: Sequence[Sequence[str]]) -> list[list[Headline]]:
    """Of each example of a batch the n_best headlines, pointer words resolved (`oov`: its unknown words)."""
    every = (getattr(hypotheses, name).tolist() for name in ("tokens", "lengths", "scores", "log_probs"))
    results = []
    for words, *of_one in zip(oov, *every, strict=True):
        found: list[Headline] = []
        for ids, length, score, log_prob in zip(*of_one, strict=True):
            if score > float("-inf") or not found:
                found.append(Headline(tokenizer.decode(ids[:length], words), score, log_prob))
        results.append(found)
    return results

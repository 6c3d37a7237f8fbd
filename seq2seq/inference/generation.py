"""From a batch to headlines: the search with a network, and the text of its hypotheses."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from ..batch import Batch
from ..data.tokenizer import Facts, Tokenizer
from ..decoding import Hypotheses, Recorder, SearchOptions, absent_ids, search
from ..errors import UserError
from ..model.ensemble import Ensemble
from ..model.network import Seq2Seq


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


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the memory of the GPU or of the computer was exhausted."""
    signs = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(sign in str(error) for sign in signs)


def check_search(network: Seq2Seq | Ensemble, tokenizer: Tokenizer, options: SearchOptions) -> None:
    """Raises UserError if the options of a search do not suit the network or the tokenizer."""
    network.check_shortlist(options.shortlist)
    search_facts(tokenizer, options)


def search_facts(tokenizer: Tokenizer, options: SearchOptions) -> Facts | None:
    """The words that need the support of the document. Raises UserError if the tokenizer cannot tell them."""
    return None if options.supported == "nothing" else tokenizer.facts(options.supported, "search.supported")


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

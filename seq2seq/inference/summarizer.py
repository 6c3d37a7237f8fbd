"""`Summarizer`: a trained network with its tokenizer."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, fields, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import torch

from ..batch import make_batch
from ..checkpoint import settings_of, weights_alone, write_checkpoint
from ..data.tokenizer import EncodedDocument, Tokenizer
from ..decoding import SearchOptions, SearchStep
from ..errors import UserError, did_you_mean
from ..explanation import Explanation, Trace, beam_nodes, explanation, headline_weights
from ..files import user_path
from ..model.ensemble import Ensemble
from ..model.network import Seq2Seq
from ..ops import Layouts, ready_for_few_rows
from ..ops.cpu import bfloat16_is_faster
from .documents import checked_documents, in_chunks, length_batches
from .generation import Headline, generate, headlines, search_facts
from .loading import checkpoint_file, choose_device, load_networks
from .reranking import Reranker

if TYPE_CHECKING:
    from ..data.pairs import Pairs
    from ..scoring import Scores

MANY = 16
"""The number of documents in a call from which compiled loops are worth their loading, for any size of the batches."""
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Summarizer:
    """A trained network with its tokenizer: text in, headlines out.

    Args:
        network: one network, or an ensemble.
        options: default options of the search.
        max_document_tokens: longer documents are cut.
        batch_tokens: greatest number of document tokens in a batch, padding included.
        settings: the section `seq2seq` of its checkpoint, which `save` writes again.
        reranker: a second model that chooses among the hypotheses of a beam search.

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
        reranker: Reranker | None = None,
    ) -> None:
        self.network = network.to(device).eval()
        self.tokenizer, self.options = tokenizer, options
        self.max_document_tokens, self.batch_tokens = max_document_tokens, batch_tokens
        self.device = torch.device(device)
        self.settings, self.reranker = settings, reranker
        self.cut = self.empty = 0
        self._warm = False
        self._layouts: Layouts = {}

    @classmethod
    def from_checkpoint(
        cls,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        device: str | torch.device | int | None = "auto",
        precision: str | torch.dtype = "float32",
        rerank: str | os.PathLike[str] | None = None,
        rerank_weight: float = 1.0,
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
            rerank: the checkpoint of a second model that chooses among the hypotheses of a beam; see `Reranker`.
            rerank_weight: factor of its scores.

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
        settings = settings_of(contents) if len(paths) == 1 else None
        reranker = None if rerank is None else Reranker.from_checkpoint(rerank, torch.device(device), rerank_weight)
        limit = contents["max_document_tokens"]
        return cls(network, tokenizer, options, limit, device, settings=settings, reranker=reranker)

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
        write_checkpoint(weights_alone(section, self.network.state_dict()), user_path(path))

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
        from ..data.pairs import read_pairs  # here, because `decode` does without ROUGE and data frames
        from ..scoring import Scores, compare

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
        if self.reranker:
            self.reranker.check(chosen)
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
        wanted = options.n_best
        if self.reranker:
            options = replace(options, n_best=options.beam_size)
        with self._ready_for(len(texts)):
            for batch in length_batches([len(e.ids) for e in encoded], self.batch_tokens, batch_size):
                for i, found in zip(batch, self._decode_batch([encoded[i] for i in batch], options), strict=True):
                    results[i] = found
        if self.reranker:
            results = [best[:wanted] for best in self.reranker.rerank(texts, results, options.length_penalty)]
        return results

    def _ready_for(self, documents: int) -> AbstractContextManager[None]:
        return ready_for_few_rows(self._layouts) if self._warm or documents >= MANY else nullcontext()

    def _decode_batch(self, documents: list[EncodedDocument], options: SearchOptions) -> list[list[Headline]]:
        oov = [d.oov for d in documents]
        batch = make_batch([d.ids for d in documents], None, oov, self.network.vocabulary).to(self.device)
        found = generate(self.network, batch, options, search_facts(self.tokenizer, options))
        return headlines(self.tokenizer, found, oov)


def _check_names(options: Mapping[str, Any]) -> None:
    """Raises UserError for a name that is no option of the search."""
    known = [option.name for option in fields(SearchOptions)]
    for name in options:
        if name not in known:
            hint = did_you_mean(name, known) or f"known are {', '.join(known)}"
            raise UserError(f"unknown option {name!r} of the search; {hint}")

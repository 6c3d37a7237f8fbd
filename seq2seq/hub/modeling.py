"""The network as a model of transformers, so that `generate()` runs it with the pointer.

Ids are extended (see `batch.py`): the logits of a batch whose documents have up to X unknown words are V + X wide.
`generate()` repeats the decoder's rows for beams and samples; the documents are never repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import ModelOutput, Seq2SeqLMOutput

from ..model.memory import Memory
from ..model.network import SearchState, build_network
from ..model.output import PointerOutput
from .configuration import HeadlineConfig
from .processing import IGNORED, HeadlineProcessor

TIED = "network.output.weight"
"""The output matrix. With tied embeddings it is the embedding matrix, and no file holds it twice."""


@dataclass
class DocumentStates(ModelOutput):
    """The encoder's result for B documents; see `Memory`.

    Args:
        last_hidden_state: [B, S, C]; attention_keys: [B, S, A]; mask: [B, S]; final: [B, C]; copy_ids: [B, S].
    """

    last_hidden_state: Tensor | None = None
    attention_keys: Tensor | None = None
    mask: Tensor | None = None
    final: Tensor | None = None
    copy_ids: Tensor | None = None


class DecoderCache:
    """The state of the decoder between two steps, in place of a cache of keys and values."""

    is_compileable = False

    def __init__(self, state: SearchState, steps: int) -> None:
        self.state, self.steps = state, steps

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Row r becomes a copy of row `beam_idx[r]`, a beam of the same document."""
        self.state = self.state.select(beam_idx)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Tokens that the decoder has read."""
        return self.steps


class DocumentEncoder:
    """The encoder of a model, as `generate()` calls it."""

    def __init__(self, model: HeadlineModel) -> None:
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **unused: Any) -> DocumentStates:
        """input_ids [B, S] extended ids, attention_mask [B, S] -> DocumentStates. Further options have no effect."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        memory = self.model.network.encode(input_ids, mask.bool())
        return DocumentStates(memory.states, memory.keys, memory.mask, memory.final, memory.copy_ids)

    __call__ = forward


class HeadlineModel(PreTrainedModel, GenerationMixin):
    """A recurrent encoder-decoder with attention and pointer that writes headlines."""

    config_class = HeadlineConfig
    main_input_name = "input_ids"
    config: HeadlineConfig

    def __init__(self, config: HeadlineConfig) -> None:
        super().__init__(config)
        self.network = build_network(config.network_options(), config.vocabulary())
        self.tied = config.network_options().tie_embeddings
        self.post_init()
        if self.tied:
            self._keys_to_ignore_on_save = self._keys_to_ignore_on_load_missing = {TIED}

    def _init_weights(self, module: Any) -> None:
        """Nothing: the parts of the network initialise themselves."""

    def tie_weights(self, *arguments: Any, **options: Any) -> None:
        """Makes the output matrix and the embedding matrix the same parameter, after new weights are loaded."""
        if self.tied:
            self.network.output.weight = self.network.embedding.weight  # type: ignore[assignment]

    @classmethod
    def _supports_default_dynamic_cache(cls) -> bool:
        """False: the state is no cache of keys and values."""
        return False

    def get_encoder(self, modality: str | None = None) -> DocumentEncoder:  # type: ignore[override]
        return DocumentEncoder(self)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        labels: Tensor | None = None,
        encoder_outputs: DocumentStates | None = None,
        past_key_values: DecoderCache | None = None,
        use_cache: bool | None = None,
        num_items_in_batch: Tensor | int | None = None,
        **unused: Any,
    ) -> Seq2SeqLMOutput:
        """One or more steps of the decoder.

        Args:
            input_ids: [B, S] extended ids of the documents; attention_mask: [B, S].
            decoder_input_ids: [N, T] previous words, N = B * K.
            labels: [B, T] words to predict, with -100 at padding; they replace `decoder_input_ids`.
            encoder_outputs: the encoder's result, in place of `input_ids`.
            past_key_values: the state after the step before; None = the start.
            use_cache: False = the result has no state.
            num_items_in_batch: divisor of the summed loss; None = the number of labels.
            unused: further options of transformers, such as `return_dict`; they have no effect.

        Returns:
            logits [N, T, V + X], which are log-probabilities without gradient, and with `labels` the loss.
        """
        network, vocabulary = self.network, self.network.vocabulary
        if encoder_outputs is None:
            assert input_ids is not None
            encoder_outputs = self.get_encoder()(input_ids, attention_mask)
        if labels is not None:
            before = torch.cat([labels.new_full((len(labels), 1), vocabulary.bos), labels[:, :-1]], dim=1)
            decoder_input_ids = before.masked_fill(before == IGNORED, vocabulary.pad)
        assert decoder_input_ids is not None
        state = (
            self._start(encoder_outputs, len(decoder_input_ids)) if past_key_values is None else past_key_values.state
        )
        features, attention, decoder = network.decode(decoder_input_ids, state.memory, state.decoder)
        result = Seq2SeqLMOutput(logits=self._log_probs(features, attention, state))
        if labels is not None:
            result.loss = self._loss(features, attention, state.memory, labels, num_items_in_batch)
        if use_cache is not False:
            steps = decoder_input_ids.shape[1] + (past_key_values.steps if past_key_values else 0)
            result.past_key_values = DecoderCache(state._replace(decoder=decoder), steps)  # type: ignore[assignment]
        return result

    def _start(self, states: DocumentStates, rows: int) -> SearchState:
        """The state before the first word, for `rows` = B * K rows."""
        ids = states.copy_ids
        assert ids is not None
        extension = max(0, int(ids.max()) + 1 - self.network.vocabulary.size)
        memory = Memory(states.last_hidden_state, states.attention_keys, states.mask, states.final, ids, extension)  # type: ignore[arg-type]
        documents = torch.arange(len(ids), device=ids.device)
        return self.network.start(memory).select(documents.repeat_interleave(rows // len(ids)))

    def _log_probs(self, features: Tensor, attention: Tensor, state: SearchState) -> Tensor:
        """features [N, T, F], attention [N, T, S] -> log-probabilities [N, T, V + X]."""
        output = self.network.output
        inputs = output.inputs(features.flatten(0, 1).detach(), attention.flatten(0, 1).detach(), state.vocabulary)
        numbers, constants = output.log_probs(inputs, state.vocabulary)
        copies = state.memory.extension if isinstance(output, PointerOutput) else 0
        log_probs = numbers[:, : state.vocabulary.common + copies] + constants.unsqueeze(1)
        return log_probs.unflatten(0, features.shape[:2])

    def _loss(
        self, features: Tensor, attention: Tensor, memory: Memory, labels: Tensor, items: Tensor | int | None
    ) -> Tensor:
        """The cross-entropy of the labels [B, T]; label smoothing only in training."""
        positions = (labels != IGNORED).flatten().nonzero().flatten()
        steps = self.network.steps_at(positions, labels, features, attention, memory)
        total, _ = self.network.output.loss(steps, self.network.label_smoothing if self.training else 0.0)
        return total / (len(positions) if items is None else items)

    # For `generate()`

    def prepare_inputs_for_generation(  # type: ignore[override]
        self,
        decoder_input_ids: Tensor,
        past_key_values: DecoderCache | None = None,
        encoder_outputs: DocumentStates | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """With a state only the last word is new; without one the decoder reads all words."""
        return {
            "decoder_input_ids": decoder_input_ids if past_key_values is None else decoder_input_ids[:, -1:],
            "past_key_values": past_key_values,
            "encoder_outputs": encoder_outputs,
            "use_cache": use_cache,
        }

    def _expand_inputs_for_generation(  # type: ignore[override]
        self,
        expand_size: int = 1,
        is_encoder_decoder: bool = True,
        input_ids: Tensor | None = None,
        **model_kwargs: Any,
    ) -> tuple[Tensor, dict[str, Any]]:
        """Repeats the decoder's rows alone. All beams of a document share its memory."""
        assert input_ids is not None
        return input_ids.repeat_interleave(expand_size, dim=0), model_kwargs

    def summarize(
        self,
        documents: Sequence[str],
        processor: HeadlineProcessor | None = None,
        batch_size: int = 32,
        **options: Any,
    ) -> list[str]:
        """The best headline of each document, in order; "" for a document without a word.

        Args:
            processor: None = that of the folder from which the model was loaded.
            batch_size: documents in a batch.
            options: options of `generate()`, such as num_beams=5 or do_sample=True.
        """
        if isinstance(documents, str):
            raise TypeError("one text, not a list of texts; give [text]")
        if processor is None:
            processor = HeadlineProcessor.from_pretrained(self.config._name_or_path)
        texts = list(documents)
        headlines = [""] * len(texts)
        lengths = [len(text) for text in texts]
        order = sorted(range(len(texts)), key=lengths.__getitem__, reverse=True)
        for start in range(0, len(order), batch_size):
            places = order[start : start + batch_size]
            inputs = processor([texts[place] for place in places])
            given = {**inputs.to(self.device), **options, "num_return_sequences": 1}
            generated = self.generate(**given)  # type: ignore[misc]
            written = processor.batch_decode(generated, inputs.unknown_words)
            for place, length, headline in zip(places, inputs.lengths, written, strict=True):
                headlines[place] = headline if length else ""
        return headlines

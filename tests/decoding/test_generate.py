"""Search against `generate()` of transformers.

`generate()` runs without a cache: each step reads the whole prefix again. So it shares neither the search nor the
states with ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from toy_models import BOS, EOS, IDS, PAD, UNK, GRUState, TinyGRU, words

from seq2seq.batch import Vocabulary, make_batch
from seq2seq.decoding import Hypotheses, SearchOptions, search
from seq2seq.model.network import NetworkOptions, build_network

Prefixes = Callable[[Tensor, Tensor], Tensor]
"""prefixes [N, t], examples [N] -> logits [N, t, V]."""


def generate(logits: Prefixes, batch_size: int, options: SearchOptions) -> tuple[list[list[list[int]]], Tensor]:
    """For each example n_best token lists, and their scores [B, n_best]."""
    from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
    from transformers.modeling_outputs import CausalLMOutput

    vocabulary_size = logits(torch.full((1, 1), BOS), torch.zeros(1, dtype=torch.long)).size(-1)

    class Adapter(PreTrainedModel, GenerationMixin):
        config_class = PretrainedConfig
        main_input_name = "input_ids"

        def __init__(self) -> None:
            super().__init__(PretrainedConfig(vocab_size=vocabulary_size))
            self.unused = nn.Parameter(torch.zeros(1))
            self.post_init()

        def prepare_inputs_for_generation(self, input_ids: Any, examples: Any = None, **_: Any) -> Any:  # type: ignore[override]
            return {"input_ids": input_ids, "examples": examples}

        def forward(self, input_ids: Tensor, examples: Tensor, return_dict: bool = True) -> CausalLMOutput:
            return CausalLMOutput(logits=logits(input_ids, examples))

    adapter: Any = Adapter()
    output = adapter.generate(
        input_ids=torch.full((batch_size, 1), BOS),
        examples=torch.arange(batch_size),
        do_sample=False,
        use_cache=False,
        num_beams=options.beam_size,
        num_return_sequences=options.n_best,
        length_penalty=options.length_penalty,
        min_new_tokens=options.min_length,
        max_new_tokens=options.max_length,
        no_repeat_ngram_size=options.no_repeat_ngram_size,
        suppress_tokens=[PAD, BOS, UNK],
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
        return_dict_in_generate=True,
        output_scores=True,
    )
    sequences = [[t for t in row[1:] if t not in (PAD, EOS)] for row in output.sequences.tolist()]
    n = options.n_best
    scores = output.sequences_scores.view(batch_size, n) if options.beam_size > 1 else torch.empty(0)
    return [sequences[i * n : (i + 1) * n] for i in range(batch_size)], scores


ORACLE_SETTINGS = [
    SearchOptions(beams, n_best, penalty, min_length, 11, ngrams)
    for (beams, n_best), penalty, (min_length, ngrams) in itertools.product(
        [(1, 1), (2, 1), (3, 3), (4, 2), (5, 5)], [-0.5, 0.0, 0.6, 1.0, 2.0], [(0, 0), (3, 2), (1, 1)]
    )
]


def compare_with_generate(found: Hypotheses, logits: Prefixes, options: SearchOptions) -> list[int]:
    """Asserts equal words and scores; returns the lengths that occurred."""
    examples = len(found.tokens)
    with torch.no_grad():
        expected, scores = generate(logits, examples, options)
    assert [words(found, example) for example in range(examples)] == expected
    if options.beam_size > 1:
        torch.testing.assert_close(found.scores.float(), scores, rtol=1e-4, atol=1e-4)
    return found.lengths.flatten().tolist()


def test_equals_generate() -> None:
    lengths: list[int] = []
    for seed, options in enumerate(ORACLE_SETTINGS):
        network = TinyGRU(seed)
        memory = network.start(8, seed).memory

        def logits(prefixes: Tensor, examples: Tensor, network: TinyGRU = network, memory: Tensor = memory) -> Tensor:
            state = GRUState(memory[examples], memory[examples], [])
            outputs = []
            for tokens in prefixes.unbind(1):
                log_probs, state = network.step(tokens, state)
                outputs.append(log_probs)
            return torch.stack(outputs, dim=1)

        found = search(network.step, network.start(8, seed), 8, options, forbidden=[UNK], **IDS)
        lengths += compare_with_generate(found, logits, options)
    assert len(set(lengths)) == 12, "every length from 0 to max_length should have been met"


@pytest.mark.parametrize("settings", [{}, {"cell": "lstm", "input_feeding": True, "attention": "additive"}], ids=str)
def test_the_network_equals_generate(settings: dict[str, Any]) -> None:
    """The real network, its outputs sharpened; documents of different lengths, one of them empty."""
    lengths: list[int] = []
    size = 30
    for seed, options in enumerate(ORACLE_SETTINGS[1::2]):
        torch.manual_seed(seed)
        sizes: dict[str, Any] = {"embedding_size": 12, "encoder_size": 12, "decoder_size": 16, "attention_size": 8}
        network = build_network(
            NetworkOptions(**sizes, pointer=False, **settings), Vocabulary(size, PAD, BOS, EOS, UNK)
        ).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(2.0)
            network.output.bias.normal_(std=1.5)
            network.output.bias[EOS] = 3
        documents = [torch.randint(4, size, (n,)).tolist() for n in (0, 3, 12, 7, 1, 9)]
        batch = make_batch(documents, None, [[]] * 6, network.vocabulary)
        with torch.no_grad():
            memory = network.encode(batch.document, batch.mask)

        def logits(prefixes: Tensor, examples: Tensor, network: Any = network, memory: Any = memory) -> Tensor:
            rows = memory.keep(examples)
            features, _, _ = network.decode(prefixes, rows, network.decoder.initial_state(rows))
            hidden = network.output.project(features)
            return functional.linear(hidden, network.embedding.weight[:size], network.output.bias)

        found = search(network.step, network.start(memory), 6, options, forbidden=[UNK], **IDS)
        lengths += compare_with_generate(found, logits, options)
    assert len(set(lengths)) > 6

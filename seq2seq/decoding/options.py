"""The options of a search. Imports no torch, so that the command line can list them quickly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from seq2seq.errors import UserError
from seq2seq.options import When, check_limits, limited


@dataclass(frozen=True)
class SearchOptions:
    """Options of greedy and beam search. Lengths are in tokens, without the end symbol.

    `seq2seq decode` and `seq2seq show` have one option for each field; its help text is the text below.

    Args:
        beam_size: hypotheses kept at each step; 1 is greedy search.
        n_best: hypotheses returned for each document, best first; at most beam_size.
        length_penalty: exponent p of the score log-probability / length^p, where the length includes the end symbol;
            0 favours short summaries, large values favour long ones; greedy search uses it for the score alone.
        min_length: minimum length of a summary.
        max_length: maximum length of a summary; the search stops there.
        no_repeat_ngram_size: length of the n-grams that may occur only once in a summary; 0 allows all repetitions.
        allow_unk: allow the unknown-word symbol <unk> in summaries.
        shortlist: restrict the output to the first N entries of the vocabulary (which must include the special
            symbols) and the words of the document (Nallapati et al. 2016, section 2.2), which is faster and slightly
            less accurate; 0 uses the whole vocabulary.
        supported: words that a summary has only if its document has them (Matsumaru et al. 2020): nothing (none),
            numbers (words with a digit) or entities (numbers, and words with a capital letter that are not more
            frequent in lower case). It needs a tokenizer of kind word. Words such as "three" are no numbers.
        minimum_risk: of the beam_size hypotheses, prefer those with the highest expected ROUGE instead of the highest
            score (minimum Bayes risk, Kumar and Byrne 2004); a beam_size of 8 to 32 suits it.
        risk_temperature: temperature T of minimum_risk, which weighs each hypothesis by probability^(1/T); a larger one
            gives more equal weights.
    """

    beam_size: int = limited(1, minimum=1)
    n_best: int = limited(1, minimum=1)
    length_penalty: float = limited(
        1.0, above=-math.inf, below=math.inf, unused=[When("beam_size", lambda o: o.beam_size == 1)]
    )
    min_length: int = limited(0, minimum=0)
    max_length: int = limited(32, minimum=1)
    no_repeat_ngram_size: int = limited(
        0, minimum=0, unused=[When("max_length", lambda o: o.no_repeat_ngram_size >= o.max_length)]
    )
    allow_unk: bool = False
    shortlist: int = limited(0, minimum=0)
    supported: Literal["nothing", "numbers", "entities"] = "nothing"
    minimum_risk: bool = limited(False, unused=[When("beam_size", lambda o: o.beam_size == 1)])
    risk_temperature: float = limited(10.0, above=0, unused=[When("minimum_risk", lambda o: not o.minimum_risk)])

    def __post_init__(self) -> None:
        check_limits(self, "search")
        if self.n_best > self.beam_size:
            raise UserError(f"search.n_best: {self.n_best} is more than beam_size ({self.beam_size})")
        if self.min_length > self.max_length:
            raise UserError(f"search.min_length: {self.min_length} is more than max_length ({self.max_length})")

    def with_sizes_that_suit(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """`given` with a beam_size and an n_best that suit it. They replace those of these options.

        A given n_best raises the beam_size, and a given beam_size lowers the n_best, as far as needed.
        """
        beam_size = given.get("beam_size", max(self.beam_size, given.get("n_best", 1)))
        return {"n_best": max(1, min(self.n_best, beam_size)), **given, "beam_size": beam_size}

"""The limits of requests. They bound the memory and the time of one request, and of all waiting ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from ..options import check_limits, limited

NUMBERS = {"length_penalty": (-10.0, 10.0), "risk_temperature": (0.01, 1000.0)}
"""The smallest and the largest value of search options without a limit of their own. Outside, scores overflow."""


@dataclass(frozen=True)
class Limits:
    """The largest values that a server accepts. `seq2seq serve` has one option for each field.

    Args:
        documents: documents of one request.
        characters: characters of one document.
        words: words of one document, separated by spaces.
        largest_beam: the beam_size of a request.
        longest_headline: the max_length of a request, in tokens.
        waiting: documents that wait for the search; further requests get the status 503.
        batch_documents: documents that are searched together.
        body_bytes: bytes of the body of a request.
        body_seconds: seconds until the whole body must have arrived.
        seconds: seconds until the answer; later ones are replaced by the status 503.
        requests: requests at once, with those whose body has not arrived; further ones get the status 503.
    """

    documents: int = limited(32, minimum=1)
    characters: int = limited(20_000, minimum=1)
    words: int = limited(2_000, minimum=1)
    largest_beam: int = limited(10, minimum=1)
    longest_headline: int = limited(40, minimum=1)
    waiting: int = limited(256, minimum=1)
    batch_documents: int = limited(32, minimum=1)
    body_bytes: int = limited(2 << 20, minimum=1)
    body_seconds: float = limited(10.0, above=0)
    seconds: float = limited(60.0, above=0)
    requests: int = limited(400, minimum=1)

    def __post_init__(self) -> None:
        check_limits(self, "limits")
        if self.documents > self.waiting:
            raise UserError(f"limits.documents: {self.documents} is more than waiting ({self.waiting})")

    def check_documents(self, documents: Sequence[str]) -> None:
        """Raises UserError, without a part of the documents, for too many or too long ones."""
        if not documents:
            raise UserError("documents: the list is empty; give at least one document")
        if len(documents) > self.documents:
            raise UserError(
                f"documents: {len(documents):,} documents are too many; give at most {self.documents:,} in one request"
            )
        for position, document in enumerate(documents):
            for count, limit, unit in (
                (len(document), self.characters, "characters"),
                (len(document.split()), self.words, "words"),
            ):
                if count > limit:
                    raise UserError(
                        f"documents[{position}]: {count:,} {unit} are too many; give at most {limit:,} in one document"
                    )

    def check_options(self, given: Mapping[str, Any]) -> None:
        """Raises UserError for an option of the search outside of its limits."""
        ranges: dict[str, tuple[float, float]] = {
            **NUMBERS,
            "beam_size": (1, self.largest_beam),
            "max_length": (1, self.longest_headline),
        }
        for name, (lowest, highest) in ranges.items():
            if name in given and not lowest <= given[name] <= highest:
                raise UserError(f"{name}: {given[name]} is not allowed here; give a number from {lowest} to {highest}")

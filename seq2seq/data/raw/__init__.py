"""Raw distributions of corpora, converted once to JSON Lines by `seq2seq prepare`, before the flow starts.

A distribution is one module with a `Distribution`, registered here under the name of its subcommand.
"""

from .arxiv import ARXIV
from .congress import CONGRESS
from .denoise import DENOISE
from .distribution import Distribution, Report
from .gigaword import GIGAWORD
from .reuters21578 import REUTERS21578

DISTRIBUTIONS: dict[str, Distribution] = {
    "reuters21578": REUTERS21578,
    "gigaword": GIGAWORD,
    "arxiv": ARXIV,
    "congress": CONGRESS,
    "denoise": DENOISE,
}

__all__ = ["DISTRIBUTIONS", "Distribution", "Report"]

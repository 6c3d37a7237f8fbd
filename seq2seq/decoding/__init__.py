"""Greedy and beam search over a step function. Search needs a network's `step` and `State`, and no model class:

    hypotheses = search(network.step, network.start(memory), batch_size, SearchOptions(beam_size=5), bos_id=..., ...)

All examples of a batch advance together. Each step masks the forbidden tokens (`constraints.py`) and takes the best
extensions (`hypotheses.py`). Nothing loops over rows. The host waits for the device once per step, to learn how many
examples are unfinished.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .options import SearchOptions as SearchOptions

if TYPE_CHECKING:
    from .beam import beam_search as beam_search
    from .constraints import CONSTRAINTS as CONSTRAINTS
    from .dispatch import search as search
    from .greedy import greedy_search as greedy_search
    from .hypotheses import Hypotheses as Hypotheses
    from .supported import absent_ids as absent_ids
    from .trace import Recorder as Recorder
    from .trace import SearchStep as SearchStep

_MODULES = {
    "CONSTRAINTS": "constraints",
    "Hypotheses": "hypotheses",
    "Recorder": "trace",
    "SearchStep": "trace",
    "absent_ids": "supported",
    "beam_search": "beam",
    "greedy_search": "greedy",
    "search": "dispatch",
}


def __getattr__(name: str) -> Any:
    """Imports the modules that need torch at the first use: the command line reads SearchOptions without torch."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)

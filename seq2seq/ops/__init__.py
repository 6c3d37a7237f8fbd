"""The operations worth tuning, behind one interface: tensors in, tensors out.

Each operation has a plain version in torch (`reference.py` in its folder) and a fast one beside it. `dispatch.py`
decides which of them runs. Arguments are checked once, before either. All operations are differentiable unless marked.

    gru(x [N, T, I], h0 [N, H], weights) -> states [N, T, H]
    bigru(x [N, T, I] or Lookup, lengths [N], forward, backward) -> states [N, T, 2H]
    linear_recurrence(decay [N, T, H], added [N, T, H], h0 [N, H]) -> states [N, T, H]
    reverse_by_length(x [N, T, I], lengths [N]) -> [N, T, I]
    attend(query [B, T, C], states [R, S, C], mask [B, S], rows [B] or None) -> context [B, T, C], weights [B, T, S]
    dropout(x, p, training) -> x
    linear_cross_entropy(hidden [M, E], weight [V, E], bias [V], target [M], ...) -> loss, log-likelihoods [M]
    pack_linear(weight [V, E], bias [V]) -> PackedLinear                                      no gradient
    linear_logsumexp(hidden [N, E], packed, out [N, W]) -> log-norms [N]                      no gradient
    ready_for_few_rows(layouts)                  context manager: compiled loops also for few rows, with kept layouts
    reference_only()                                                     context manager: plain versions everywhere

Nothing here depends on a module of the network. numba, LLVM and settings of the CPU appear nowhere else.
"""

from .attention import attend
from .cross_entropy import linear_cross_entropy
from .dispatch import reference_only
from .dropout import dropout
from .gru import GRUWeights, Lookup, bigru, gru
from .layouts import Layouts, ready_for_few_rows
from .linear_logsumexp import PackedLinear, linear_logsumexp, logit_rows, pack_linear
from .linear_recurrence import linear_recurrence
from .reverse import reverse_by_length

__all__ = [
    "GRUWeights",
    "Layouts",
    "Lookup",
    "PackedLinear",
    "attend",
    "bigru",
    "dropout",
    "gru",
    "linear_cross_entropy",
    "linear_logsumexp",
    "linear_recurrence",
    "logit_rows",
    "pack_linear",
    "ready_for_few_rows",
    "reference_only",
    "reverse_by_length",
]

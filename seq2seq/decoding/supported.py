"""Words that the documents of a batch lack: the ids for the constraint `unsupported`."""

from __future__ import annotations

import torch
from torch import Tensor


def absent_ids(facts: Tensor, forms: Tensor, document: Tensor, pad_id: int) -> Tensor:
    """The facts that each document lacks, filled up with `pad_id`: [B, c].

    Args:
        facts: [c] ids that need a document with the same form.
        forms: [V] the form of each id, as the first id with this form.
        document: [B, S] extended ids. Ids of V or more stand for unknown words, which support themselves alone: as
            copies they have ids of their own.
    """
    size = len(forms)
    present = torch.zeros(len(document), size + 1, dtype=torch.bool, device=document.device)
    present.scatter_(1, torch.cat([forms, forms.new_tensor([size])])[document.clamp(max=size)], True)
    return facts.where(~present[:, forms[facts]], pad_id)

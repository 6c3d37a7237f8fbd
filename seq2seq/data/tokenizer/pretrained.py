"""Loading of a pretrained tokenizer of transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tokenizers

from ...errors import UserError, first_line
from ...files import user_path
from .options import SPECIALS
from .tokenizer import Tokenizer


def load_pretrained(path: str) -> Tokenizer:
    """Loads a fast tokenizer of transformers: a Hub name, a folder or a tokenizer.json.

    [CLS] and [SEP] serve as start and end if the tokenizer has no tokens for them. A role without a token, or with the
    token of another role, gets a new token. Raises UserError if `path` cannot be loaded.
    """
    if path.startswith("~"):
        path = str(user_path(path))
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    try:
        if path.endswith(".json"):
            if not Path(path).is_file():
                raise FileNotFoundError("no such file")
            loaded: Any = PreTrainedTokenizerFast(tokenizer_file=path)
        else:
            loaded = AutoTokenizer.from_pretrained(path)
    except Exception as error:  # transformers, its hub client and the Rust parser raise many types
        raise UserError(
            f"data.tokenizer.path: cannot load a tokenizer from {path}: {first_line(error)}:"
            " give a folder with tokenizer.json, or download the name once with a connection"
        ) from error
    backend = getattr(loaded, "backend_tokenizer", None)
    if backend is None:
        raise UserError(f"data.tokenizer.path: {path} has no tokenizer.json: only fast tokenizers can be used")
    backend = tokenizers.Tokenizer.from_str(backend.to_str())
    roles = {
        "eos": loaded.eos_token or loaded.sep_token,
        "bos": loaded.bos_token or loaded.cls_token,
        "unk": _unknown_token_of_model(backend) or loaded.unk_token,
        "pad": loaded.pad_token,
    }
    return Tokenizer(backend, "pretrained", _complete_roles(backend, roles))


def _unknown_token_of_model(backend: tokenizers.Tokenizer) -> str | None:
    model = json.loads(backend.to_str())["model"]
    if model.get("unk_id") is not None:
        return model["vocab"][model["unk_id"]][0]
    return model.get("unk_token")


def _complete_roles(backend: tokenizers.Tokenizer, roles: dict[str, str | None]) -> dict[str, str]:
    """Returns a different token for every role. Adds tokens to `backend` for roles without a token of their own."""
    complete: dict[str, str] = {}
    for role, token in roles.items():
        if token is None or token in complete.values():
            token = SPECIALS[role]
            while token in complete.values() or token in roles.values():
                token = f"<{token}>"
        backend.add_special_tokens([token])
        complete[role] = token
    return {role: complete[role] for role in SPECIALS}

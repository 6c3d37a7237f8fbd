"""The text of a config, as `--print_config` and the saved config of a run show it."""

from __future__ import annotations

import codecs
import locale
import sys
from typing import Any

import yaml


def dump_yaml(config: dict[str, Any]) -> str:
    """YAML of a config. Characters outside ASCII, such as in names of files, become escapes of YAML if the locale or
    the output has another encoding than UTF-8: a config that is read again must be complete."""
    encodings = locale.getpreferredencoding(False), getattr(sys.stdout, "encoding", None) or "utf-8"
    utf8 = all(codecs.lookup(encoding).name == "utf-8" for encoding in encodings)
    return yaml.safe_dump(config, default_flow_style=False, allow_unicode=utf8, sort_keys=False)

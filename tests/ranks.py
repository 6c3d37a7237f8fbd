"""One of several processes that train or test together: runs a list of commands in turn (a test starts it).

python tests/ranks.py COMMANDS.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from helpers import run

if __name__ == "__main__":
    for argv in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        if status := run(*argv):
            sys.exit(status)

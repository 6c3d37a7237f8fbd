"""Environments of their own for the toolkits we compare ourselves with.

    python benchmarks/peers/install.py                      # all three, into .peers/
    python benchmarks/peers/install.py joey opennmt         # only these
    python benchmarks/peers/install.py --torch-index URL    # where torch comes from, e.g. the builds without CUDA

Each environment is .peers/NAME/venv: a virtual environment with the torch of constraints.txt first, then what the peer
needs (benchmarks/peers/requirements/NAME.txt), then the peer itself with `--no-deps`, because two of the three ask for
another torch than ours. torch is pinned in every call of pip, and looked at afterwards: timings with different versions
of it could not be compared. A second run leaves complete environments alone and continues the others. Each
takes about a minute with a fast network, and a gigabyte of disk with a torch without CUDA (several with it).

Without a network: let pip find the files elsewhere (its own settings hold here too), for example
`PIP_NO_INDEX=1 PIP_FIND_LINKS=/folder/with/wheels python benchmarks/peers/install.py`, with the folder filled by
`pip download` on a machine that has one: torch, the requirements files, and the peers below.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / ".peers"
CONSTRAINTS = ROOT / "constraints.txt"
PEERS = {  # name: the package, and modules whose import shows that it works
    "joey": ("joeynmt==2.3.0", "joeynmt.training, joeynmt.prediction"),
    "opennmt": ("OpenNMT-py==3.5.1", "onmt.bin.train, onmt.bin.translate"),
    "yoyodyne": ("yoyodyne==0.5.0", "yoyodyne.cli.main"),
}


def torch_version() -> str:
    """The version that constraints.txt names."""
    lines = CONSTRAINTS.read_text().splitlines()
    return next(line.partition("==")[2].strip() for line in lines if line.startswith("torch=="))


def recipe(name: str) -> str:
    """A fingerprint of everything an environment is made from. An environment with another fingerprint is made anew."""
    parts = [PEERS[name][0], torch_version(), sys.version, (HERE / "requirements" / f"{name}.txt").read_text()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def run(python: Path, *words: str | Path) -> None:
    """Runs the Python of an environment; its output is the progress."""
    print("    $ python " + " ".join(str(word).replace(str(ROOT) + "/", "") for word in words), flush=True)
    if subprocess.run([python, *words], cwd=FOLDER).returncode:
        raise SystemExit(
            "stopped: see the lines above. Run the same command again to go on; if there is no network, read the last "
            "paragraph of `install.py --help`. The other environments are not touched."
        )


def install(name: str, torch_index: str | None) -> None:
    package, modules = PEERS[name]
    folder = FOLDER / name / "venv"
    stamp, python = folder / "whole.txt", folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == recipe(name):
        print(f"{name}: {package} is whole", flush=True)
        return
    if folder.exists() and not (folder / "made-from.txt").exists():
        shutil.rmtree(folder)
    if folder.exists() and (folder / "made-from.txt").read_text() != recipe(name):
        shutil.rmtree(folder)
    version = torch_version()
    pin = FOLDER / name / "torch.txt"  # one line, because our other pins are not the peers'
    steps = [
        ("virtual environment", None),
        (f"torch {version}", ["-c", pin, *(["--index-url", torch_index] if torch_index else []), "torch"]),
        ("what it needs", ["-c", pin, "-r", HERE / "requirements" / f"{name}.txt"]),
        (package, ["-c", pin, "--no-deps", package]),
    ]
    for number, (what, words) in enumerate(steps, 1):
        print(f"{name}: {number}/{len(steps) + 1} {what}", flush=True)
        if words is None:
            if not (folder / "made-from.txt").exists():
                folder.mkdir(parents=True)
                run(Path(sys.executable), "-m", "venv", folder)
                (folder / "made-from.txt").write_text(recipe(name))
            pin.write_text(f"torch=={version}\n")
            continue
        run(python, "-m", "pip", "install", "--disable-pip-version-check", *words)
    print(f"{name}: {len(steps) + 1}/{len(steps) + 1} does it import", flush=True)
    check = f"import torch, {modules}; assert torch.__version__.split('+')[0] == '{version}', torch.__version__"
    run(python, "-c", check)
    stamp.write_text(recipe(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PEERS)} (default: all)")
    parser.add_argument("--torch-index", metavar="URL", help="passed to pip as --index-url for torch alone")
    args = parser.parse_args()
    unknown = sorted(set(args.names) - set(PEERS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known are {', '.join(PEERS)}")
    FOLDER.mkdir(exist_ok=True)
    for name in args.names or PEERS:
        install(name, args.torch_index)


if __name__ == "__main__":
    main()

"""The shipped launch scripts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from helpers import run

ROOT = Path(__file__).parents[2]


def launched(script: str, folder: Path, arguments: list[str | Path], status: int, **settings: str) -> list[list[str]]:
    """Runs a launch script with stand-ins that record their arguments; all but scontrol end with `status`."""
    calls = folder / "calls"
    for name in ("srun", "torchrun", "scontrol"):
        command = folder / name
        note = f'for word in {name} "$@"; do printf "%s\\0" "$word"; done >> {calls}; echo >> {calls}'
        command.write_text(f"#!/bin/sh\n{note}\nexit {status if name != 'scontrol' else 0}\n")
        command.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", **settings}
    done = subprocess.run([ROOT / "configs" / "launch" / script, *arguments], env=environment, cwd=folder)
    assert done.returncode == status
    return [line.split("\0")[:-1] for line in calls.read_text().splitlines()]


@pytest.mark.parametrize("status", [0, 1, 143])
def test_slurm_script(status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ROOT / "configs" / "gigaword.yaml"
    slurm = {"SLURM_NNODES": "2", "SLURM_JOB_ID": "77", "SLURM_SUBMIT_DIR": str(tmp_path), "SLURM_CPUS_PER_TASK": "6"}
    calls = launched("slurm.sh", tmp_path, [config, "--seed_everything", "5"], status, **slurm)
    assert calls[1:] == ([["scontrol", "requeue", "77"]] if status == 143 else [])  # stopped, not finished
    command = calls[0][calls[0].index("seq2seq") + 1 :]
    assert command[:5] == ["fit", "--config", str(config), "--resume", "auto"]
    del command[3:5]
    assert run(*command, "--trainer.default_root_dir", tmp_path, "--print_config") == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["seed_everything"] == 5
    assert shown["trainer"]["num_nodes"] == 2
    assert shown["trainer"]["devices"] in (8, "8")
    plugins = shown["trainer"]["plugins"]
    (plugin,) = plugins if isinstance(plugins, list) else [plugins]
    assert plugin["class_path"].endswith("SLURMEnvironment")
    assert plugin["init_args"]["auto_requeue"] is False


def test_torchrun_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ROOT / "configs" / "gigaword.yaml"
    (call,) = launched("torchrun.sh", tmp_path, ["1", "first", config, "--seed_everything", "5"], 0, DEVICES="4")
    split = call.index("-m")
    expected = "torchrun --nnodes 2 --node_rank 1 --nproc_per_node 4 --master_addr first --master_port 29500"
    assert call[:split] == expected.split()
    assert call[split : split + 2] == ["-m", "seq2seq"]
    assert run(*call[split + 2 :], "--trainer.default_root_dir", tmp_path, "--print_config") == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert (shown["trainer"]["num_nodes"], shown["seed_everything"]) == (2, 5)

"""Several processes give the same scores, predictions and steps as one process."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import (
    CASES,
    TrainedRun,
    alive,
    children,
    config,
    pairs,
    read_jsonl,
    run,
    started,
    together,
    until,
    wait_for,
    write_config,
    write_corpus,
    write_jsonl,
)
from test_resume import differences, rows, settings, state

GROUP = {"trainer__strategy": "ddp", "trainer__accelerator": "cpu"}


def on(world: int) -> dict[str, Any]:
    """Trainer settings for `world` processes."""
    return {"trainer__devices": world, **(GROUP if world > 1 else {})}


@pytest.mark.parametrize("worlds", [(1, 2), pytest.param((1, 3), marks=pytest.mark.slow)], ids=str)
def test_the_same_scores_and_predictions(worlds: tuple[int, ...], trained: TrainedRun, tmp_path: Path) -> None:
    """With 1, 2 and 3 processes: 14 examples, two of them empty and two in another script; and one example."""
    lines = [*read_jsonl(Path(trained.corpus["test"])), *read_jsonl(CASES / "hindi" / "test.jsonl")[:2]]
    many = {**trained.corpus, "test": str(write_jsonl(tmp_path / "many.jsonl", lines))}
    one = {**trained.corpus, "test": str(write_jsonl(tmp_path / "one.jsonl", pairs(1, first=50)))}
    found: dict[int, dict[str, Any]] = {}  # processes -> every figure and every prediction
    for world in worlds:
        commands, found[world] = [], {}
        for name, corpus in (("many", many), ("one", one)):
            given = config(corpus, tmp_path / f"{name}-{world}", data__eval_tokens=60, **on(world))
            file = write_config(tmp_path / f"{name}-{world}.yaml", given)
            commands.append(["test", "--config", file, "--ckpt_path", trained.best])
        together(tmp_path / "group", world, *commands)
        for name in ("many", "one"):
            folder = tmp_path / f"{name}-{world}"
            metrics = json.loads((folder / "metrics.json").read_text())
            lines = (folder / "predictions.jsonl").read_bytes().split(b"\n")
            found[world] |= {f"{name}: {key}": value for key, value in metrics.items()}
            found[world] |= {f"{name}: line {number}": line for number, line in enumerate(lines)}
    assert [found[1][f"{name}: settings"]["examples"] for name in ("many", "one")] == [14, 1]
    assert found[1]["many: settings"]["rouge"].endswith("words: unicode for 2 of 14")
    for world in worlds[1:]:
        different = {
            key: (found[1].get(key), value) for key, value in found[world].items() if found[1].get(key) != value
        }
        assert different == {}, f"{world} processes"
        assert list(found[world]) == list(found[1])


def test_the_same_steps(tmp_path: Path) -> None:
    """In float64 without dropout, processes and accumulation take the same steps over the same batches.

    In the case "incomplete" the last step of an epoch has fewer batches: 6 batches of one example, 4 in a step.
    """
    corpora = {count: write_corpus(tmp_path / f"corpus-{count}", count) for count in (36, 6)}
    cases = {  # name: (examples of the corpus, examples of a batch, (processes, accumulate), the same with one process)
        "processes": (36, 8, (2, 1), (1, 2)),
        "both": (36, 8, (2, 2), (1, 4)),
        "incomplete": (6, 1, (2, 2), (1, 4)),
        "minimum_risk": (36, 8, (2, 1), (1, 2)),
    }
    commands: dict[int, list[list[str | Path]]] = {1: [], 2: []}
    for name, (count, examples, *plans) in cases.items():
        for world, accumulate in plans:
            changes = {
                "data__batches": {"tokens": 400, "examples": examples},
                "trainer__precision": "64-true",
                "trainer__max_epochs": 2,
                "trainer__accumulate_grad_batches": accumulate,
                **on(world),
            }
            if name == "minimum_risk":
                changes["model__objective"] = {"name": name, "candidates": 3}
            given = config(corpora[count], tmp_path / f"{name}-{world}", **changes)
            commands[world].append(["fit", "--config", write_config(tmp_path / f"{name}-{world}.yaml", given)])
    assert [run(*command) for command in commands[1]] == [0] * len(cases)
    together(tmp_path / "group", 2, *commands[2])
    for name in cases:
        one, two = (state(tmp_path / f"{name}-{world}" / "last.ckpt") for world in (1, 2))
        assert one["global_step"] == two["global_step"] > 1, name
        for key, weight in one["state_dict"].items():
            assert weight.dtype == torch.float64
            torch.testing.assert_close(two["state_dict"][key], weight, rtol=0, atol=1e-9, msg=f"{name}: {key}")


def test_resume_on_two_processes(tmp_path: Path) -> None:
    """With dropout, from checkpoints within an epoch and after a validation: equal to the last bit.

    The two processes draw different random numbers, and draw the same again in a resumed run.
    """
    corpus = write_corpus(tmp_path / "corpus", 36)
    plan = {**on(2), "checkpoint": {"every_n_train_steps": 4}, "trainer__val_check_interval": 1.0}
    plan["trainer__callbacks"] = [{"class_path": "parts_of_runs.RecordSeeds"}]
    starts: dict[str, list[str | Path]] = {"whole": []}
    starts |= {name: ["--resume", tmp_path / "whole" / f"{name}.ckpt"] for name in ("step-4", "step-8", "best")}
    commands: list[list[str | Path]] = []
    for name, options in starts.items():
        file = write_config(tmp_path / f"{name}.yaml", settings(tmp_path / name, corpus, **plan))
        commands.append(["fit", "--config", file, *options])
    together(tmp_path / "group", 2, *commands)
    expected, logged = state(tmp_path / "whole" / "last.ckpt"), rows(tmp_path / "whole")
    for name in list(starts)[1:]:
        assert differences(state(tmp_path / name / "last.ckpt"), expected) == [], name
        again = rows(tmp_path / name)
        assert again == logged[len(logged) - len(again) :], name
    whole, again = (
        [(tmp_path / name / f"seeds-{rank}.txt").read_text().split() for rank in range(2)]
        for name in ("whole", "step-8")
    )
    assert len({*whole[0], *whole[1]}) == len(whole[0]) + len(whole[1])
    assert again == [seeds[8:] for seeds in whole]
    assert len(rows(tmp_path / "step-4")) > len(rows(tmp_path / "step-8")) > 0


@pytest.mark.slow
def test_one_fails_all_end(tmp_path: Path) -> None:
    """If one of two processes of Lightning's launcher is killed, the other ends soon, with an error."""
    corpus = write_corpus(tmp_path / "corpus", 36)
    file = write_config(tmp_path / "a.yaml", settings(tmp_path / "run", corpus, trainer__max_epochs=10**5, **on(2)))
    for victim in (0, 1):
        with started("fit", "--config", file) as first:
            wait_for(tmp_path / "run" / "step-3.ckpt")
            (child,) = children(first.pid)
            os.kill((first.pid, child)[victim], signal.SIGKILL)
            first.wait(60)
            assert first.returncode not in (0, None)
            until(lambda gone=child: not alive(gone))
        shutil.rmtree(tmp_path / "run")

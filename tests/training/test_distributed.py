"""Several processes give the same scores, predictions and steps as one process."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from helpers import (
    CASES,
    TrainedRun,
    alive,
    children,
    config,
    made_once,
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


class TwoProcesses(NamedTuple):
    """The folders of the commands that two processes have run together: evaluations, trainings, resumed trainings."""

    scores: Path
    steps: Path
    resumed: Path


@pytest.fixture(scope="module")
def two(trained: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> TwoProcesses:
    """Two processes start once for all tests of this file, because their start takes longer than their commands."""

    def make(folder: Path) -> None:
        folders = TwoProcesses(*(folder / name for name in TwoProcesses._fields))
        together(
            folder / "group",
            2,
            *evaluations(folders.scores, 2, trained),
            *(commands[1] for commands in trainings(folders.steps).values()),
            *resumed_trainings(folders.resumed).values(),
        )

    folder = made_once(tmp_path_factory, "two-processes", make)
    return TwoProcesses(*(folder / name for name in TwoProcesses._fields))


def evaluations(folder: Path, world: int, trained: TrainedRun) -> list[list[str | Path]]:
    """`test` of 14 examples, two of them empty and two in another script; and of one example."""
    lines = [*read_jsonl(Path(trained.corpus["test"])), *read_jsonl(CASES / "hindi" / "test.jsonl")[:2]]
    commands: list[list[str | Path]] = []
    for name, examples in (("many", lines), ("one", pairs(1, first=50))):
        corpus = {**trained.corpus, "test": str(write_jsonl(folder / f"{name}.jsonl", examples))}
        given = config(
            corpus, folder / f"{name}-{world}", data__eval_tokens=60, scoring__metrics=["bleu", "chrf"], **on(world)
        )
        file = write_config(folder / f"{name}-{world}.yaml", given)
        commands.append(["test", "--config", file, "--ckpt_path", trained.best])
    return commands


def results(folder: Path, world: int) -> dict[str, Any]:
    """Every figure and every prediction of `evaluations`."""
    found: dict[str, Any] = {}
    for name in ("many", "one"):
        metrics = json.loads((folder / f"{name}-{world}" / "metrics.json").read_text())
        lines = (folder / f"{name}-{world}" / "predictions.jsonl").read_bytes().split(b"\n")
        found |= {f"{name}: {key}": value for key, value in metrics.items()}
        found |= {f"{name}: line {number}": line for number, line in enumerate(lines)}
    return found


@pytest.mark.parametrize("world", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_the_same_scores_and_predictions(world: int, two: TwoProcesses, trained: TrainedRun, tmp_path: Path) -> None:
    """With 1, 2 and 3 processes."""
    several = two.scores
    if world != 2:
        several = tmp_path
        together(tmp_path / "group", world, *evaluations(tmp_path, world, trained))
    assert [run(*command) for command in evaluations(tmp_path, 1, trained)] == [0, 0]
    one, found = results(tmp_path, 1), results(several, world)
    assert [one[f"{name}: settings"]["examples"] for name in ("many", "one")] == [14, 1]
    assert one["many: settings"]["rouge"].endswith("words: unicode for 2 of 14")
    assert {key: (one.get(key), value) for key, value in found.items() if one.get(key) != value} == {}
    assert list(found) == list(one)


def trainings(folder: Path) -> dict[str, list[list[str | Path]]]:
    """Pairs of commands that take the same steps, for one process and for two.

    In the case "incomplete" the last step of an epoch has fewer batches: 6 batches of one example, 4 in a step.
    """
    corpora = {count: write_corpus(folder / f"corpus-{count}", count) for count in (36, 6)}
    cases = {  # name: (examples of the corpus, examples of a batch, accumulated with one process, and with two)
        "processes": (36, 8, 2, 1),
        "both": (36, 8, 4, 2),
        "incomplete": (6, 1, 4, 2),
        "minimum_risk": (36, 8, 2, 1),
    }
    commands: dict[str, list[list[str | Path]]] = {name: [] for name in cases}
    for name, (count, examples, *plans) in cases.items():
        for world, accumulate in zip((1, 2), plans, strict=True):
            changes = {
                "data__batches": {"tokens": 400, "examples": examples},
                "trainer__precision": "64-true",
                "trainer__max_epochs": 2,
                "trainer__accumulate_grad_batches": accumulate,
                **on(world),
            }
            if name == "minimum_risk":
                changes["model__objective"] = {"name": name, "candidates": 3}
            given = config(corpora[count], folder / f"{name}-{world}", **changes)
            commands[name].append(["fit", "--config", write_config(folder / f"{name}-{world}.yaml", given)])
    return commands


def test_the_same_steps(two: TwoProcesses, tmp_path: Path) -> None:
    """In float64 without dropout, processes and accumulation take the same steps over the same batches."""
    for name, commands in trainings(tmp_path).items():
        assert run(*commands[0]) == 0
        alone, group = (state(run_ / "last.ckpt") for run_ in (tmp_path / f"{name}-1", two.steps / f"{name}-2"))
        assert alone["global_step"] == group["global_step"] > 1, name
        curves = read_jsonl(two.steps / f"{name}-2" / "curves.jsonl")  # the first process alone writes them
        assert [line["step"] for line in curves if "train/loss" in line] == [*range(1, group["global_step"] + 1)], name
        assert (two.steps / f"{name}-2" / "index.html").is_file()
        for key, weight in alone["state_dict"].items():
            assert weight.dtype == torch.float64
            torch.testing.assert_close(group["state_dict"][key], weight, rtol=0, atol=1e-9, msg=f"{name}: {key}")


def resumed_trainings(folder: Path) -> dict[str, list[str | Path]]:
    """A training with dropout, and its continuations from checkpoints within an epoch and after a validation."""
    corpus = write_corpus(folder / "corpus", 36)
    plan = {**on(2), "checkpoint": {"every_n_train_steps": 4}, "trainer__val_check_interval": 1.0}
    plan["trainer__callbacks"] = [{"class_path": "parts_of_runs.RecordSeeds"}]
    commands: dict[str, list[str | Path]] = {}
    for name in ("whole", "step-4", "step-8", "best"):
        file = write_config(folder / f"{name}.yaml", settings(folder / name, corpus, **plan))
        options = [] if name == "whole" else ["--resume", folder / "whole" / f"{name}.ckpt"]
        commands[name] = ["fit", "--config", file, *options]
    return commands


def test_resume_on_two_processes(two: TwoProcesses) -> None:
    """Equal to the last bit.

    The two processes draw different random numbers, and draw the same again in a resumed run.
    """
    folder = two.resumed
    expected, logged = state(folder / "whole" / "last.ckpt"), rows(folder / "whole")
    for name in ("step-4", "step-8", "best"):
        assert differences(state(folder / name / "last.ckpt"), expected) == [], name
        again = rows(folder / name)
        assert again == logged[len(logged) - len(again) :], name
    whole, again = (
        [(folder / name / f"seeds-{rank}.txt").read_text().split() for rank in range(2)] for name in ("whole", "step-8")
    )
    assert len({*whole[0], *whole[1]}) == len(whole[0]) + len(whole[1])
    assert again == [seeds[8:] for seeds in whole]
    assert len(rows(folder / "step-4")) > len(rows(folder / "step-8")) > 0


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

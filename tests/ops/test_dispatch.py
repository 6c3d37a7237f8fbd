"""Which version runs, and what happens where compiled loops cannot: one warning, then the plain version."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from compiled_loops import needs_loops

from seq2seq import ops
from seq2seq.ops import dispatch
from seq2seq.ops.dispatch import kernels_usable

ROOT = str(Path(__file__).parents[2])
LOOKS = (
    "from seq2seq.ops.dispatch import kernels_usable; import torch; print('used:', kernels_usable(20, torch.zeros(3)))"
)
STATES = """
import torch
from seq2seq import ops
def states():
    torch.manual_seed(0)
    weights = ops.GRUWeights(torch.randn(24, 5), torch.randn(24, 8), torch.randn(24), torch.randn(24))
    return ops.gru(torch.randn(40, 3, 5), torch.zeros(40, 8), weights)
"""


def python(code: str, **environment: str) -> str:
    """What a fresh process prints, warnings included."""
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": ROOT, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@needs_loops
def test_when_they_are_used() -> None:
    assert kernels_usable(16, torch.zeros(3))
    assert not kernels_usable(15, torch.zeros(3)), "a few rows do not pay for loading them"
    assert not kernels_usable(16, torch.zeros(3).double())
    assert not kernels_usable(16, torch.zeros(3, 2).t())
    assert not kernels_usable(16, torch.zeros(3, device="meta"))
    with ops.reference_only():
        assert not kernels_usable(16, torch.zeros(3))
    assert kernels_usable(16, torch.zeros(3))


def test_a_missing_numba_is_one_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)  # its import fails
    monkeypatch.delitem(sys.modules, "seq2seq.ops.numba_runtime", raising=False)
    monkeypatch.delattr(ops, "numba_runtime", raising=False)
    monkeypatch.setattr(dispatch, "_process", None)
    monkeypatch.setattr(dispatch, "_unusable", None)
    with pytest.warns(UserWarning, match="compiled loops cannot be used here .*slower") as caught:
        assert [kernels_usable(20, torch.zeros(3)) for _ in range(2)] == [False, False]
    assert len(caught) == 1


@pytest.mark.slow
def test_without_numba() -> None:
    said = python("import sys; sys.modules['numba'] = None; " + LOOKS + "; kernels_usable(20, torch.zeros(3))")
    assert "used: False" in said
    assert said.count("compiled loops cannot be used here") == 1
    assert "slower" in said
    assert "NUMBA_DISABLE_JIT" in python(LOOKS, NUMBA_DISABLE_JIT="1")


def test_a_thread_layer_that_is_not_thread_safe() -> None:
    """`workqueue` ends the process if two threads use it at once."""
    code = (
        STATES
        + """
import threading
threads = [threading.Thread(target=states) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("alive", states().shape)
"""
    )
    said = python(code, NUMBA_THREADING_LAYER="workqueue", OMP_NUM_THREADS="2")
    assert "alive torch.Size([40, 3, 8])" in said
    assert said.count("'workqueue' is not thread-safe") == 1


@needs_loops
@pytest.mark.parametrize("name", ["gru_forward", "gru_backward", "gru_inference"])
def test_a_compiler_error_at_the_first_call(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the forward pass, in the backward pass, and in a search: the results of the plain version."""
    from seq2seq.ops.gru import kernels

    def broken(*arguments: Any) -> None:
        raise RuntimeError("LLVM is not well")

    shapes = (24, 5), (24, 8), (24,), (24,)
    forward, backward = (ops.GRUWeights(*(torch.randn(s, requires_grad=True) for s in shapes)) for _ in range(2))
    x, lengths = torch.randn(40, 3, 5, requires_grad=True), torch.randint(1, 4, (40,))
    mask = (torch.arange(3) < lengths[:, None]).unsqueeze(2)

    def gradients() -> tuple[torch.Tensor, ...]:
        states = ops.bigru(x, lengths, forward, backward)
        return torch.autograd.grad((states * mask).sum(), [x, *forward, *backward])

    expected = gradients()
    monkeypatch.setattr(kernels, name, broken)
    monkeypatch.setattr(dispatch, "_unusable", None)  # the test changes it; its end restores it
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = gradients()
        with torch.no_grad():
            ops.bigru(x, lengths, forward, backward)
    (warning,) = caught
    assert "LLVM is not well" in str(warning.message)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@needs_loops
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child() -> None:
    """GNU OpenMP cannot be used in it: a pool of processes used to hang for ever."""
    code = (
        STATES
        + """
import multiprocessing
if __name__ == "__main__":
    expected = states()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = [pool.apply_async(states) for _ in range(4)]
        print("same:", all(torch.allclose(f.get(60), expected, rtol=1e-5, atol=1e-6) for f in found))
"""
    )
    said = python(code, OMP_NUM_THREADS="2")
    assert "same: True" in said
    assert "the process was forked after its threads had started" in said
    assert 1 <= said.count("going on with torch alone") <= 2  # once in each child


def test_loading_waits_until_it_pays_and_leaves_torchs_threads_alone() -> None:
    """A single document does not wait for compiled loops; a larger batch loads them."""
    code = """
import sys
from seq2seq.batch import Vocabulary, make_batch
from seq2seq.decoding import SearchOptions
from seq2seq.inference import generate
from seq2seq.model.network import build_network
from seq2seq.model.options import NetworkOptions
vocabulary = Vocabulary(64, 0, 2, 3, 1)
network = build_network(NetworkOptions(), vocabulary).eval()
generate(network, make_batch([[5, 6, 7]], None, [[]], vocabulary), SearchOptions(beam_size=3, max_length=4))
print("loaded:", "numba" in sys.modules)
"""
    said = python(code + LOOKS + "; print('threads:', torch.get_num_threads())", OMP_NUM_THREADS="1")
    assert "loaded: False" in said
    assert "threads: 1" in said


@pytest.mark.slow
@needs_loops
def test_where_no_machine_code_can_be_kept() -> None:
    """Neither beside the package nor in the user's folder: compiled for this process alone."""
    code = "import numba.core.caching as caching; caching.CacheImpl._locator_classes = []" + STATES
    said = python(code + "import seq2seq.ops.dispatch as d\nprint(states().shape, d._unusable)")
    assert "torch.Size([40, 3, 8]) None" in said

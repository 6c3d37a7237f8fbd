"""Ends of a run that are no fault of its settings: a signal, a closed output, or the death of another process."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from seq2seq.errors import UserError
from seq2seq.files import discard_output

CAUSES = {
    int(signal.SIGTERM): "stopped by SIGTERM",
    int(signal.SIGINT): "interrupted",
    **({int(signal.SIGPIPE): "standard output was closed"} if hasattr(signal, "SIGPIPE") else {}),
}
"""Signals after which a training saves its state and ends."""


class Stopped(Exception):
    """The run was asked to stop, and saved its state. The message is one line; `signal` is a key of `CAUSES`."""

    def __init__(self, number: int, rest: str) -> None:
        super().__init__(f"{CAUSES[number]} {rest}")
        self.signal = number


class StopRequest:
    """The signal that asks this process to stop its training; 0 if there is none."""

    def __init__(self) -> None:
        self.signal = 0

    def watch(self) -> None:
        """Handles SIGTERM and SIGINT from now on. A second signal of a kind ends the process at once."""
        signal.signal(signal.SIGTERM, self._received)
        signal.signal(signal.SIGINT, self._received)

    def _received(self, number: int, frame: Any) -> None:
        self.signal = number
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
            text = b"seq2seq: stopping after this step; press Ctrl-C again to stop without saving\n"
            with suppress(OSError):
                os.write(2, text)  # `print` cannot be used in a signal handler: it may interrupt another `print`
        else:
            signal.signal(number, signal.SIG_DFL)


STOP = StopRequest()


class ClosableOutput:
    """Standard output of a run. When its reader has ended, as in `fit | head`, the run is asked to stop.

    An error would end the training within a step, where its state cannot be saved.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._closing():
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._closing():
            self._stream.flush()

    @contextmanager
    def _closing(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            STOP.signal = STOP.signal or int(signal.SIGPIPE)
            discard_output(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def stop_when_closed() -> Iterator[None]:
    """Within the block, a closed standard output asks the training to stop. Signal handlers are restored at the end."""
    stream, handlers = sys.stdout, {number: signal.getsignal(number) for number in CAUSES}
    STOP.signal = 0
    sys.stdout = ClosableOutput(stream)  # type: ignore[assignment]
    try:
        yield
        sys.stdout.flush()
    finally:
        sys.stdout = stream
        for number, handler in handlers.items():
            with suppress(ValueError, TypeError):  # not in the main thread, or a handler that Python did not set
                signal.signal(number, handler)


AFTER_INTERRUPTION = {
    "fit": "`--resume auto` continues from the newest checkpoint",
    "predict": "run the command again to continue",
}


@contextmanager
def process_errors(command: str) -> Iterator[None]:
    """Turns long errors about processes, and about W&B's account, into a UserError of one line.

    Raises KeyboardInterrupt, with a hint, for the SystemExit with which Lightning answers a KeyboardInterrupt.
    """
    try:
        yield
    except (SystemExit, KeyboardInterrupt) as leaving:
        if isinstance(leaving, SystemExit) and not isinstance(leaving.__context__, KeyboardInterrupt):
            raise
        raise KeyboardInterrupt(AFTER_INTERRUPTION.get(command, "")) from leaving
    except Exception as error:
        text = re.sub(r"\[/\S+\] ", "", str(error).strip()) or type(error).__name__  # without paths of torch's build
        first = text.splitlines()[0].split(". ")[0][:200]
        if type(error).__module__.startswith("wandb"):
            raise UserError(f"W&B: {first}; WANDB_MODE=offline needs neither account nor network") from error
        if not isinstance(error, RuntimeError):
            raise
        if "DataLoader worker" in str(error):
            raise UserError(
                f"data.workers: a process that prepares batches has died ({first}); if memory ran out, use fewer; "
                "continue with `--resume auto`"
            ) from error
        if re.search(r"gloo|NCCL|[Cc]onnection (closed|reset|refused)|TCPStore|Broken pipe", str(error)):
            raise UserError(
                f"another process of this run has ended ({first}); read its error message; continue with "
                "`--resume auto`"
            ) from error
        raise

"""The same pure function over many jobs on all cores, results in the order of the jobs; for preparing big corpora."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from typing import Any, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

MOST = 8  # more processes than this wait for the one that writes


def cores() -> int:
    """Processes worth starting here: the cores this process may use, at most `MOST`."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, MOST)


def ordered_map(
    make: Callable[..., Callable[[Job], Result]], arguments: tuple[Any, ...], jobs: Iterable[Job], workers: int
) -> Iterator[Result]:
    """Yield `make(*arguments)(job)` for each job, in order; a few jobs a worker are under way at a time.

    `make` is called once in every process; it, its arguments, the jobs and the results must be picklable. With one
    worker all is done here. If a process is killed (out of memory, say) the rest is done here too: slower, but the
    same results.
    """
    if workers < 2:
        yield from map(make(*arguments), jobs)
        return
    jobs = iter(jobs)
    taken: deque[Job] = deque()  # and not yet yielded
    futures: deque[Future[Result]] = deque()
    # Not a fork: the libraries around have threads, and a fork of them can hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(make, arguments))
    try:
        for job in jobs:
            taken.append(job)
            futures.append(pool.submit(_run, job))
            if len(futures) > 3 * workers:
                yield _next(taken, futures)
        while futures:
            yield _next(taken, futures)
    except BrokenProcessPool:
        logging.getLogger(__name__).warning("a worker process died; its work is done by this process alone")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if taken:
        yield from map(make(*arguments), chain(taken, jobs))


def _next(taken: deque[Job], futures: deque[Future[Result]]) -> Result:
    result = futures[0].result()
    futures.popleft()
    taken.popleft()
    return result


_function: Callable[[Any], Any]


def _begin(make: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]) -> None:
    global _function
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the processes have a core each
    gc.disable()  # a pure function makes no cycles, and looking for them takes a fifth of the time of encoding
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _function = make(*arguments)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(job: Any) -> Any:
    return _function(job)

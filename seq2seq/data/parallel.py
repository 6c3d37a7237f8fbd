"""An ordered parallel map: a pure function over many jobs on all cores, with the results in the order of the jobs."""

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

from ..environment import prepare_worker

Job = TypeVar("Job")
Result = TypeVar("Result")

MAX_WORKERS = 8  # more processes only wait for the process that writes
JOBS_PER_WORKER = 3  # submitted ahead, which bounds the memory for jobs and results


def default_workers() -> int:
    """Returns the number of cores that this process may use, at most `MAX_WORKERS`."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, MAX_WORKERS)


def ordered_map(
    make_function: Callable[..., Callable[[Job], Result]],
    arguments: tuple[Any, ...],
    jobs: Iterable[Job],
    workers: int,
) -> Iterator[Result]:
    """Yields `make_function(*arguments)(job)` for each job, in order.

    Every worker process calls `make_function` once. It, its arguments, jobs and results must be picklable. With one
    worker, this process does all jobs. If the system kills a worker (for example because memory is short), this process
    does the remaining jobs: slower, but with the same results.
    """
    if workers < 2:
        yield from map(make_function(*arguments), jobs)
        return
    jobs = iter(jobs)
    unfinished: deque[Job] = deque()  # submitted, but the result is not yet yielded
    futures: deque[Future[Result]] = deque()
    # No fork: the libraries have threads, and a forked copy of them can hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(make_function, arguments))
    try:
        for job in jobs:
            unfinished.append(job)
            futures.append(pool.submit(_run_job, job))
            if len(futures) > JOBS_PER_WORKER * workers:
                yield _next_result(unfinished, futures)
        while futures:
            yield _next_result(unfinished, futures)
    except BrokenProcessPool:
        logging.getLogger(__name__).warning("a worker process died; this process does its work alone")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if unfinished:
        yield from map(make_function(*arguments), chain(unfinished, jobs))


def _next_result(unfinished: deque[Job], futures: deque[Future[Result]]) -> Result:
    result = futures[0].result()
    futures.popleft()
    unfinished.popleft()
    return result


_function: Callable[[Any], Any]  # of this worker process


def _start_worker(make_function: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]) -> None:
    global _function
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops the pool
    prepare_worker()
    gc.disable()  # a pure function makes no reference cycles; searching for them took a fifth of the encoding time
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    _function = make_function(*arguments)


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_job(job: Any) -> Any:
    return _function(job)

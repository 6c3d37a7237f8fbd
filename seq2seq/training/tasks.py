"""The registry of tasks: for each the module and the data that `fit`, `validate`, `test` and `predict` put together.

A new task is a file with a `TaskModule`, and one line in `TASKS`. The key `task` of a config chooses it.
"""

from __future__ import annotations

from typing import NamedTuple

from .annotation import AnnotationData, AnnotatorModule
from .classification import ClassificationData, ClassifierModule
from .datamodule import HeadlineData
from .module import SummarizerModule
from .task_module import TaskModule


class Task(NamedTuple):
    """The classes of a task."""

    module: type[TaskModule]
    data: type[HeadlineData]


TASKS: dict[str, Task] = {
    "summarization": Task(SummarizerModule, HeadlineData),
    "classification": Task(ClassifierModule, ClassificationData),
    "annotation": Task(AnnotatorModule, AnnotationData),
}

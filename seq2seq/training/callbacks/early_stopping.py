"""Early stopping on a validation figure."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import callbacks

from ..monitors import Mode, direction


class EarlyStopping(callbacks.EarlyStopping):
    """Ends the training after `patience` validations without a better figure.

    Args:
        monitor: the figure.
        mode: max or min: whether a large or a small figure is good (null = as is known of the figure).
        patience: validations without a better figure.
        check_on_train_epoch_end: check at the end of an epoch rather than beside the validation.
    """

    def __init__(
        self,
        monitor: str = "validation/rougeL",
        mode: Mode | None = None,
        patience: int = 10,
        check_on_train_epoch_end: bool = False,  # beside the validation, before last.ckpt is written
        **settings: Any,
    ) -> None:
        mode = direction("early_stopping", monitor, mode)
        super().__init__(
            monitor, mode=mode, patience=patience, check_on_train_epoch_end=check_on_train_epoch_end, **settings
        )

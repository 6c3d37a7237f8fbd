"""Early stopping on a validation figure."""

from __future__ import annotations

from typing import Any

from lightning.pytorch.callbacks import EarlyStopping

from ..monitors import Mode, direction


class DirectedEarlyStopping(EarlyStopping):
    """Ends the training after `patience` validations without a better figure.

    Its name differs from Lightning's, so that `--trainer.callbacks+=EarlyStopping` names one class.

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

    @property
    def state_key(self) -> str:
        """That of the base class: checkpoints do not depend on the name of this one."""
        return super().state_key.replace(type(self).__qualname__, EarlyStopping.__qualname__, 1)

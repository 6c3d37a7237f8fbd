"""Searches for good options with Optuna, on this machine alone (pip install optuna):

    python examples/optuna_search.py configs/quickstart.yaml 20

Each of the 20 trials is one `seq2seq fit` with its own folder in runs/optuna. A second call goes on with the study.
"""

import csv
import subprocess
import sys
from pathlib import Path

import optuna

CONFIG, TRIALS, FOLDER = sys.argv[1], int(sys.argv[2]), Path("runs/optuna")
FIT = [sys.executable, "-m", "seq2seq", "fit", "--config", CONFIG, "--trainer.logger=CSVLogger"]


def best_rouge(trial: optuna.Trial) -> float:
    """The best validation ROUGE-L of a run with the options of the trial."""
    folder = FOLDER / f"trial-{trial.number}"
    options = {
        "model.optimizer.learning_rate": trial.suggest_float("learning_rate", 5e-4, 5e-3, log=True),
        "model.network.dropout": trial.suggest_float("dropout", 0.0, 0.4),
        "model.network.cell": trial.suggest_categorical("cell", ["gru", "lstm"]),
        "trainer.default_root_dir": folder,
    }
    subprocess.run([*FIT, *(f"--{key}={value}" for key, value in options.items())], check=True)
    with next(folder.rglob("metrics.csv")).open() as file:
        return max(float(row["validation/rougeL"]) for row in csv.DictReader(file) if row["validation/rougeL"])


FOLDER.mkdir(parents=True, exist_ok=True)
study = optuna.create_study(
    storage=f"sqlite:///{FOLDER}/study.db", study_name="seq2seq", direction="maximize", load_if_exists=True
)
study.optimize(best_rouge, n_trials=TRIALS)
print(f"ROUGE-L {study.best_value:.2f} with {study.best_params}")

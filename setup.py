"""The wheel holds the configs and the small corpora of the checkout inside the package. All else: pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
SHIPPED = ("configs/**/*.yaml", "configs/launch/*.sh", "data/*.jsonl", "data/*/*.jsonl", "data/*/README.md")


class BuildWithExamples(build_py):
    """Copies the files of SHIPPED that belong to the repository, not those that a user has put beside them."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # the checkout itself is used
            return
        for pattern in SHIPPED:
            for file in HERE.glob(pattern):
                if file.parent.parent.name == "data" and not (file.parent / "generate.py").exists():
                    continue  # a corpus of the user
                target = Path(self.build_lib) / "seq2seq" / file.relative_to(HERE)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


setup(cmdclass={"build_py": BuildWithExamples})

"""Finds the binary that was installed with this package."""

import importlib.metadata
import os
import sysconfig
from pathlib import Path

NAME = "rayguard" + (sysconfig.get_config_var("EXE") or "")


def _candidates():
    """Yields the paths where the binary can be. The PATH is not searched, because it can have another version."""
    packages = Path(__file__).resolve().parent.parent
    # The list of files that the installer keeps. It is right in a virtual environment, and for `--user` and `--prefix`.
    for distribution in importlib.metadata.distributions(name="rayguard", path=[str(packages)]):
        for file in distribution.files or []:
            if file.name == NAME:
                yield Path(distribution.locate_file(file)).resolve()
    # pip moves the files of `--target` after it has written the list.
    yield packages / "bin" / NAME
    # An editable installation: the package is in the checkout, and the binary is next to the interpreter.
    yield Path(sysconfig.get_path("scripts")) / NAME


def find_binary() -> str:
    """Returns the path of the binary that was installed with this package.

    Raises FileNotFoundError, whose message names the paths and says what to do, if the binary is not there.
    """
    candidates = list(dict.fromkeys(_candidates()))
    for path in candidates:
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise FileNotFoundError(
        f"the binary {NAME} is missing; it is at none of these paths: {', '.join(map(str, candidates))}; "
        "install the package again: python3 -m pip install --force-reinstall rayguard"
    )

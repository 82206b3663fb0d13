"""Replaces the interpreter by the binary: `python3 -m rayguard check FILE`."""

import os
import sys

from rayguard.binary import find_binary


def main():
    """Runs the binary with the arguments of the module. Returns the reason if it cannot run."""
    try:
        binary = find_binary()
    except FileNotFoundError as error:
        return str(error)
    try:
        os.execv(binary, [binary, *sys.argv[1:]])
    except OSError as error:
        return f"cannot run {binary}: {error.strerror}"


if __name__ == "__main__":
    print(f"error: {main()}", file=sys.stderr)
    sys.exit(2)  # the status of rayguard if something could not be checked

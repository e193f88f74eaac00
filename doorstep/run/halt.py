"""Stopping with a clear word: why Doorstep does not start, and what the person at the keyboard does next."""

from __future__ import annotations

import sys
from typing import Final

from doorstep.rulebook.words import Words

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
PORT_IN_USE: Final = 3
SECOND_INSTANCE: Final = 4
WRONG_DATA: Final = 5
DISK_FULL: Final = 6


class Halt(Exception):
    """Doorstep stops here with exit code ``code``; ``words`` are for the operator. Nothing was damaged."""

    def __init__(self, code: int, words: Words) -> None:
        super().__init__(words.en)
        self.code, self.words = code, words


def say(words: Words) -> None:
    """One line in Chinese and one in English on standard error; standard output belongs to `READY`."""
    sys.stderr.write(f"家门口：{words.zh}\ndoorstep: {words.en}\n")
    sys.stderr.flush()

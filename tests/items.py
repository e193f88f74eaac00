"""Which items a costly test looks at: all of them in the long check; else a share, always the same, with those of the tour."""

from __future__ import annotations

import os
import zlib

from doorstep.rulebook import pack

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
KNOWN = {
    *("HZ-078", "HZ-106", "HZ-055", "ZA-021", "HZ-051", "HZ-047", "ZH-001"),
    *("JG-063", "ZA-002", "CR-001", "JG-042", "WA-005"),
}


def some(of: int) -> list[str]:
    """The codes of one item in ``of``, and of the twelve that were first. No file is read for it."""
    codes = [path.stem for path in pack.pack_files()]
    return [code for code in codes if LONG or code in KNOWN or zlib.crc32(code.encode()) % of == 0]

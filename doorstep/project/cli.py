"""The command line: `doorstep VERB`. Exit codes: see doorstep/run/halt.py."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from doorstep import __version__
from doorstep.run.halt import Halt, say
from doorstep.run.migrate import migrate_apart


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb. Returns the exit code of the contract; argparse exits with 2 on wrong usage."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
    parser = argparse.ArgumentParser(prog="doorstep", description="家门口 · Doorstep")
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("migrate").set_defaults(run=_migrate)
    args = parser.parse_args(argv)
    try:
        return int(args.run(args) or 0)
    except Halt as halt:
        say(halt.words)
        return halt.code


def _migrate(_args: argparse.Namespace) -> None:
    migrate_apart()


if __name__ == "__main__":
    sys.exit(main())

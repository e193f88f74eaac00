"""Killing things while people are being served. `python -m tests.chaos --help`."""

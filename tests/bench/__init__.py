"""Measuring on a town of ten thousand matters. `python -m tests.bench --help`; tests/bench/fill.py makes the town."""

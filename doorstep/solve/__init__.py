"""Decisions that are computed: who goes to which call, where to wait for the next one, how a patrol covers everything.

Pure: numbers go in (travel times, calls, units, streets), a decision and its reason come out. Nothing here knows tables,
requests or the clock; no person is scored or predicted.
"""

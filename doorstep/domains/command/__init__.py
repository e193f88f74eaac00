"""Calls, duty units, dispatch, patrol, the duty room 接处警和指挥."""

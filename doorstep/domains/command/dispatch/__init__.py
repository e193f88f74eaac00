"""Dispatch 派警: who should go to which call and why; closed roads; one key to send as advised."""

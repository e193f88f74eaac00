"""Duty units 警力: who is on duty, how they stand, where they are, and whether everyone is all right."""

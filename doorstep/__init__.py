"""Doorstep 家门口: one open platform for neighbourhood policing and police-run public services."""

__version__ = "0.1.0"

"""Whole ways of people through the pages."""

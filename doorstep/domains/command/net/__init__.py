"""Containment 围堵: around a sighting, which places are closed, by whom; widened as time passes; stood down together."""

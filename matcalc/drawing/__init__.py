"""Drawings: a small SVG writer and what is drawn with it, without any system program."""

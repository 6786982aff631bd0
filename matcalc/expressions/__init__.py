"""Typed expressions: nodes, their shapes, and walks over them."""

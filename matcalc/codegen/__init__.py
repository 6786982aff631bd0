"""From the expression graph to plain NumPy code."""

"""Laws, index terms, reading back, the sweep, and simplification."""

"""How derivations are shown: a formula a line for people, equations for TeX, data for programs."""

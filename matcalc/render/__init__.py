"""How results are written: the language itself, Unicode for people, LaTeX."""

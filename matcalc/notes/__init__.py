"""Notes: Markdown documents with programs and requests, answered in place and written as HTML, LaTeX or a notebook.

A note is read (`matcalc.notes.markdown`) to a document (`matcalc.notes.model`), its requests are answered one by one
(`matcalc.notes.running`, `matcalc.notes.answers`), and the document is written (`matcalc.notes.writing`).
"""

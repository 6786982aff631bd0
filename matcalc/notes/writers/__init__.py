"""A note written: LaTeX, HTML, Markdown, and a notebook."""

"""What all writers share: a method for each kind of block and inline, and the answers in the place of requests."""

from __future__ import annotations

from matcalc.notes.model import Block, Heading, Inlines, Request, plain
from matcalc.notes.running import Run

__all__ = ["Writer"]


NAMES = {"Break": "break_"}  # Python has that word


class Writer:
    """A walk over a note that has been run; a subclass has a method for each kind, named as it is in lower case.

    The walk recurses into lists and quotations, whose depth the Markdown reader bounds.
    """

    between = "\n\n"

    def __init__(self, run: Run) -> None:
        self.run, self.document, self.words = run, run.document, run.words
        self.title_words = run.document.head.get("title", "")
        self.body = run.document.blocks
        first = self.body[0] if self.body else None
        if isinstance(first, Heading) and self.title_words and plain(first.content) == self.title_words:
            self.body = self.body[1:]  # the title, said twice
        self.least = min([block.level for block in self.body if isinstance(block, Heading)], default=1)

    def level(self, block: Heading) -> int:
        """The level of a heading in the document: the highest is 1, or 2 below a title."""
        return min(block.level - self.least + (2 if self.title_words else 1), 6)

    def blocks(self, blocks: tuple[Block, ...]) -> str:
        """Blocks, below each other."""
        return self.between.join([text for text in [self.block(block) for block in self.answered(blocks)] if text])

    def answered(self, blocks: tuple[Block, ...]) -> list[Block]:
        """Blocks with answers in the place of requests."""
        found: list[Block] = []
        for block in blocks:
            found += self.document.answers[block].content if isinstance(block, Request) else [block]
        return found

    def block(self, block: Block) -> str:
        """One block."""
        written = getattr(self, type(block).__name__.lower())(block)
        assert isinstance(written, str)
        return written

    def inlines(self, content: Inlines) -> str:
        """Inlines, one after the other."""
        parts = []
        for item in content:
            for one in self.document.answers[item].content if isinstance(item, Request) else (item,):
                parts.append(getattr(self, NAMES.get(type(one).__name__, type(one).__name__.lower()))(one))
        return "".join(parts)



"""Notes: what is read, what is answered, and that nothing in a note reaches an output as anything but text."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from commands import good, refused, run

from matcalc.errors import LimitError, MatcalcError
from matcalc.notes import running
from matcalc.notes.cache import Cache
from matcalc.notes.markdown import read
from matcalc.notes.mathematics import mathml, pieces, refusal, tightened, width
from matcalc.notes.model import Equations, Math, MathSpan, Paragraph, Text, decoded, encoded
from matcalc.notes.questions import Answer
from matcalc.notes.running import Run, everything
from matcalc.notes.writing import own_product, written

ROOT = Path(__file__).parent.parent
SMALL = Path(__file__).parent / "notes" / "small.mc.md"
EXAMPLE = ROOT / "examples" / "notes" / "gradients.mc.md"
CI = "MATCALC_CI" in os.environ
FORMATS = ("html", "tex", "md", "ipynb")
ROUNDING = re.compile(r"\b\d(?:\.\d)?e[-+]\d\d\b")


def module(name: str) -> Any:
    """A library that tests use; it is not missing where all of them are asked for."""
    return __import__(name) if CI else pytest.importorskip(name)


def ran(text: str, **options: Any) -> Run:
    return running.run(read(text, "note.mc.md"), **options)


def output(text: str, form: str) -> str:
    found = written(ran(text), form, None)[None]
    assert isinstance(found, str)
    return found


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCALC_CACHE", str(tmp_path / "cache"))


# ------------------------------------------------------------------------------------------------------- outputs
def golden(form: str) -> tuple[Path, str]:
    text = output(SMALL.read_text(encoding="utf-8"), form)
    # how graphs are drawn, and what the style is, others test, and eyes
    text = re.sub(r"(?s)<style>.*?</style>", "<style></style>", re.sub(r"(?s)<svg.*?</svg>", "<svg></svg>", text))
    return SMALL.with_name(f"small.{form}"), text


@pytest.mark.parametrize("form", FORMATS)
def test_a_small_note_in_every_format(form: str) -> None:
    path, text = golden(form)
    if os.environ.get("MATCALC_REGENERATE"):
        path.write_text(text, encoding="utf-8")
    assert ROUNDING.sub("#", text) == ROUNDING.sub("#", path.read_text(encoding="utf-8"))


def pdflatex(tex: str, folder: Path) -> str:
    """The log of a document that pdfTeX sets."""
    if shutil.which("pdflatex") is None and not CI:
        pytest.skip("pdflatex is not installed")
    (folder / "note.tex").write_text(tex, encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "note.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    log = done.stdout.decode("latin-1")
    assert done.returncode == 0, log[-2000:]
    return log


@pytest.mark.parametrize("note", [SMALL, EXAMPLE], ids=lambda path: path.name)
def test_pdflatex_sets_notes(note: Path, tmp_path: Path) -> None:
    log = pdflatex(output(note.read_text(encoding="utf-8"), "tex"), tmp_path)
    assert "Overfull" not in log


def test_every_formula_of_the_examples_is_read_by_math_core() -> None:
    for note in (SMALL, EXAMPLE):
        found = ran(note.read_text(encoding="utf-8"))
        blocks = tuple([part for answer in found.document.answers.values() for part in answer.content])
        texs = [one.tex for one in everything(blocks) if isinstance(one, Math | MathSpan)]  # type: ignore[arg-type]
        rows = [row for block in blocks if isinstance(block, Equations) for row in block.rows]
        texs += [tex for row in rows for tex in (row.left, row.right, row.beside, *pieces(row.right, 10)) if tex]
        assert len(texs) > 20
        for tex in texs:
            assert mathml("{} " + tex).startswith("<math")


@pytest.mark.parametrize("note", [SMALL, EXAMPLE], ids=lambda path: path.name)
def test_html_is_well_formed_and_without_scripts(note: Path) -> None:
    text = output(note.read_text(encoding="utf-8"), "html")
    html5lib = module("html5lib")
    tree = html5lib.HTMLParser(strict=True).parse(text)  # raises on any error of the syntax
    names = {element.tag.partition("}")[2] for element in tree.iter() if isinstance(element.tag, str)}
    assert "script" not in names
    assert {"math", "main", "figure" if note is SMALL else "table"} <= names
    attributes = {key for element in tree.iter() for key in element.attrib}
    assert not [key for key in attributes if str(key).startswith("on")]
    assert not re.search(r'\b(src|srcset|data|poster)="(?!data:)|@import|url\(|<link|<base', text)


def test_the_notebook_is_valid_and_its_outputs_are_what_running_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    text = output(SMALL.read_text(encoding="utf-8"), "ipynb")
    nbformat = module("nbformat")
    nbformat.validate(nbformat.reads(text, as_version=4))
    shown: list[dict[str, str]] = []
    fake = types.ModuleType("IPython.display")
    fake.Math = lambda tex: {"text/latex": f"$\\displaystyle {tex}$"}  # type: ignore[attr-defined]
    fake.SVG = lambda svg: {"image/svg+xml": svg}  # type: ignore[attr-defined]
    fake.display = shown.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    space: dict[str, Any] = {}
    count = 0
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] != "code":
            continue
        shown.clear()
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(cell["source"], space)
        streams = "".join(one["text"] for one in cell["outputs"] if one["output_type"] == "stream")
        assert ROUNDING.sub("#", out.getvalue()) == ROUNDING.sub("#", streams)
        data = [one["data"] for one in cell["outputs"] if one["output_type"] == "display_data"]
        assert [{key: value for key, value in one.items() if key != "text/plain"} for one in data] == shown
        count += bool(cell["outputs"])
    assert count >= 6


def test_markdown_is_read_back_as_the_same_words() -> None:
    again = read(output(SMALL.read_text(encoding="utf-8"), "md"))
    words = [one.text for one in everything(again.blocks) if isinstance(one, Text)]
    assert "Least squares" in words
    assert any("squared & halved" in text for text in words)
    assert not list(running.requests_of(again.blocks))


def test_drawings_are_files_beside_markdown(tmp_path: Path) -> None:
    files = written(ran("```matcalc graph at=x=2\nf = x*x\nx: scalar\n```"), "md", tmp_path / "note.md")
    assert list(files) == [str(tmp_path / "note.md"), str(tmp_path / "note-graph-1.svg")]
    assert "](<" not in str(files[str(tmp_path / "note.md")])
    assert "(note-graph-1.svg)" in str(files[str(tmp_path / "note.md")])


# --------------------------------------------------------------------------------------------------- in a browser
def browser() -> Any:
    """Chromium, driven by Playwright."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and not CI:
        pytest.skip("chromium is not installed")
    if not CI:
        pytest.importorskip("playwright")
    from playwright.sync_api import sync_playwright

    return sync_playwright(), found


@pytest.mark.parametrize("note", [SMALL, EXAMPLE], ids=lambda path: path.name)
def test_the_page_in_a_browser(note: Path, tmp_path: Path) -> None:
    driver, program = browser()
    page_file = tmp_path / "note.html"
    page_file.write_text(output(note.read_text(encoding="utf-8"), "html"), encoding="utf-8")
    told: list[str] = []
    with driver as playwright:
        chromium = playwright.chromium.launch(executable_path=program)
        for wide in (375, 1280):
            page = chromium.new_page(viewport={"width": wide, "height": 800})
            page.on("console", lambda message: told.append(message.text))
            page.goto(page_file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= wide
            boxes = page.evaluate(
                "[...document.querySelectorAll('math')].map(m => [m.getBoundingClientRect().width,"
                " m.getBoundingClientRect().height])"
            )
            assert len(boxes) > 15
            assert all(width > 0 and height > 0 for width, height in boxes)
            fractions = page.evaluate(  # a fraction is laid out as one: the numerator above the denominator
                "[...document.querySelectorAll('mfrac')].map(f => f.children[0].getBoundingClientRect().bottom"
                " <= f.children[1].getBoundingClientRect().top + 1)"
            )
            assert fractions
            assert all(fractions)
        chromium.close()
    assert told == []


# ------------------------------------------------------------------------------------------------------- hostile
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</style><script>", "\\input{/etc/passwd}",
    "\\write18{id}", "\\end{document}", "^^5cinput{x}", "100% $ & # _ ~ { } \\ ^", "[a](javascript:alert(1))",
    "![a](javascript:alert(1))", "[a](data:text/html;base64,AAAA)", "<a href='javascript:alert(1)'>x</a>",
    "&lt;script&gt; &#60;script&#62;", "`</code><script>`", "`\\input{x}`", "[x](https://a.b/\"onclick=\"alert(1))",
    '[x](https://a.b "\\"><script>")', "\x1b[2J \x00 \x7f", "\u202eabc", "a -- b --- c `` '' ?` !`", "]]> --> <!-- x",
    "| <b> | \\|\n|---|---|\n| `<i>` | x |", "<!-- made by --> <iframe src=//x>", "- <svg onload=alert(1)>",
    "> <math><mi xlink:href='javascript:alert(1)'>", "# <h1> \\section", "~~<s>~~ **<b>** *<i>*", "\\(x\\) \\[y\\]",
    "```\n\\end{verbatim}\\input{x}\n</pre><script>\n```", "```<script>\nx\n```", "    \\begin{x}\n    </pre>",
    "½ é ñ ø λ ∂s/∂W ✓ → “quoted” – dash",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_html(text: str) -> None:
    page = output(f"---\ntitle: {text.splitlines()[0]}\nauthor: {text.splitlines()[0]}\n---\n\n{text}\n", "html")
    tree = module("html5lib").HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    allowed = {
        "html", "head", "meta", "title", "style", "body", "main", "header", "p", "h1", "h2", "div", "table", "thead",
        "tbody", "tr", "th", "td", "pre", "code", "a", "ul", "ol", "li", "blockquote", "em", "strong", "s", "br",
    }  # fmt: skip
    for element in tree.iter():
        if isinstance(element.tag, str):
            assert element.tag in allowed
            assert not [key for key in element.attrib if key.startswith("on")]
            assert re.match(r"https?:|#|(?![a-z]+:)", element.attrib.get("href", ""), re.IGNORECASE)


def test_hostile_text_is_text_in_latex(tmp_path: Path) -> None:
    body = "\n\n".join(HOSTILE)
    tex = output(f"---\ntitle: 100% {{x}} \\input{{y}}\nauthor: a & b_c #1\n---\n\n{body}\n", "tex")
    inside = tex.partition("\\begin{document}")[2].rpartition("\\end{document}")[0]
    commands = set(re.findall(r"\\([A-Za-z]+)", inside))
    assert not commands & {"input", "write", "catcode", "def", "include", "openin", "csname"}
    assert "^^" not in inside
    pdflatex(tex, tmp_path)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_markdown(text: str) -> None:
    markdown_it = module("markdown_it")
    shown = markdown_it.MarkdownIt("commonmark", {"html": True}).render(output(f"{text}\n", "md"))
    shown = shown.replace("<!-- made by matcalc note 0.1.0 -->", "")
    tags = set(re.findall(r"<(!--|[a-z0-9]+)", shown))
    assert tags <= {"p", "em", "strong", "code", "pre", "a", "ul", "li", "blockquote", "h1", "br"}
    for address in re.findall(r'href="([^"]*)"', shown):
        assert not address.startswith(("javascript", "data"))


@pytest.mark.parametrize(
    "tex",
    [
        r"\input{x}", r"\write18{id}", r"\def\a{b}", r"\newcommand{\a}{b}", r"a % b", "a}", r"\end{document}",
        r"\href{javascript:x}{y}", r"\catcode`\%=1", "^^5cinput", r"\left(", r"\csname x\endcsname", r"\let\a\b",
        r"\\% x",
    ],
)  # fmt: skip
def test_mathematics_that_is_more_is_refused_with_its_place(tex: str) -> None:
    with pytest.raises(MatcalcError) as found:
        ran(f"# A\n\nThe formula ${tex}$ here.\n")
    assert (found.value.line, found.value.column) == (3, 14)
    assert "note.mc.md, line 3" in str(found.value)


@pytest.mark.parametrize("tex", [r"50\%", r"\frac{a}{b}", r"\begin{align}a&=b\\c&=d\end{align}", "∂s/∂α ∈ ℝ"])
def test_mathematics_is_passed_on(tex: str, tmp_path: Path) -> None:
    assert refusal(tex) is None
    assert "<math" in output(f"$$\n{tex}\n$$\n", "html")
    pdflatex(output(f"$$\n{tex}\n$$\n\nand ${'x' if 'begin' in tex else tex}$\n", "tex"), tmp_path)


# -------------------------------------------------------------------------------------------------------- errors
ERRORS = [
    ("text\n\n```matcalc\ns = x.T @ @ y\n```", 4, 11, "expected"),
    ("```matcalc\nz = W@x\n\n```\n\n- a\n\n  ```matcalc continues\n  s = u.T@W@q(\n  ```", 9, 14, ""),
    ("```matcalc derrive\ns = x\n```", 1, 12, "did you mean derive?"),
    ("```matcalc\ns = x.T@x\n```\n\n```matcalc derive wrt=y\n```", 5, 4, "no name y"),
    ("```matcalc derive wtr=x\nx.T@x\n```", 1, 19, "did you mean wrt?"),
    ("```matcalc derive wrt=x layout=row\nx.T@x\n```", 1, 25, "no layout 'row'"),
    ("```matcalc derive in=q\n```", 1, 22, "no program q"),
    ("`{mc: d W}`", 1, 2, "no program before this"),
    ("```matcalc name=a\nx.T@x\n```\n```matcalc name=a\nx\n```", 4, 17, "two programs a"),
    ("```matcalc\ns = x.T@x\n```\nand `{mc: d y}` so", 4, 6, "no name y"),
    ("```matcalc\ns = x.T@x\n```\nand `{mc: formula x.T@(}` so", 4, 23, ""),
    ("```matcalc\ns = x.T@x\n```\nand `{mc: dd x}` so", 4, 11, "no request 'dd'"),
    ("```matcalc\ns = x.T@x\n```\n\n```matcalc claim\nx = 2*xx\n```", 6, 7, "xx"),
    ("```matcalc\ns = x.T@x\n```\n\n```matcalc claim\n2*x\n```", 6, None, "NAME = FORMULA"),
    ("```matcalc\n```", 1, 4, "empty"),
    ("---\ntitel: a\n---\n", 2, 1, "did you mean title?"),
    ("---\nlayout: row\n---\n\n```matcalc derive wrt=x\nx.T@x\n```", 2, 1, "no layout 'row'"),
    ("---\ntitle\n---\n", 2, 1, "title: Gradients"),
    ("```matcalc\nA: matrix(n, d)\ns = A@x + A.T@y\n```", 3, None, "line 2"),
]


@pytest.mark.parametrize(("text", "line", "column", "words"), ERRORS)
def test_errors_point_into_the_note(text: str, line: int, column: int | None, words: str) -> None:
    with pytest.raises(MatcalcError) as found:
        ran(text)
    assert found.value.line == line, str(found.value)
    assert column in (None, found.value.column), str(found.value)
    assert words in str(found.value)
    assert str(found.value).splitlines()[-1].strip() == "^"


def test_a_language_that_there_is_not() -> None:
    with pytest.raises(MatcalcError, match="'fr'"):
        ran("---\nlang: fr\n---\n")


# -------------------------------------------------------------------------------------------------------- checks
WRONG = "```matcalc\ns = x.T@A@x\n```\n\n```matcalc claim{more}\nx = 2*A@x\n```\n"


def test_a_claim_that_fails_is_an_error_unless_it_is_meant_to() -> None:
    found = ran(WRONG.format(more=""))
    assert [failure.place.line for failure in found.failures] == [5]
    assert ran(WRONG.format(more=" expect=fail")).failures == []
    right = WRONG.format(more=" expect=fail").replace("2*A@x", "(A + A.T)@x")
    assert "expect=fail" in ran(right).failures[0].message
    both = right.replace("(A + A.T)@x\n", "(A + A.T)@x\nA = x@x.T + x@x.T\n")
    assert [failure.message[:2] for failure in ran(both).failures] == ["x:"]


def test_the_command_writes_nothing_where_a_check_failed(tmp_path: Path) -> None:
    note, page = tmp_path / "a.mc.md", tmp_path / "a.html"
    note.write_text(WRONG.format(more=""))
    result = run("note", str(note), "-o", str(page))
    assert result.exit_code == 1
    assert f"CHECK FAILED: {note}:5: x:" in result.stderr
    assert not page.exists()


def test_a_wrong_derivative_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from matcalc import checking
    from matcalc.verify.report import Report, VariableReport

    bad = VariableReport("x", passed=False, max_error=1.0, method="m", message="wrong", points=3)
    monkeypatch.setattr(checking, "check_derivation", lambda *a, **k: Report({"x": bad}, {}, []))
    assert [f.message for f in ran("```matcalc derive\nx.T@x\n```").failures] == ["x: wrong"]
    assert ran("```matcalc derive check=no\nx.T@x\n```").failures == []
    assert ran("```matcalc derive\nx.T@x\n```", check=False).failures == []


# --------------------------------------------------------------------------------------------------------- cache
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is derived and elaborated from now on."""
    from matcalc.notes import questions

    calls: list[str] = []
    for home, name in ((questions, "derive"), (running, "elaborate")):
        real = getattr(home, name)

        def spy(*args: Any, real: Any = real, name: str = name, **more: Any) -> Any:
            calls.append(name)
            return real(*args, **more)

        monkeypatch.setattr(home, name, spy)
    return calls


def test_a_second_run_derives_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    text = SMALL.read_text(encoding="utf-8")
    first = {form: written(ran(text, cache=Cache(tmp_path / "kept")), form, None) for form in FORMATS[:1]}
    assert calls.count("derive") > 5
    calls.clear()
    for form in FORMATS:
        again = Cache(tmp_path / "kept")
        found = written(ran("\n\n" + text if form == "md" else text, cache=again), form, None)
        assert again.misses == 0
        assert found == first.get(form, found)
    assert calls == []


def test_what_has_changed_is_run_again(tmp_path: Path) -> None:
    def misses(text: str, **options: Any) -> int:
        cache = Cache(tmp_path / "kept")
        ran(text, cache=cache, **options)
        return cache.misses

    text = "```matcalc\ns = x.T@A@x\n```\n`{mc: d x}` `{mc: d A}`\n\n```matcalc derive wrt=x\ny.T@x\n```\n"
    assert misses(text) == 4
    assert misses(text) == 0
    assert misses("more words\n\n" + text) == 0
    assert misses(text.replace("y.T@x", "y.T@(2*x)")) == 1
    assert misses(text.replace("x.T@A@x", "2*(x.T@A@x)")) == 3
    assert misses(text, language="zh") == 4
    assert misses(text.replace("wrt=x", "wrt=y")) == 1


DAMAGES = ["", "{", "[]", '{"value": 1}', "null", "\x00", '{"sum": 1, "value": {"content": 3}}']


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_cache_files_count_as_missing(damage: str, tmp_path: Path) -> None:
    text = "```matcalc derive\nx.T@x\n```\n"
    first = ran(text, cache=Cache(tmp_path))
    for path in tmp_path.glob("*.json"):
        path.write_text(damage)
    cache = Cache(tmp_path)
    again = ran(text, cache=cache)
    assert cache.misses == 1
    assert again.document.answers == first.document.answers


def test_a_changed_cache_file_is_not_believed(tmp_path: Path) -> None:
    text = "```matcalc derive\nx.T@x\n```\n"
    ran(text, cache=Cache(tmp_path))
    path = next(tmp_path.glob("*.json"))
    path.write_text(path.read_text().replace("2 x", "3 x"))
    assert "2 x" in str(ran(text, cache=Cache(tmp_path)).document.answers)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert ran("```matcalc derive\nx.T@x\n```\n", cache=Cache(tmp_path / "file" / "notes")).failures == []


def test_answers_are_read_back_as_they_were() -> None:
    for answer in ran(SMALL.read_text(encoding="utf-8")).document.answers.values():
        assert Answer.of(json.loads(json.dumps(answer.data()))) == answer
    for wrong in ({"Text": []}, {"Text": [1]}, {"No": ["x"]}, {"Paragraph": ["x", ""]}, {}):
        with pytest.raises(ValueError, match="not a document"):
            decoded(wrong)
    assert decoded(encoded(Paragraph((Text("a"),)))) == Paragraph((Text("a"),))


# ---------------------------------------------------------------------------------------------------- the command
def test_the_command_line(tmp_path: Path) -> None:
    page = tmp_path / "note.html"
    good("note", str(SMALL), "-o", str(page))
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    good("note", str(SMALL), "-o", str(page))  # its own product is replaced
    assert good("note", "-", "--to", "md", stdin="*a* b\n").endswith("*a* b\n")
    assert "--to" in refused("note", str(SMALL))
    assert "-o FILE.pdf" in refused("note", str(SMALL), "--to", "pdf")
    assert "No such file" in refused("note", str(tmp_path / "none.mc.md"), "--to", "md")
    assert "line 2, column 5" in refused("note", "-", "--to", "md", stdin="```matcalc\ns = (\n```")


def test_what_the_command_did_not_write_is_kept(tmp_path: Path) -> None:
    for form in FORMATS:
        path = tmp_path / f"mine.{form}"
        path.write_text("mine")
        assert "it exists; --force" in refused("note", str(SMALL), "-o", str(path))
        assert path.read_text() == "mine"
        good("note", str(SMALL), "-o", str(path), "--force")
        assert own_product(str(path), form)
    note = tmp_path / "mine.html"
    assert "the note itself" in refused("note", str(note), "-o", str(note), "--force")
    link = tmp_path / "link.html"
    link.symlink_to(tmp_path / "mine.html")
    assert "symbolic link" in refused("note", str(SMALL), "-o", str(link), "--force")
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["cache", "link.html", "mine-graph-1.svg", *[f"mine.{form}" for form in FORMATS]]
    )


def test_a_pdf(tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None and not CI:
        pytest.skip("pdflatex is not installed")
    for _ in range(2):
        good("note", str(SMALL), "-o", str(tmp_path / "note.pdf"))
    assert (tmp_path / "note.pdf").read_bytes().startswith(b"%PDF")


def test_a_pdf_without_tex_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "texlive-latex-base" in refused("note", str(SMALL), "-o", str(tmp_path / "a.pdf"))
    assert "texlive-lang-chinese" in refused("note", str(SMALL), "--lang", "zh", "-o", str(tmp_path / "a.pdf"))
    monkeypatch.setattr("sys.stdin", None)


def test_a_chinese_note() -> None:
    text = "---\nlang: zh\n---\n# 梯度\n\n```matcalc\ny: simplex(n)\ns = y.T@x\n```\n\n```matcalc steps wrt=x\n```\n"
    assert "其中" in output(text, "html")
    assert '<html lang="zh">' in output(text, "html")
    tex = output(text, "tex")
    assert "ctexart" in tex
    assert "xelatex" in tex.splitlines()[1]
    assert "由乘积法则" in output(text, "md")


def test_letters_that_pdflatex_has_not_ask_for_another_engine() -> None:
    assert "fontspec" in output("Привет\n", "tex")
    assert "ctex" in output("你好\n", "tex")
    assert "xelatex" not in output("Müller’s λ — ½ naïve Łódź\n", "tex")


# ------------------------------------------------------------------------------------------------------- formulas
def test_formulas_are_set_closer_where_they_are_not_tall() -> None:
    assert tightened(r"\left( x + y \right)^\top A") == r"(x + y)^\top A"
    assert tightened(r"\left( \frac{a}{b} \right)") == r"\left( \frac{a}{b} \right)"
    assert tightened(r"\left\| \left( x \right) \right\|") == r"\left\| (x) \right\|"
    assert tightened(r"\left( x \right) y") == r"(x)\, y"


def test_long_formulas_are_broken_before_operators_outside_brackets() -> None:
    parts = pieces(r"a + \left( b + c \right) d - \frac{e + f}{g}", 5)
    assert parts == ["a", r"+ \left( b + c \right) d", r"- \frac{e + f}{g}"]
    assert width(r"\frac{a}{b}") == 1


def test_a_long_formula_stays_within_the_paper(tmp_path: Path) -> None:
    terms = " + ".join([f"A{k}@x*x{k}" for k in range(1, 30)])
    tex = output(f"```matcalc\ns = {terms}\n```\n", "tex")
    assert "Overfull" not in pdflatex(tex, tmp_path)


def test_pictures_beside_the_note_are_put_into_the_page(tmp_path: Path) -> None:
    (tmp_path / "dot.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path.parent / "secret.png").write_bytes(b"secret")
    for address, inside in (("dot.png", True), ("../secret.png", False), ("/etc/passwd", False), ("a.txt", False)):
        document = read(f"![a dot]({address})\n", str(tmp_path / "note.mc.md"))
        page = str(written(running.run(document), "html", None)[None])
        assert ("<img src=\"data:image/png;base64,iVBOR" in page) == inside
        assert "a dot" in page


def test_steps_of_every_kind_are_shown() -> None:
    program = "```matcalc\nz = W@x + b\ns = u.T@f(z)\n```\n\n"
    for kind in ("steps", "derive steps=full", "steps style=differential", "steps policy=jacobian level=full"):
        text = output(f"{program}```matcalc {kind} wrt=W\n```\n", "tex")
        assert r"\frac{\partial s}{\partial W}" in text
        assert "product rule" in text
        assert "by sum" in text or "style" in kind
    assert "calculus" not in output(f"{program}```matcalc derive wrt=W\n```\n", "tex")


def test_defaults_of_the_head_hold_for_every_request() -> None:
    text = "---\nlayout: numerator\n---\n\n```matcalc derive wrt=x{more}\nx.T@A@x\n```\n"
    assert r"\mathbb{R}^{1 \times n}" in output(text.replace("{more}", ""), "md")
    assert r"\mathbb{R}^{n}" in output(text.replace("{more}", " layout=shape"), "md")


def test_a_program_is_continued_and_shown_once() -> None:
    text = (
        "```matcalc name=a\nz = W@x\n```\n\n```matcalc name=b\ns = y.T@y\n```\n\n"
        "```matcalc continues=a\nt = sum(z)\n```\n\nso `{mc: d x in=a}`, `{mc: d y in=b}`\n"
    )
    shown = output(text, "md")
    assert shown.count("z &= W x") == 1
    assert r"so $W^\top \mathbf{1}_{n}$, $2 y$" in shown


def test_what_stands_in_lists_points_to_its_columns() -> None:
    with pytest.raises(MatcalcError) as found:
        ran("1. a\n\n   > ```matcalc\n   > s = x @\n   > ```\n")
    assert (found.value.line, found.value.column) == (4, 13)


def test_what_is_nested_too_deep_is_refused_by_a_limit() -> None:
    for text in (f"${'{' * 300}x{'}' * 300}$\n", f"${'(' * 100_000}x$\n"):
        with pytest.raises(LimitError, match="200 levels") as found:
            ran(text)
        assert found.value.line == 1
    with pytest.raises(LimitError, match="200 levels"):
        tightened(r"\left( x " * 300 + r"\right)" * 300)
    assert output(">" * 1000 + " a\n", "html")
    with pytest.raises(LimitError, match="50 levels"):
        read("*" * 5000 + "a" + "*" * 5000 + "\n")
    assert output("[" * 3000 + "a" + "](b)" * 3000 + "\n", "md")


def test_a_formula_of_many_terms_is_set_in_all_formats() -> None:
    text = f"```matcalc\ns = {' + '.join([f'x{k}.T@x{k}' for k in range(400)])}\n```\n\n`{{mc: d x7}}`\n"
    for form in FORMATS:
        assert "x_{399}" in output(text, form) or form == "html"


def test_a_tensor_is_shown_in_its_vec_form_too() -> None:
    shown = output("```matcalc derive wrt=X\nY = A@X@B\n```\n", "md")
    assert r"\frac{\partial \operatorname{vec}(Y)}{\partial \operatorname{vec}(X)^\top} &= B^\top \otimes A" in shown


@pytest.mark.parametrize("package", ["mdit_py_plugins", "markdown_it", "math_core"])
def test_a_missing_package_is_told_with_what_to_install(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from matcalc.notes import markdown, mathematics

    for cached in (markdown._parser, mathematics._converter):
        cached.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    told = refused("note", "-", "--to", "md", stdin="$x$\n")
    assert f"notes need the package {package.replace('_', '-')}; pip install 'matcalculus[notes]'" in told

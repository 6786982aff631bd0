"""Texts that try to get out of where they stand: somebody else's parser reads what is written, and finds no more."""

from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest
from commands import good, refused, run
from markdown_it import MarkdownIt

TEXTS = {
    "script": "<script>alert(1)</script>",
    "attribute": "\"><img src=x onerror=alert(1)><svg/onload=alert(1)>",
    "single quotes": "' onmouseover='alert(1)",
    "address": "[x](javascript:alert(1)) ![y](data:text/html,<script>alert(1)</script>) <javascript:alert(1)>",
    "input": "\\input{/etc/passwd} \\openin0=/etc/passwd",
    "write18": "\\immediate\\write18{touch PWNED} \\directlua{os.execute('touch PWNED')}",
    "document": "\\end{document} \\catcode`\\%=12 ^^5cinput",
    "tex": "#1 & % ~ _ ^ { } \\\\ $ \\begin{verbatim}",
    "docstring": '""" ; import os ; os.system("touch PWNED") ; """',
    "python": "' + __import__('os').system('touch PWNED') + '",
    "format": "{0.__class__} %(x)s ${7*7} {{7*7}} %n",
    "cdata": "]]> --> <![CDATA[ <!-- <?php ?> <!DOCTYPE x>",
    "entity": "&lt;script&gt; &#60;script&#62; &amp; &nbsp",
    "dot": "\"]; evil [URL=\"javascript:alert(1)\"]; //",
    "mermaid": "\"]; click A \"javascript:alert(1)\"; %%{init: {}}%%",
    "shell": "$(touch PWNED) `touch PWNED` ; touch PWNED | touch PWNED",
    "markdown": "`` ` ``` ~~~ | a | b | *x* __y__ <b onclick=alert(1)>z</b>",
    "terminal": "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "bidirectional": "\u202egnp.exe\u2066 \u200b\ufeff",
    "breaks": "a\u2028b\u2029c\x85d\x0be\x0cf",
}
IDENTIFIERS = [
    "lambda", "class", "None", "True", "import", "print", "exec", "eval", "open", "len", "range", "float", "ValueError",
    "TypeError", "np", "numpy", "self", "value", "gradients", "keywords", "async", "match", "nan", "infinity", "alpha",
    "W_1", "x_", "dx", "t1", "end", "begin", "input", "graph", "subgraph", "node", "style", "click", "NULL", "a" * 60,
    "é", "e\u0301", "ﬁ", "µ", "ſ", "Κ", "К", "а", "שלום", "عدد", "𝐱", "ª", "x\u0302", "变量", "__class__",
    "__import__", "_",
]  # fmt: skip
FORMATS = ("text", "latex", "source", "indices", "json", "python")
ELEMENTS = {"script", "iframe", "object", "embed", "img", "form", "base", "link", "foreignObject", "b", "svg"}


def shown(text: str) -> bool:
    return all(c.isprintable() or c == "\n" for c in text)


def look(html: str, *, own: bool = False) -> ElementTree.Element:
    """The tree a browser makes of a page or a part of one; nothing in it acts."""
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    for element in tree.iter():
        if not isinstance(element.tag, str):  # a comment
            continue
        assert own or element.tag not in ELEMENTS, (element.tag, html)
        for name, value in element.attrib.items():
            assert not str(name).lower().startswith("on"), (name, value)
            assert not re.match(r"\s*(javascript|vbscript|data):", value, re.IGNORECASE), (name, value)
    return tree


def quoted(text: str) -> str:
    """A drawing for Graphviz or Mermaid without its strings: what is left is keywords, names and arrows."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', "", text)


@pytest.mark.parametrize("name", TEXTS)
def test_a_comment_reaches_no_output(name: str) -> None:
    commands = [("derive", "--format", form, "--wrt", "x") for form in FORMATS]
    commands += [("derive", "--steps"), ("code",), ("code", "--style", "gates"), ("latex", "--standalone")]
    commands += [("graph", "--format", form) for form in ("svg", "dot", "mermaid", "table")]
    for command in commands:
        plain = good(*command, "s = x.T@A@x # no\n")
        result = run(*command, f"s = x.T@A@x # {TEXTS[name]}\n")
        assert shown(result.stderr)
        if result.exit_code == 0:
            assert result.stdout == plain
        else:
            assert name in {"terminal", "bidirectional", "breaks"}
            assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize("name", TEXTS)
def test_a_message_sends_nothing_that_a_terminal_obeys(name: str) -> None:
    text = TEXTS[name]
    for command in [
        ("derive", text), ("derive", "x.T@x", "--of", text), ("derive", "x.T@x", "--wrt", text), ("derive", f"@{text}"),
        ("derive", "sum(f(x))", "--let", text), ("derive", "sum(f(x))", "--let", f"f={text}"), ("rules", text), (text,),
        ("check", "x.T@x", "--dims", text), ("check", "x.T@x", "--claim", text), ("graph", "x.T@x", "--at", text),
        ("check", "x.T@x", "--claim", f"x = {text} +"), ("graph", "x.T@x", "--at", f"x={text}"), ("note", text),
        ("derive", "x.T@x", "--format", text), ("derive", "x.T@x", f"--{text}"), ("code", "x.T@x", "--target", text),
        ("code", "x.T@x", "-o", f"/nonexistent/{text}", "--no-check"), ("check", "x.T@x", "--seed", text),
    ]:  # fmt: skip
        result = run(*command)
        assert result.exit_code == 2, (command, result.stdout)
        assert result.stdout == ""
        assert result.stderr.startswith("error: ")
        assert "Traceback" not in result.stderr
        assert shown(result.stderr), command


def note(text: str) -> str:
    cell = text.replace("|", "\\|")
    return (
        f"---\ntitle: {json.dumps(text, ensure_ascii=False)}\n---\n\n# Before {text}\n\n"
        f"Some {text} words\n\n- item {text}\n\n"
        f"| head {cell} |\n| --- |\n| cell {cell} |\n\n> said {text}\n\n"
        f"```matcalc name=p show=both\ns = x.T@A@x\n```\n\n```matcalc derive wrt=x\n```\n\n```python\n# {text}\n```\n"
    )


@pytest.mark.parametrize("name", TEXTS)
def test_a_note_shows_a_text_and_does_not_become_it(name: str, tmp_path: Path) -> None:
    source = tmp_path / "note.mc.md"
    source.write_text(note(TEXTS[name]), encoding="utf-8")
    made = {}
    for form in ("html", "md", "ipynb", "tex"):
        result = run("note", str(source), "--to", form, "--no-cache", "--no-check")
        assert shown(result.stderr)
        if result.exit_code:
            assert (result.exit_code, result.stdout) == (2, "")
            assert result.stderr.startswith("error: ")
            continue
        made[form] = result.stdout
        assert not set(result.stdout) & set("\x1b\x07\x9b\x85\x0b\x0c")
    if "html" in made:
        page = look(made["html"])
        if name in {"script", "input"}:
            assert f"Some {TEXTS[name]} words" in "".join(page.itertext())
    if "md" in made:
        look(MarkdownIt("commonmark", {"html": True}).enable("table").render(made["md"]))
    if "ipynb" in made:
        for cell in json.loads(made["ipynb"])["cells"]:
            if cell["cell_type"] == "markdown":
                look(MarkdownIt("commonmark", {"html": True}).enable("table").render("".join(cell["source"])))
            else:
                calls = [n for n in ast.walk(ast.parse("".join(cell["source"]))) if isinstance(n, ast.Call)]
                assert not [one for one in calls if "system" in ast.unparse(one.func)]
    assert made or name in {"terminal", "bidirectional", "breaks", "write18", "tex", "input", "document", "shell"}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_tex_sets_every_text_and_runs_none(tmp_path: Path) -> None:
    source, pdf = tmp_path / "note.mc.md", tmp_path / "note.pdf"
    said = []
    for text in TEXTS.values():
        source.write_text(f"Some {text} words\n", encoding="utf-8")
        if text.isascii() and run("note", str(source), "--to", "tex", "--no-cache").exit_code == 0:
            said.append(text)
    assert len(said) > 12
    source.write_text("\n\n".join([f"Some {text} words" for text in said]) + "\n", encoding="utf-8")
    good("note", str(source), "-o", str(pdf), "--no-cache")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note.mc.md", "note.pdf"]
    assert not Path("PWNED").exists()


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_a_name_is_refused_or_a_name_everywhere(name: str) -> None:
    source = f"{name}: vector(n); s = {name}.T@A@{name}"
    first = run("derive", source, "--wrt", "A", "--format", "json")
    if first.exit_code:
        assert (first.exit_code, first.stdout) == (2, "")
        assert shown(first.stderr)
        for command in (("code",), ("latex",), ("graph",), ("check",)):
            refused(*command, source)
        return
    data = json.loads(first.stdout)
    spelled = ({*data["shapes"]} - {"A", "s"}).pop()
    assert spelled.isidentifier()
    again = good("derive", f"{source}; t = 1", "--of", "s", "--wrt", spelled, "--format", "source")
    assert good("check", source, "--wrt", spelled, "--claim", f"{spelled} = {again.strip()}")
    for style in ((), ("--style", "gates")):
        module = ast.parse(good("code", source, *style))
        assert {type(one) for one in module.body} <= {ast.Expr, ast.Import, ast.Assign, ast.FunctionDef, ast.ClassDef}
    root = ElementTree.fromstring(good("graph", source, "--format", "svg"))
    assert not [one for one in root.iter() if one.tag.rpartition("}")[2] in {"script", "foreignObject", "a", "image"}]
    look(ElementTree.tostring(root, encoding="unicode"), own=True)
    for form in ("dot", "mermaid"):
        assert re.fullmatch(r"[\w\s{}\[\]();,=<>|:.%#&/^+*-]*", quoted(good("graph", source, "--format", form)))
    latex = good("latex", source, "--wrt", spelled)
    commands = set(re.findall(r"\\([A-Za-z]+)", latex))
    assert not commands & {"input", "include", "write", "immediate", "openin", "catcode", "def", "csname"}


@pytest.mark.parametrize("target", ["../../etc/x.py", "$(touch PWNED).py", "-o.py", "x;y.py", "<b>.py", "é.py"])
def test_a_file_has_the_name_that_was_given(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    monkeypatch.chdir(tmp_path / "in" / "deep")
    good("code", "x.T@x", "--no-check", f"--output={target}")
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert made == [(tmp_path / "in" / "deep" / target).resolve()]

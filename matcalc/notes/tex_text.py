"""Text for TeX: every character as itself, as a command, or told to need an engine that reads Unicode.

pdfTeX with the fonts of a plain installation sets Latin letters with their accents; Greek letters and the signs that
matcalc itself writes are set in mathematics.  Nothing passes that TeX could obey.
"""

from __future__ import annotations

import unicodedata

__all__ = ["is_cjk", "tex_mathematics", "tex_text"]

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\char34{}", "-": "-", "`": r"\char96{}", "'": "'", "\n": " ", "\t": "    ",
    "\u00a0": "~", "“": "``", "”": "''", "‘": "`", "’": "'", "„": r"\quotedblbase{}", "–": "--", "—": "---",
    "…": r"\dots{}", "§": r"\S{}", "©": r"\copyright{}", "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}",
    "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "¡": "!`", "¿": "?`",
    "\u2009": r"\,", "\u202f": r"\,", "\u200b": "", "\ufe0f": "", "\ufeff": "{}", "\ufffd": "?",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip
_MATHEMATICS = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "ζ": r"\zeta", "η": r"\eta",
    "θ": r"\theta", "ι": r"\iota", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "µ": r"\mu", "ν": r"\nu", "ξ": r"\xi",
    "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "υ": r"\upsilon", "φ": r"\varphi", "χ": r"\chi",
    "ψ": r"\psi", "ω": r"\omega", "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi",
    "Π": r"\Pi", "Σ": r"\Sigma", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", "∂": r"\partial", "∇": r"\nabla",
    "×": r"\times", "·": r"\cdot", "⊙": r"\odot", "⊘": r"\oslash", "⊗": r"\otimes", "÷": r"\div", "±": r"\pm",
    "−": "-", "→": r"\to", "←": r"\leftarrow", "⇒": r"\Rightarrow", "↦": r"\mapsto", "≤": r"\leq", "≥": r"\geq",
    "≠": r"\neq", "≈": r"\approx", "≡": r"\equiv", "∞": r"\infty", "∈": r"\in", "∑": r"\sum", "∏": r"\prod",
    "√": r"\surd", "′": r"^{\prime}", "″": r"^{\prime\prime}", "‖": r"\|", "ᵀ": r"^{\top}", "⊤": r"\top", "⁻": "^{-}",
    "°": r"^{\circ}", "ℝ": r"\mathbb{R}", "¬": r"\neg", "∀": r"\forall", "∃": r"\exists", "✓": r"\checkmark",
    "✗": r"\times", "•": r"\bullet", "⟨": r"\langle", "⟩": r"\rangle", "∘": r"\circ", "½": r"\tfrac12",
}  # fmt: skip
_MATHEMATICS |= {letter: f"_{{{place}}}" for place, letter in enumerate("₀₁₂₃₄₅₆₇₈₉")}
_MATHEMATICS |= {letter: f"^{{{place}}}" for place, letter in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
_MATHEMATICS |= {letter: f"_{{{name}}}" for letter, name in zip("ₙₘₖᵢⱼₓₐₑₕₗₚₛₜ", "nmkijxaehlpst", strict=True)}


def tex_text(text: str, beyond: set[str]) -> str:
    r"""Words for TeX; characters that only Unicode engines can set are added to ``beyond`` and stay.

    >>> left = set()
    >>> print(tex_text("50% of Müller's λ: \\input{x}", left), left)
    50\% of M\"{u}ller's \ensuremath{\lambda}: \textbackslash{}input\{x\} set()
    """
    apart = text.replace("--", "-\ufeff-").replace("--", "-\ufeff-")  # no dash is made of hyphens
    return "".join([_character(c, beyond) for c in apart])


def _character(c: str, beyond: set[str]) -> str:
    special = _SPECIAL.get(c)
    if special is not None:
        return special
    if c.isascii():
        return c if c.isprintable() else " "
    command = _MATHEMATICS.get(c)
    if command is not None:
        return rf"\ensuremath{{{command}}}"
    base, *accents = list(unicodedata.normalize("NFD", c))
    if len(accents) == 1 and base.isascii() and base.isalpha() and accents[0] in _ACCENTS:
        letter = {"i": r"\i", "j": r"\j"}.get(base, base) if accents[0] != "\u0327" else base
        return rf"\{_ACCENTS[accents[0]]}{{{letter}}}"
    if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return " "
    if unicodedata.category(c) == "Zs":
        return "~"
    beyond.add(c)
    return c


def tex_mathematics(tex: str, beyond: set[str]) -> str:
    r"""A formula for TeX, Unicode letters and signs as commands.

    >>> print(tex_mathematics("∂s/∂α", set()))
    {\partial}s/{\partial}{\alpha}
    """
    parts = []
    for c in tex:
        command = _MATHEMATICS.get(c)
        if c.isascii() or command is None:
            parts.append(c if c.isascii() else _character(c, beyond).join((r"\text{", "}")))
        else:
            parts.append(f"{{{command}}}" if not command.startswith(("^", "_")) else command)
    return "".join(parts)


def is_cjk(c: str) -> bool:
    """Whether a character is Chinese, Japanese or Korean, or a mark of their typography."""
    return unicodedata.east_asian_width(c) in "WF"

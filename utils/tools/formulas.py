"""Formulas as MathML, which browsers draw and screen readers read out.

Slides use it, and Sphinx loads it as an extension (docs/conf.py) for formulas
of the site. Browsers need a font that knows how roots and sums grow, and not
every computer has one, so the pages bring formulas.woff2 along: STIX Two Math
2.11 (SIL Open Font License 1.1, https://github.com/stipub/stixfonts), which
fontTools has cut down to the letters and signs that formulas here may use.
"""

import functools
import re
from pathlib import Path

from utils.tools import UsageError, find_package

FONT = Path(__file__).with_name("formulas.woff2")


@functools.cache
def _load_converter():
    find_package("math-core")
    import math_core

    return math_core.LatexToMathML(fancy_error=False), math_core.LatexError


def make_mathml(latex: str, *, is_block: bool = False) -> str:
    r"""Return a formula as a MathML element.

    Parameters
    ----------
    latex : str
        Without dollar signs.
    is_block : bool
        Whether it stands on a line of its own.

    Raises
    ------
    UsageError
        If a command is not known, or the formula is broken; or if the package
        math-core is missing.

    Examples
    --------
    >>> make_mathml(r"x \le 2")
    '<math><mi>x</mi><mo>≤</mo><mn>2</mn></math>'
    """
    converter, error = _load_converter()
    latex = latex.strip()
    try:
        return converter.convert_with_local_state(latex, displaystyle=is_block)
    except error as reason:
        raise UsageError(
            f"no formula that can be shown: {latex!r}, at letter {reason}"
        ) from None


def make_inline(latex: str) -> str:
    """Return a formula within a line, as HTML.

    No line ends between it and a sign such as a full stop after it.

    Raises
    ------
    UsageError
        As `make_mathml` says.
    """
    word_joiner = "\u2060"
    return make_mathml(latex) + word_joiner


def make_block(latex: str) -> str:
    r"""Return a formula on a line of its own, as HTML.

    What ``\qquad`` sets apart stands below each other on a narrow screen; what
    is still too wide there scrolls, by the keys too.

    Parameters
    ----------
    latex : str
        Without dollar signs; ``\qquad`` not inside of braces.

    Raises
    ------
    UsageError
        As `make_mathml` says.
    """
    parts = re.split(r"(?:\\qquad\s*)+", latex)
    formulas = "".join(make_mathml(part, is_block=True) for part in parts)
    return f'<span class="formula" tabindex="0">{formulas}</span>'


def setup(app) -> dict:
    """Have Sphinx write formulas as MathML."""
    from docutils.nodes import SkipNode
    from sphinx.errors import SphinxError

    def write(translator, node):
        is_block = node.tagname == "math_block"
        make = make_block if is_block else make_inline
        try:
            translator.body.append(make(node.astext()))
        except UsageError as error:
            raise SphinxError(f"{node.source}: {error}") from None
        raise SkipNode

    app.add_html_math_renderer("mathml", (write, None), (write, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

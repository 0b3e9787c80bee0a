"""The glossary: docs/glossary.md as a page, and links to it from lessons."""

import re
from html import escape
from typing import NamedTuple

from utils.tools import UsageError

# What a link must not be put into: code, formulas, links and images, HTML,
# headings, tables.
KEPT = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$(?:[^$\n]|\n(?!\n))+\$|!?\[[^\]]*\]\([^)]*\)"
    r"|<summary>.*?</summary>|<[^>]*>|^#.*?$|^\|.*?$",
    re.DOTALL | re.MULTILINE,
)
CODE = re.compile(r"`([^`]+)`")


class Term(NamedTuple):
    """An entry of the glossary."""

    english: str
    spanish: str
    chinese: str
    meaning: str
    lessons: tuple[int, ...]

    @property
    def anchor(self) -> str:
        """The entry's place on the page."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.english.lower())

    @property
    def names(self) -> list[str]:
        """What the term is called in a text, the longest first.

        Examples
        --------
        >>> Term("long short-term memory (LSTM)", "", "", "", ()).names
        ['long short-term memory', 'LSTM']
        >>> Term("code, latent vector", "", "", "", ()).names
        ['latent vector', 'code']
        """
        names = re.split(r"\s*[,()]\s*", self.english)
        return sorted(filter(None, names), key=len, reverse=True)


def read_terms(text: str) -> list[Term]:
    """Read the table of the glossary.

    Raises
    ------
    UsageError
        If a row has not five columns, or the last one no numbers.
    """
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    terms = []
    for line in lines[1:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        try:
            *words, numbers = cells
            lessons = tuple(int(number) for number in numbers.split(","))
            terms.append(Term(*words, lessons))
        except (TypeError, ValueError):
            raise UsageError(
                "docs/glossary.md needs five columns in each row, the last "
                f"one numbers of lessons: {line}"
            ) from None
    return terms


def make_glossary(text: str, lessons: dict[int, str]) -> str:
    """Return the page of the glossary: a list that reads on a phone, too.

    Parameters
    ----------
    text : str
        docs/glossary.md.
    lessons : dict of int to str
        The name of each lesson, by its number.
    """
    before, _, _ = text.partition("\n| ")
    entries = []
    for term in read_terms(text):
        links = ", ".join(
            f'<a href="lessons/{lessons[number]}.html">{number}</a>'
            for number in term.lessons
            if number in lessons
        )
        meaning = CODE.sub(r"<code>\1</code>", escape(term.meaning))
        entries.append(
            f'<div id="{term.anchor}"><dt>{escape(term.english)}</dt>'
            f'<dd lang="es">{escape(term.spanish)}</dd>'
            f'<dd lang="zh-Hans">{escape(term.chinese)}</dd>'
            f'<dd class="meaning">{meaning}</dd>'
            f'<dd class="where">Lesson {links}</dd></div>'
        )
    entries = "\n".join(entries)
    return f'{before}\n\n<dl class="glossary">\n{entries}\n</dl>\n'


def link_terms(source: str, terms: list[Term]) -> str:
    """Link the first mention of each term in a Markdown text.

    Parameters
    ----------
    source : str
    terms : list of Term
        Those that are linked are removed from the list.

    Examples
    --------
    >>> epoch = Term("epoch", "", "", "", (1,))
    >>> link_terms("An epoch, `epoch`.", [epoch])
    'An <a class="term" href="../glossary.html#term-epoch">epoch</a>, `epoch`.'
    """
    for term in list(terms):
        names = "|".join(re.escape(name) for name in term.names)
        word = re.compile(rf"(?<![\w-])(?:{names})s?(?![\w-])", re.IGNORECASE)
        start = 0
        spans = [match.span() for match in KEPT.finditer(source)]
        for left, right in [*spans, (len(source), len(source))]:
            if found := word.search(source, start, left):
                link = (
                    f'<a class="term" href="../glossary.html#{term.anchor}">'
                )
                source = (
                    source[: found.start()]
                    + f"{link}{found[0]}</a>"
                    + source[found.end() :]
                )
                terms.remove(term)
                break
            start = right
    return source

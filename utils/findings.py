"""What a lesson found: a table for the reader, and measures for the runner."""

import html
import math
import textwrap

import numpy as np
from IPython.display import display

# What the runner reads. JupyterLab shows none of the two.
FINDINGS_TYPE = "application/vnd.autoencoder.findings+json"
METRICS_TYPE = "application/vnd.autoencoder.metrics+json"
HOLDS = "holds"
DOES_NOT_HOLD = "does not hold here"


class Findings:
    """A list of claims, each checked against the numbers of this run.

    A claim that does not hold raises nothing: with changed settings the table
    is the result of an experiment.

    Attributes
    ----------
    rows : list of dict
        For each finding `claim` (str), `holds` (bool) and `numbers` (str).

    Examples
    --------
    >>> findings = Findings()
    >>> findings.add("the model beats PCA", 0.10 < 0.12, "0.10, PCA 0.12")
    >>> findings.rows[0]["holds"]
    True
    >>> print(findings)
    finding              verdict  numbers
    -------------------  -------  --------------
    the model beats PCA  holds    0.10, PCA 0.12
    <BLANKLINE>
    1 of 1 findings holds with these settings.
    """

    def __init__(self):
        self.rows = []

    def add(self, claim: str, holds: bool, numbers: str = "") -> None:
        """Add a finding.

        Parameters
        ----------
        claim : str
            One sentence.
        holds : bool
            Whether the numbers of this run agree with it. A comparison with
            NaN is False, so a diverged training makes its claims fail.
        numbers : str
            What the condition was computed from, for the reader.

        Raises
        ------
        TypeError
            If `holds` is an array of several truth values.
        """
        try:
            holds = bool(holds)
        except ValueError:
            raise TypeError(
                f"the condition of {claim!r} has several truth values: "
                "put .all() or .any() behind it"
            ) from None
        self.rows.append(
            {"claim": str(claim), "holds": holds, "numbers": str(numbers)}
        )

    def show(self) -> None:
        """Display the table."""
        display(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/plain": str(self),
            "text/html": self._make_html(),
            FINDINGS_TYPE: self.rows,
        }

    def _summarize(self):
        count = sum(row["holds"] for row in self.rows)
        verb = "holds" if count == 1 else "hold"
        return (
            f"{count} of {len(self.rows)} findings {verb} with these settings."
        )

    def __repr__(self):
        return str(self)

    def __str__(self):
        lines = [("finding", "verdict", "numbers")]
        for row in self.rows:
            verdict = HOLDS if row["holds"] else DOES_NOT_HOLD
            lines.append((row["claim"], verdict, row["numbers"]))
        claim_width = min(44, max(len(line[0]) for line in lines))
        verdict_width = max(len(line[1]) for line in lines)
        numbers_width = max(len(line[2]) for line in lines)
        rule = ("-" * claim_width, "-" * verdict_width, "-" * numbers_width)
        lines.insert(1, rule)
        text = []
        for claim, verdict, numbers in lines:
            parts = textwrap.wrap(claim, claim_width) or [""]
            text.append(
                f"{parts[0]:{claim_width}}  {verdict:{verdict_width}}  "
                f"{numbers}".rstrip()
            )
            text.extend(parts[1:])
        return "\n".join([*text, "", self._summarize()])

    def _make_html(self):
        lines = []
        for row in self.rows:
            verdict = HOLDS if row["holds"] else DOES_NOT_HOLD
            mark = "&#10003;" if row["holds"] else "&#10007;"
            cells = [html.escape(row["claim"]), html.escape(row["numbers"])]
            weight = "normal" if row["holds"] else "bold"
            lines.append(
                f'<tr><td style="text-align: left">{cells[0]}</td>'
                f'<td style="text-align: left; font-weight: {weight}; '
                f'white-space: nowrap">{mark} {verdict}</td>'
                f'<td style="text-align: left">{cells[1]}</td></tr>'
            )
        head = "".join(
            f'<th style="text-align: left">{name}</th>'
            for name in ("finding", "verdict", "numbers")
        )
        return (
            f"<table><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(lines)}</tbody></table>"
            f"<p>{self._summarize()}</p>"
        )


class Metrics:
    """Measures of a lesson, which a notebook shows as one line."""

    def __init__(self, values: dict[str, float | None]):
        self.values = values

    def __repr__(self):
        return f"For the scoreboard of the course: {len(self.values)} measures"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), METRICS_TYPE: self.values}


def leave_metrics(**metrics: float) -> None:
    """Leave the measures of a lesson for the scoreboard.

    The runner finds them in the executed notebook. A reader sees one line.

    Parameters
    ----------
    **metrics : int or float
        By name. `ours_test_mse`, `baseline_test_mse`, `recipe_test_mse` and
        `tutorial_test_mse` stand beside each other on the scoreboard; other
        names are kept, but not shown there. Numbers of NumPy, TensorFlow and
        Keras are taken too. NaN and infinity, which a training that diverged
        leaves, are kept as None.

    Raises
    ------
    TypeError
        If a value is not a number.

    Examples
    --------
    >>> leave_metrics(ours_test_mse=0.25, baseline_test_mse=0.5)
    For the scoreboard of the course: 2 measures
    """
    values = {}
    for name, value in metrics.items():
        array = np.asarray(value)
        if array.size != 1 or array.dtype.kind not in "fiub":
            raise TypeError(f"the metric {name} is {value!r}, not a number")
        number = array.item()
        values[name] = number if math.isfinite(number) else None
    display(Metrics(values))

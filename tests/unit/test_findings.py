"""Tests of utils.findings: what a reader sees and what the runner reads."""

from utils.backend import tf
from utils.findings import (
    FINDINGS_TYPE,
    METRICS_TYPE,
    Findings,
    leave_metrics,
)

import numpy as np
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Return what a notebook's shell publishes."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell.instance()
    shell.display_pub = CapturingDisplayPublisher()
    yield shell.display_pub.outputs
    InteractiveShell.clear_instance()


def test_a_table_says_what_holds(published):
    findings = Findings()
    findings.add("a < b", 1 < 2, "1, 2")
    findings.add("<b> is bold", False, "x & y")
    findings.show()
    (output,) = published
    data = output["data"]
    assert data[FINDINGS_TYPE] == [
        {"claim": "a < b", "holds": True, "numbers": "1, 2"},
        {"claim": "<b> is bold", "holds": False, "numbers": "x & y"},
    ]
    for text in (data["text/plain"], data["text/html"]):
        assert text.count("does not hold here") == 1
        assert "1 of 2 findings holds with these settings" in text
    assert "&lt;b&gt; is bold" in data["text/html"]
    assert "x &amp; y" in data["text/html"]


def test_lines_of_a_table_are_aligned():
    findings = Findings()
    findings.add("short", True, "1")
    findings.add("a claim of many words " * 4, False, "2")
    header, rule, first, *_ = str(findings).splitlines()
    place = header.index("verdict")
    assert first[place:].startswith("holds")
    assert rule[place - 2 : place] == "  "
    assert max(len(line) for line in str(findings).splitlines()) < 79


@pytest.mark.parametrize(
    ("holds", "expected"),
    [
        (np.True_, True),
        (tf.constant(False), False),
        (np.array([True]), True),
        (float("nan") < 1, False),
        ((np.array([1, 2]) < 3).all(), True),
    ],
)
def test_any_single_truth_value_is_taken(holds, expected):
    findings = Findings()
    findings.add("a claim", holds)
    assert findings.rows[0]["holds"] is expected


def test_an_array_of_truth_values_is_refused():
    with pytest.raises(TypeError, match=r"\.all\(\)"):
        Findings().add("each is small", np.array([1, 2]) < 3)


def test_measures_are_plain_numbers(published):
    leave_metrics(
        a=1,
        b=0.5,
        c=np.float32(0.25),
        d=tf.constant(3),
        e=np.nan,
        f=float("inf"),
    )
    (output,) = published
    metrics = output["data"][METRICS_TYPE]
    assert metrics == {
        **{"a": 1, "b": 0.5, "c": 0.25, "d": 3, "e": None, "f": None}
    }
    assert [type(metrics[name]) for name in "acd"] == [int, float, int]
    # A reader sees one line, and no numbers.
    assert output["data"]["text/plain"] == (
        "For the scoreboard of the course: 6 measures"
    )


@pytest.mark.parametrize("value", ["1", None, [1, 2], np.ones(2)])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match="metric a is"):
        leave_metrics(a=value)

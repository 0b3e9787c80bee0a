"""The table of results in README is what a full run has measured."""

import json
import re

from utils.tools import results
from utils.tools.lessons import ROOT, find_lessons
from utils.tools.results import ROWS, make_results_table, read_table

import pytest

RESULTS = json.loads(results.RESULTS.read_text("utf-8"))
README = results.README.read_text("utf-8")
# Of these, less is worse.
MORE_IS_BETTER = ("psnr", "votes", "precision", "images_per_s")


def test_readme_shows_the_committed_results():
    assert read_table(README)[1] == make_results_table(RESULTS), (
        "README's table is out of date: run `make results`"
    )


def test_what_readme_links_to_is_there():
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", README)
    assert len(targets) > 9 and any(x.endswith(".png") for x in targets)
    assert not [x for x in targets if not (ROOT / x).exists()]


def test_all_lessons_were_run():
    assert set(RESULTS["lessons"]) == set(find_lessons())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.measure)
def test_ours_is_better(row):
    (metrics,) = [
        lesson["metrics"]
        for name, lesson in RESULTS["lessons"].items()
        if name.startswith(row.lesson)
    ]
    ours = metrics[f"ours_{row.metric}"]
    others = [row.printed]
    if row.today:
        others.append(metrics[row.today])
    if row.pair:
        pair = RESULTS["recipes"][row.pair]
        others.append(pair["bce"])
        assert 3 < pair["faster"] < 300
    if row.baseline:
        others.append(metrics[f"baseline_{row.metric}"])
    sign = 1 if any(word in row.metric for word in MORE_IS_BETTER) else -1
    for other in others:
        assert other is None or sign * ours > sign * other


def test_the_whole_course_takes_half_an_hour():
    seconds = [lesson["seconds"] for lesson in RESULTS["lessons"].values()]
    assert 300 < sum(seconds) / 2 < 35 * 60, "two at a time"

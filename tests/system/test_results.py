"""`make results` writes what a full run has measured, into README too."""

import ast
import json
import re

from utils.tools import UsageError, results
from utils.tools.lessons import (
    ROOT,
    find_cells,
    find_lessons,
    read_lessons,
)
from utils.tools.results import (
    ROWS,
    collect,
    find_rival_metric,
    make_results_table,
    read_table,
)

import pytest

README = results.README.read_text("utf-8")
LESSONS = read_lessons()
BENCH = {
    "recipes": {
        "pairs": {
            "simple": {
                "theirs": {"seconds": 90.0, "bce": 0.1022},
                "ours": {"short_seconds": 3.0},
            },
            "sparse": {
                "theirs": {"seconds": 90.0, "bce": 0.1},
                "ours": {"seconds": 3.0},  # it never got there
            },
        }
    }
}


def make_board(**changed):
    """Return a scoreboard of a full run, in which each lesson may change."""
    board = []
    for name in find_lessons():
        metrics = {}
        for row in ROWS:
            if row.lesson == name[:2]:
                metrics[f"ours_{row.metric}"] = 0.5
                metrics[find_rival_metric(row)] = 0.75
        line = {"lesson": name, "name": name, "metrics": metrics}
        line |= {"status": "finished", "parameters": {"mode": "full"}}
        line |= {"seconds": 10.4, "peak_memory_bytes": 10**9}
        board.append(line | changed)
    return board


def find_rows(table, lesson):
    """Return the cells of a lesson's lines in the table."""
    lines = [line[2:-2].split(" | ") for line in table.splitlines()]
    place = next(i for i, line in enumerate(lines) if f"[{lesson}]" in line[0])
    return lines[place]


def test_readme_shows_the_committed_results():
    committed = json.loads(results.RESULTS.read_text("utf-8"))
    assert read_table(README)[1] == make_results_table(committed), (
        "README's table is out of date: run `make results`"
    )


def test_what_readme_links_to_is_there():
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", README)
    assert len(targets) > 9 and any(x.endswith(".png") for x in targets)
    assert not [x for x in targets if not (ROOT / x).exists()]


def test_the_table_takes_each_figure_from_the_lesson():
    board = make_board()
    board[1]["metrics"]["tutorial_test_bce_nats"] = 0.3125
    board[5]["metrics"]["recipe_test_mse"] = 0.0625
    table = make_results_table(collect(board, BENCH))
    ours, rival, printed, recipe, faster = find_rows(table, "02")[2:]
    assert (ours, rival[:7]) == ("0.5000", "0.7500 ")
    assert (printed[:7], recipe) == ("0.3125 ", "0.1022")
    assert faster == "30 times"
    assert find_rows(table, "06")[4:6] == ["", "0.0625"]
    assert find_rows(table, "04")[5] == "", "a pair that was not reached"


def test_a_tutorial_and_a_rival_have_names():
    table = make_results_table(collect(make_board(), BENCH))
    for row in ROWS:
        line = next(x for x in table.splitlines() if f"| {row.measure} |" in x)
        assert not row.rival or row.rival in line
        assert not row.source or row.source in line


@pytest.mark.parametrize(
    "changed", [{"status": "failed"}, {"parameters": {"mode": "fast"}}]
)
def test_only_a_full_run_will_do(changed):
    board = make_board()
    board[3] |= changed
    with pytest.raises(UsageError, match="04_.*--mode full"):
        collect(board, BENCH)


def test_a_lesson_that_was_not_run_is_named():
    with pytest.raises(UsageError, match="02, 03.*--mode full"):
        collect(make_board()[:1] + make_board()[3:], BENCH)


def test_without_a_run_it_says_what_to_call(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "FULL", tmp_path)
    assert results.main() == 2
    assert "--mode full" in capsys.readouterr().err
    (tmp_path / "scoreboard.json").write_text("[]")
    monkeypatch.setattr(results, "BUILD", tmp_path)
    assert results.main() == 2
    assert "make bench" in capsys.readouterr().err


def test_it_writes_table_figures_and_pictures(
    tmp_path, pretended, monkeypatch
):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{results.MARKS[0]}old{results.MARKS[1]}after")
    monkeypatch.setattr(results, "README", readme)
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(results, "PICTURES", tmp_path / "images")
    for path in pretended.iterdir():
        (tmp_path / path.name).symlink_to(path)
    board, bench = tmp_path / "scoreboard.json", tmp_path / "bench.json"
    board.write_text(json.dumps(make_board()))
    bench.write_text(json.dumps(BENCH))
    results.write_results(board, bench)
    before, table, after = read_table(readme.read_text("utf-8"))
    assert (before, after) == ("before\n", "after")
    kept = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert table == make_results_table(kept)
    pictures = {path.name for path in (tmp_path / "images").iterdir()}
    assert pictures == {"05.png"}
    readme.write_text("no marks")
    with pytest.raises(UsageError, match="README"):
        results.write_results(board, bench)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((None, ""), (0, "0"), (0.08437, "0.0844"), (0.99996, "1.0000")),
        *((1, "1.00"), (18.364, "18.36"), (199.9, "199.90")),
        *((200, "200"), (208.6, "209"), (320_241.4, "320,241")),
    ],
)
def test_a_figure_has_as_many_digits_as_tell_something(value, shown):
    assert results.show(value) == shown


def is_of_tutorial(key):
    return (key or "").startswith("tutorial_")


def find_constant(lesson, name):
    """Return what a statement of a lesson assigns to a name."""
    (value,) = (
        node.value
        for _, cell in find_cells(lesson, "code")
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == name
    )
    return value


@pytest.mark.parametrize("name", LESSONS)
def test_what_tutorials_print_is_in_the_table_as_in_the_lesson(name):
    """A measure `tutorial_...` is a number that its author read somewhere."""
    printed = {}
    for node in ast.walk(ast.parse(LESSONS[name].cells[-1].source)):
        if isinstance(node, ast.keyword) and is_of_tutorial(node.arg):
            value = node.value
            if isinstance(value, ast.Name):
                value = find_constant(LESSONS[name], value.id)
            printed[node.arg] = ast.literal_eval(value)
    known = json.loads(results.RESULTS.read_text("utf-8"))["lessons"][name]
    kept = {
        key: value
        for key, value in known["metrics"].items()
        if is_of_tutorial(key)
    }
    assert printed == kept, "call `make results` after a full run"

"""Checks of exercises judge right and wrong answers, written any way.

tests/lessons/answers/NN_topic.py holds, for each exercise of a lesson, RIGHT
and WRONG: a dict from the function's name to a list of sources that could
stand in place of the stub. A lesson's check has to call all of the first
right, and none of the second.

No lesson is executed for it: an answer sees the lesson's imports, constants,
functions and classes, and nothing that was loaded or trained. So these tests
also show that a check needs nothing of the lesson but those.
"""

import contextlib
import functools
import io
import runpy
from pathlib import Path

from utils.tools.exercises import find_exercises
from utils.tools.lessons import read_lessons

import pytest
from definitions import execute_definitions

FOLDER = Path(__file__).with_name("answers")
# So many answers an exercise has at least. Further ones are judged nightly.
LEAST = {"RIGHT": 6, "WRONG": 10}
LESSONS = read_lessons()


def find_checks(name):
    """Return the exercises of a lesson, by the function they ask for."""
    exercises = find_exercises(LESSONS[name], name)
    return {exercise.function: exercise for exercise in exercises}


def read_answers(name):
    path = FOLDER / f"{name}.py"
    return runpy.run_path(str(path)) if path.exists() else None


def list_answers():
    for name in LESSONS:
        answers = read_answers(name)
        if answers is None:
            continue
        for function in find_checks(name):
            for kind, least in LEAST.items():
                for i in range(len(answers[kind].get(function, []))):
                    yield pytest.param(
                        *(name, function, kind, i),
                        id=f"{name}-{function}-{kind.lower()}-{i}",
                        marks=[pytest.mark.slow] if i >= least else [],
                    )


@functools.cache
def make_scope(name):
    return execute_definitions(LESSONS[name], name)


def judge(name, function, source):
    """Return the line that the check prints for an answer."""
    scope = dict(make_scope(name))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(source, f"{name}: {function}", "exec"), scope)
        exec(find_checks(name)[function].check.source, scope)
    lines = [
        line
        for line in printed.getvalue().splitlines()
        if line.startswith(f"{function}: ")
    ]
    assert len(lines) == 1, printed.getvalue()
    return lines[0].removeprefix(f"{function}: ")


@pytest.mark.parametrize(
    ("name", "function", "kind", "i"), list(list_answers())
)
def test_answer_is_judged_rightly(name, function, kind, i):
    source = read_answers(name)[kind][function][i]
    verdict = judge(name, function, source)
    if kind == "RIGHT":
        assert verdict == "right", source
    else:
        assert verdict.startswith("not yet, "), f"{verdict}\n{source}"


@pytest.mark.parametrize("name", LESSONS)
def test_solution_is_right_without_the_lesson(name):
    for function, exercise in find_checks(name).items():
        assert judge(name, function, exercise.solution) == "right"
        assert judge(name, function, exercise.stub.source) == "not attempted"


@pytest.mark.parametrize("name", LESSONS)
def test_each_exercise_has_answers(name):
    answers = read_answers(name) or {"RIGHT": {}, "WRONG": {}}
    for function in find_checks(name):
        for kind, least in LEAST.items():
            given = answers[kind].get(function, [])
            assert len(set(given)) >= least, (
                f"tests/lessons/answers/{name}.py: {function} has "
                f"{len(set(given))} of {least} answers in {kind}"
            )

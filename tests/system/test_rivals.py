"""The benchmark of rivals: its smallest form, its goals, its networks."""

import json
import os
import subprocess
import sys

from utils.tools.lessons import ROOT

import pytest
from take import take

BENCHMARKS = ROOT / "tests" / "benchmarks"


@pytest.fixture
def bench_rivals(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import bench_rivals

    return bench_rivals


def start(*arguments):
    return subprocess.run(
        [sys.executable, BENCHMARKS / "bench_rivals.py", *arguments],
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        timeout=300,  # many times what it takes
    )


@pytest.mark.slow
def test_the_smallest_form_measures_two_contenders(tmp_path):
    options = "--only dense --size fast --rounds 1 --epochs 2"
    names = ["course", "keras"]
    done = start(*options.split(), "--contenders", *names, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "results.json").read_text("utf-8"))
    task = kept["rivals"]["tasks"]["dense, fast"]
    assert list(task["contenders"]) == names
    assert task["floor_an_epoch"] > 0
    for row in task["contenders"].values():
        # Two epochs are better than the mean image, and no more.
        assert 0.15 < row["loss"] < 0.26
        assert row["loss"] <= task["common_loss"] * 1.05
        assert 0 < row["seconds_an_epoch"] < row["seconds"]
        assert row["seconds_to_common_loss"] <= row["seconds"]
        assert row["peak_mib"] > 200
        assert row["rounds"] == 1
    assert "ours" in done.stdout and "arithmetic alone" in done.stdout
    assert (tmp_path / "rivals.png").stat().st_size > 5_000


def test_a_folder_without_a_course_is_refused(tmp_path):
    done = start("--before", tmp_path)
    assert done.returncode == 2
    assert "holds no course" in done.stderr


@pytest.mark.parametrize(("ours", "are_met"), [(3.4, True), (3.6, False)])
def test_goals_are_ratios(bench_rivals, ours, are_met):
    figures = {
        name: {"seconds_an_epoch": seconds, "least_seconds_an_epoch": seconds}
        for name, seconds in (("course-xla", ours), ("before", 10))
    }
    for row in figures.values():
        row["peak_mib"] = 1
    table, found = bench_rivals.judge({"dense, full": {"contenders": figures}})
    assert found == are_met
    assert f"0.35 | {ours / 10:.2f}" in table
    assert ("not met" in table) != are_met


def test_the_networks_are_those_of_the_lessons(bench_rivals):
    tasks = {(task.network, task.size): task for task in bench_rivals.TASKS}
    for size in ("fast", "full"):
        scope = {"mode": size, "seed": 0}
        names = "N_CODES", "BATCH_SIZE", "build_autoencoder"
        dense = take("02_simple_autoencoder", *names, **scope)
        names = "SIGMA", "WIDTH", "CODE_CHANNELS", "BATCH_SIZE"
        names += "AddNoise", "convolve", "connect_places", "build_denoiser"
        noise = take("05_convolutional_denoising", *names, **scope)
        names = "N_CODES", "N_STEPS", "WIDTH", "BATCH_SIZE", "LEARNING_RATE"
        names += "build_encoder", "build_decoder"
        steps = take("06_sequence_to_sequence", *names, **scope)
        shape = steps.N_STEPS, 784 // steps.N_STEPS
        lessons = {
            "dense": (dense, [dense.build_autoencoder("linear")[2]]),
            "convolutional": (
                noise,
                [
                    noise.build_denoiser(
                        "plain", batch_norm=False, place_map=False
                    )
                ],
            ),
            "recurrent": (
                steps,
                [
                    steps.build_encoder(shape, steps.N_CODES),
                    steps.build_decoder(shape, steps.N_CODES),
                ],
            ),
        }
        for network, (lesson, models) in lessons.items():
            task = tasks[network, size]
            assert task.batch_size == lesson.BATCH_SIZE
            if network == "recurrent":
                assert task.learning_rate == lesson.LEARNING_RATE
            built = bench_rivals.with_keras.build(network, task.settings)
            expected = [w.shape for model in models for w in model.weights]
            assert [w.shape for w in built.weights] == expected


def test_the_other_benchmarks_find_what_they_train(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import bench_recipes
    import bench_settings

    lessons = bench_settings.make_lessons()
    assert {name[:2] for name in lessons} == {
        f"0{number}" for number in range(2, 10)
    }
    for build, *_ in lessons.values():
        assert build().count_params()
    pairs = bench_recipes.make_pairs()
    assert {"simple", "blog"} <= set(pairs)
    for pair in pairs.values():
        assert pair.build_ours().count_params()

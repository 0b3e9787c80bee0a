"""Write README's table of results from a full run and the benchmarks.

    python -m utils.tools.results

It reads build/full/scoreboard.json and build/bench/results.json, keeps what
the table needs in docs/results.json, which is committed, and writes the table
between its two marks in README.md. A test compares the two. README's picture
is that of the same run. What a tutorial prints is a metric of the lesson, so
each such figure stands in the lesson only.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

from utils.files import write_whole
from utils.tools import UsageError
from utils.tools.editions import read_executed
from utils.tools.lessons import BUILD, FULL, RESULTS, ROOT, find_picture

README = ROOT / "README.md"
PICTURES = ROOT / "docs" / "images"
PICTURED = ("05",)  # lessons
RUN = 'make run ARGS="--mode full --out build/full"'
MARKS = (
    "<!-- Results, written by `make results`; do not edit. -->\n\n",
    "\n<!-- End of the results. -->\n",
)


class Row(NamedTuple):
    """A line of the table."""

    lesson: str
    measure: str
    metric: str  # behind ours_, tutorial_ and recipe_
    rival: str | None = None  # the strongest that the lesson knows
    rival_metric: str | None = None  # if it is not baseline_ and the metric
    source: str | None = None  # of the tutorial's figure or of its recipe
    pair: str | None = None  # of the benchmark, which knows the time, too


ROWS = [
    Row(
        "01",
        "images a second through the pipeline",
        "pipeline_images_per_s",
        rival="tf.data with three remedies",
    ),
    Row(
        "02",
        "digits, 32 codes, one layer: BCE",
        "test_bce_nats",
        rival="PCA's codes, trained sigmoid decoder",
        rival_metric="sigmoid_on_pca_bce_nats",
        source="the Keras blog's retelling, 25 epochs",
        pair="simple",
    ),
    Row(
        "03",
        "digits, 32 codes, stacked: BCE",
        "digits_bce_nats",
        rival="one layer, as many epochs",
        rival_metric="one_layer_digits_bce_nats",
        source="the Keras blog's retelling, 100 epochs",
        pair="deep",
    ),
    Row(
        "03",
        "clothes, 30 codes, stacked: BCE",
        "clothes_bce_nats",
        rival="PCA, with a margin",
        rival_metric="tuned_pca_clothes_bce_nats",
        source="Géron's chapter",
        pair="clothes",
    ),
    Row(
        "03",
        "clothes, 30 codes, stacked: MSE",
        "clothes_mse",
        rival="PCA",
        source="Géron's chapter",
    ),
    Row(
        "03",
        "horses, 150 codes: squared gray levels",
        "natural_squared_gray_levels",
        rival="PCA",
        source="Guru99's tutorial",
    ),
    Row(
        "04",
        "digits, 32 of 256 codes active: BCE",
        "test_bce_nats",
        rival="48 dense codes, as many bits",
        rival_metric="dense_48_bce_nats",
        source="the Keras blog's retelling",
        pair="sparse",
    ),
    Row(
        "05",
        "noisy digits: BCE",
        "test_bce_nats",
        source="the Keras blog's retelling, 100 epochs",
    ),
    Row(
        "05",
        "noisy digits: PSNR, dB",
        "psnr_db",
        rival="ridge regression",
    ),
    Row(
        "05",
        "clean digits, convolutional: BCE",
        "clean_bce_nats",
        source="the Keras blog's retelling, 50 epochs",
    ),
    Row(
        "06",
        "digits as sequences, 32 codes: MSE",
        "test_mse",
        rival="the same without recurrence",
        rival_metric="no_recurrence_test_mse",
    ),
    Row(
        "06",
        "lower half from the upper: MSE",
        "lower_half_mse",
        rival="ridge regression",
    ),
    Row(
        "07",
        "2 codes, gray: bound, nats an image",
        "2_codes_gray_bound_nats",
        source="the Keras VAE example, on its training images",
    ),
    Row(
        "07",
        "20 codes, gray: bound, nats an image",
        "20_codes_gray_bound_nats",
    ),
    Row(
        "07",
        "invented digits told from real ones, share",
        "told_apart_share",
        rival="plain autoencoder, fitted mixture",
    ),
    Row(
        "08",
        "map of clothes, right by a vote of neighbors",
        "map_votes",
        rival="2 principal components",
    ),
    Row(
        "09",
        "search, 32 codes: precision at 10",
        "precision_at_10",
        rival="PCA, without centering",
        rival_metric="pca_32_precision_at_10",
    ),
    Row(
        "09",
        "search, 32 warped codes: precision at 10",
        "warped_precision_at_10",
        rival="PCA, without centering",
        rival_metric="pca_32_precision_at_10",
    ),
    Row(
        "09",
        "search, 16 bytes an image: precision at 10",
        "16_bytes_precision_at_10",
        rival="rotated PCA",
        rival_metric="rotated_pca_16_bytes_precision_at_10",
    ),
    Row(
        "10",
        "damaged textures and heartbeats: mean AUC",
        "mean_auc",
        rival="nearest neighbor",
    ),
    Row(
        "11",
        "own image files: MSE",
        "test_mse",
        rival="PCA",
    ),
]


def find_rival_metric(row: Row) -> str:
    """Return under which name a lesson leaves what a row's rival reaches."""
    return row.rival_metric or f"baseline_{row.metric}"


def show(value):
    """Return a figure as the table shows it."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    digits = 0 if value >= 200 else 2 if value >= 1 else 4
    return f"{value:,.{digits}f}"


def make_table(header, rows):
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def make_results_table(results):
    """Return the table in Markdown, a row for each of ROWS."""
    lessons = {
        name[:2]: (name, row) for name, row in results["lessons"].items()
    }
    rows, last = [], None
    for row in ROWS:
        name, lesson = lessons[row.lesson]
        figures = lesson["metrics"]
        pair = results["recipes"].get(row.pair, {})
        printed = figures.get(f"tutorial_{row.metric}")
        recipe = figures.get(f"recipe_{row.metric}", pair.get("bce"))
        rival = ""
        if row.rival:
            rival = f"{show(figures[find_rival_metric(row)])} {row.rival}"
        is_first, last = row.lesson != last, row.lesson
        rows.append(
            [
                f"[{row.lesson}](notebooks/{name}.ipynb)" if is_first else "",
                row.measure,
                show(figures[f"ours_{row.metric}"]),
                rival,
                f"{show(printed)} {row.source or ''}".strip(),
                show(recipe),
                f"{pair['faster']:.0f} times" if pair else "",
            ]
        )
    header = ["lesson", "what", "ours", "strongest rival"]
    header += ["tutorial, as printed", "its recipe today"]
    header += ["faster than its recipe"]
    return make_table(header, rows)


def read_table(text):
    """Return what stands between the marks of a text."""
    before, _, rest = text.partition(MARKS[0])
    table, mark, after = rest.partition(MARKS[1])
    if not mark:
        raise UsageError(
            f"README.md lacks the lines around its table of results: {MARKS}"
        )
    return before, table, after


def read_json(path: Path, command: str):
    """Read a file that another command has written.

    Raises
    ------
    UsageError
        If it is missing; the message names the command.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path} is missing: call `{command}`") from None


def collect(board: list[dict], bench: dict) -> dict:
    """Take what the table needs from a scoreboard and from the benchmarks.

    Parameters
    ----------
    board : list of dict
        The runner's scoreboard.json.
    bench : dict
        The benchmarks' results.json.

    Returns
    -------
    dict
        What docs/results.json holds.

    Raises
    ------
    UsageError
        If a lesson did not finish, or not in full mode, or is missing.
    """
    lessons, recipes = {}, {}
    for row in board:
        if row["status"] != "finished" or row["parameters"]["mode"] != "full":
            raise UsageError(
                f"{row['name']} is no finished lesson of full mode: call "
                f"`{RUN}`"
            )
        kept = {key: row[key] for key in ("seconds", "peak_memory_bytes")}
        lessons[row["lesson"]] = kept | {"metrics": row["metrics"]}
    numbers = {name[:2] for name in lessons}
    missing = sorted({row.lesson for row in ROWS} - numbers)
    if missing:
        raise UsageError(
            f"the full run lacks lesson {', '.join(missing)}: call `{RUN}`"
        )
    for name, pair in bench["recipes"]["pairs"].items():
        theirs, ours = pair["theirs"], pair["ours"]
        if "short_seconds" in ours:
            faster = theirs["seconds"] / ours["short_seconds"]
            recipes[name] = {"bce": theirs["bce"], "faster": faster}
    return {"lessons": lessons, "recipes": recipes}


def write_results(board: Path, bench: Path) -> None:
    """Write table, figures and pictures from what run and benchmarks left.

    Parameters
    ----------
    board, bench : Path
        scoreboard.json of a full run, beside its executed lessons, and
        results.json of the benchmarks.

    Raises
    ------
    UsageError
        If something is missing or is not of a full run. Nothing is written
        then.
    """
    results = collect(read_json(board, RUN), read_json(bench, "make bench"))
    before, _, after = read_table(README.read_text("utf-8"))
    table = make_results_table(results)
    pictures = {
        name[:2]: find_picture(lesson, "cover")
        for name, lesson in read_executed(board.parent).items()
        if name[:2] in PICTURED
    }
    write_whole(RESULTS, json.dumps(results, indent=1) + "\n")
    write_whole(README, before + MARKS[0] + table + MARKS[1] + after)
    for number, picture in pictures.items():
        write_whole(PICTURES / f"{number}.png", picture)


def main() -> int:
    """Write the results; return the exit status."""
    try:
        write_results(
            FULL / "scoreboard.json", BUILD / "bench" / "results.json"
        )
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The results as a picture: a line for each row of README's table."""

from html import escape

from utils.tools.results import ROWS, Row, find_rival_metric, show

# In the order of the legend: the class of the dots, and what they are.
KINDS = {
    "ours": "ours",
    "recipe": "a tutorial's recipe, run today",
    "tutorial": "as the tutorial prints it",
    "rival": "the strongest rival",
    "floor": "a perfect copy",
}
WIDTH, LEFT, RIGHT, STEP = 790, 360, 730, 48
# Of which more is better; of all others less.
MORE_IS_BETTER = ("psnr", "votes", "precision", "images_per_s", "auc")


def find_dots(row: Row, results: dict) -> dict[str, float]:
    """Return the numbers of a row, by what they are.

    Parameters
    ----------
    row : Row
    results : dict
        docs/results.json.
    """
    (metrics,) = (
        lesson["metrics"]
        for name, lesson in results["lessons"].items()
        if name.startswith(row.lesson)
    )
    recipe = results["recipes"].get(row.pair, {}).get("bce")
    dots = {
        "ours": metrics[f"ours_{row.metric}"],
        "recipe": metrics.get(f"recipe_{row.metric}", recipe),
        "tutorial": metrics.get(f"tutorial_{row.metric}"),
        "rival": metrics.get(find_rival_metric(row)),
        "floor": metrics.get(f"floor_{row.metric.removeprefix('test_')}"),
    }
    return {kind: x for kind, x in dots.items() if x is not None}


def place_dots(row: Row, dots: dict[str, float]) -> dict[str, float]:
    """Return where the dots of a row are: 0 is the best end, 1 the worst."""
    signs = [word in row.metric for word in MORE_IS_BETTER]
    sign = -1 if any(signs) else 1
    values = {kind: sign * x for kind, x in dots.items()}
    low, high = min(values.values()), max(values.values())
    return {kind: (x - low) / (high - low) for kind, x in values.items()}


def _draw_row(row, dots, y):
    words = (
        f'<text class="what" x="0" y="{y + 5}">{escape(row.measure)}</text>'
    )
    yield words
    yield f'<line x1="{LEFT}" y1="{y}" x2="{RIGHT}" y2="{y}"/>'
    places = sorted(place_dots(row, dots).items(), key=lambda item: item[1])
    last, level = -1000.0, 0
    for kind, share in places:
        x = LEFT + share * (RIGHT - LEFT)
        # Labels of neighbors stand above and below the line in turn.
        level = 1 - level if x - last < 62 else 0
        last = x
        shift = 19 if level else -10
        title = f"<title>{KINDS[kind]}: {show(dots[kind])}</title>"
        if kind == "ours":
            dot = f'<circle class="{kind}" cx="{x:.1f}" cy="{y}" r="7">'
            yield f"{dot}{title}</circle>"
        elif kind == "rival":
            dot = f'x="{x - 5:.1f}" y="{y - 5}" width="10" height="10"'
            yield f'<rect class="{kind}" {dot}>{title}</rect>'
        elif kind == "floor":
            dot = f"M{x:.1f} {y - 9}v18"
            yield f'<path class="{kind}" d="{dot}">{title}</path>'
        else:
            dot = f"M{x:.1f} {y - 8}l8 8l-8 8l-8 -8z"
            yield f'<path class="{kind}" d="{dot}">{title}</path>'
        yield (
            f'<text class="number" x="{x:.1f}" y="{y + shift}">'
            f"{show(dots[kind])}</text>"
        )


def make_chart(results: dict) -> str:
    """Return the results as SVG in HTML, with a legend.

    Each row has a scale of its own, from its best to its worst number; left
    is better. Rows without a rival have no line.

    Parameters
    ----------
    results : dict
        docs/results.json.
    """
    rows = [(row, find_dots(row, results)) for row in ROWS]
    rows = [(row, dots) for row, dots in rows if len(set(dots.values())) > 1]
    elements = []
    for i, (row, dots) in enumerate(rows):
        elements += _draw_row(row, dots, 34 + i * STEP)
    height = 34 + len(rows) * STEP
    used = {kind for _, dots in rows for kind in dots}
    legend = "".join(
        f'<li><span class="{kind}"></span>{words}</li>'
        for kind, words in KINDS.items()
        if kind in used
    )
    drawing = "".join(elements)
    return (
        f'<ul class="legend results-legend">{legend}</ul>\n'
        '<div class="results-chart" role="group" tabindex="0" '
        'aria-label="chart of results">'
        f'<svg viewBox="-4 0 {WIDTH + 8} {height}" role="img" '
        'aria-label="Dots on a line for each result; the table below has the '
        f'same numbers.">{drawing}</svg></div>\n'
    )

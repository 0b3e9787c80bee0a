"""What the two executions of a lesson measured, across test processes."""

import json
import os
from pathlib import Path

from utils.files import write_whole

# The variable that names the folder which conftest.py makes for one call.
FOLDER = "AUTOENCODER_TEST_METRICS"


def compare_metrics(lesson: str, way: str, metrics: dict) -> bool:
    """Compare what a lesson measured with its other execution, if there is.

    Both executions of a lesson come here, in processes of their own and in
    any order; the second one compares.

    Parameters
    ----------
    lesson : str
    way : {"runner", "nbval"}
        Which of the two executions it is.
    metrics : dict of str to number

    Returns
    -------
    bool
        Whether the other execution was there to compare with.

    Raises
    ------
    AssertionError
        If the two differ in anything but seconds.
    """
    folder = Path(os.environ[FOLDER])
    write_whole(folder / f"{lesson}.{way}.json", json.dumps(metrics))
    other = "nbval" if way == "runner" else "runner"
    path = folder / f"{lesson}.{other}.json"
    if not path.exists():
        return False
    expected = json.loads(path.read_text("utf-8"))
    differing = {
        name: (metrics.get(name), expected.get(name))
        for name in metrics.keys() | expected.keys()
        if metrics.get(name) != expected.get(name)
        and "seconds" not in name
        and not name.endswith("per_s")
    }
    assert not differing, (
        f"{lesson} measures something else when it is executed again with "
        f"the same seed: {differing}"
    )
    return True

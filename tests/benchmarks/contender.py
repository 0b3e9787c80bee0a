"""What the process of a contender does: train when it is told to, and tell.

It imports nothing of the course, because a contender may be an earlier state
of it.
"""

import json
import sys
import time

import numpy as np

SCORED_AT_ONCE = 500  # images
SCORED_AFTER_AN_EPOCH = 1_000  # images of the test part


def find_bce(targets, made):
    """Return the binary cross-entropy, in nats per pixel."""
    made = np.clip(np.asarray(made, "float64"), 1e-7, 1 - 1e-7)
    costs = targets * np.log(made) + (1 - targets) * np.log(1 - made)
    return float(-costs.mean())


class Watch:
    """Take the time of each epoch, and between two of them the test loss.

    What the loss takes is not counted. The first epoch holds all that comes
    before it: to build the model, to trace and to compile.
    """

    def __init__(self, inputs, targets):
        self.inputs, self.targets = inputs, targets
        self.seconds, self.processor_seconds, self.losses = [], [], []
        self._go_on()

    def _go_on(self):
        self.start = time.perf_counter(), time.process_time()

    def end_epoch(self, predict):
        """Note an epoch; `predict` makes images from inputs."""
        self.seconds.append(time.perf_counter() - self.start[0])
        self.processor_seconds.append(time.process_time() - self.start[1])
        n = SCORED_AFTER_AN_EPOCH
        self.losses.append(self.score(predict, n))
        self._go_on()

    def score(self, predict, n=None):
        """Return the loss on the test part, or on its first n images."""
        inputs, targets = self.inputs[:n], self.targets[:n]
        made = [
            np.asarray(predict(inputs[i : i + SCORED_AT_ONCE]))
            for i in range(0, len(inputs), SCORED_AT_ONCE)
        ]
        return find_bce(targets, np.concatenate(made))

    def finish(self, predict):
        """Return what was measured."""
        rest = time.perf_counter() - self.start[0]
        return {
            "seconds": sum(self.seconds) + rest,
            "epoch_seconds": self.seconds,
            "epoch_processor_seconds": self.processor_seconds,
            "epoch_losses": self.losses,
            "loss": self.score(predict),
        }


def serve(train, path):
    """Train once for each line of stdin; each answer is a line of stdout.

    Parameters
    ----------
    train : callable
        It gets the inputs and targets to train on, a recipe and a Watch,
        calls `Watch.end_epoch` and returns a function that makes images.
    path : str
        Of an npz file with x_train, y_train, x_test and y_test.
    """
    answers, sys.stdout = sys.stdout, sys.stderr
    with np.load(path) as file:
        data = {name: file[name] for name in file.files}
    if np.array_equal(data["x_train"], data["y_train"]):
        data["y_train"] = data["x_train"]
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        recipe = json.loads(line)
        watch = Watch(data["x_test"], data["y_test"])
        predict = train(data["x_train"], data["y_train"], recipe, watch)
        answer = watch.finish(predict)
        print(json.dumps(answer), file=answers, flush=True)

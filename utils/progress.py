"""One line of text that tells how far a training is, and how it ended."""

import shutil
import sys
import time

import keras
from IPython import get_ipython
from IPython.display import display

SECONDS_BETWEEN = 0.25  # two updates of the line


class ProgressLine:
    """A line of text that is replaced until it has its last wording.

    In a notebook it is a single output, which holds plain text. A notebook
    that is saved and opened again, or executed by a program, shows the last
    wording. In a terminal the line is overwritten. Where neither is possible,
    in a log for instance, only the last wording is printed.

    Examples
    --------
    >>> line = ProgressLine()
    >>> line.update("1 of 2")
    >>> line.finish("2 of 2, done")
    2 of 2, done
    """

    def __init__(self):
        self.text = ""
        self.output = None
        self.is_notebook = hasattr(get_ipython(), "kernel")
        self.is_terminal = not self.is_notebook and sys.stdout.isatty()
        self.next_update = 0.0

    def update(self, text: str) -> None:
        """Show the text, unless the last one was shown a moment ago."""
        self.text = text
        now = time.perf_counter()
        if now >= self.next_update:
            self.next_update = now + SECONDS_BETWEEN
            self._show(text)

    def finish(self, text: str) -> None:
        """Show the last wording, in place of what was shown before."""
        if self.is_notebook and self.output is not None:
            self._show(text)
        else:
            if self.is_terminal:
                self._show("")
            print(text)

    def _show(self, text):
        if self.is_terminal:
            # A longer line would wrap, and could not be overwritten.
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]:{width}}\r", end="", flush=True)
        elif self.is_notebook:
            data = {"text/plain": text}
            if self.output is None:
                self.output = display(data, raw=True, display_id=True)
            else:
                self.output.update(data, raw=True)


class ShowProgress(keras.callbacks.Callback):
    """Tell on a line which epoch is running, and how much time is left."""

    def __init__(self, line: ProgressLine):
        super().__init__()
        self.line = line

    def on_train_begin(self, logs=None):
        self.loss = ""
        # What comes first is not counted: the model is compiled there.
        self.counted_from = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self._update(float(epoch))

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params["steps"]
        # Of some data sets, Keras does not know the steps in epoch 1.
        if steps:
            self._note_loss(logs)
            self._update(self.epoch + (batch + 1) / steps)

    def on_epoch_end(self, epoch, logs=None):
        self._note_loss(logs)
        self._update(epoch + 1.0)

    def _note_loss(self, logs):
        if "loss" in logs:
            self.loss = f", loss {logs['loss']:.4f}"

    def _update(self, done):
        """Show the line; `done` counts epochs, with their fractions."""
        now, epochs = time.perf_counter(), self.params["epochs"]
        # An epoch that is done is not over yet: validation and callbacks
        # follow, and they may stop the training.
        text = f"{self.model.name}: epoch {self.epoch + 1} of {epochs}"
        if done % 1:
            text += f" ({done % 1:.0%})"
        text += self.loss
        if self.counted_from is None:
            if done:
                self.counted_from = now, done
        else:
            start, done_at_start = self.counted_from
            if done > done_at_start:
                pace = (now - start) / (done - done_at_start)
                text += f", {say_time(pace * (epochs - done))} left"
        self.line.update(text)


def say_time(seconds: float) -> str:
    """Return a time as a reader takes it in.

    Examples
    --------
    >>> say_time(12.3), say_time(3600)
    ('12 s', '60 min')
    """
    return f"{seconds:.0f} s" if seconds < 300 else f"{seconds / 60:.0f} min"

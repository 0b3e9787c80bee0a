"""Images for diagrams: digits of data/, softened or noisy.

Whole numbers and Python's own random numbers are the same everywhere, so the
files are the same on each machine.
"""

import random

from utils.tools.lessons import ROOT

import numpy as np


def find_digit(label: int, which: int = 0) -> np.ndarray:
    """Return a test image of a digit, shape (28, 28), 0 to 255.

    Parameters
    ----------
    label : int
        Which digit.
    which : int
        0 for the first one in the file, 1 for the second, and so on.
    """
    with np.load(ROOT / "data" / "mnist.npz") as arrays:
        rows = np.flatnonzero(arrays["y_test"] == label)
        return arrays["x_test"][rows[which]].astype(int)


def soften(pixels: np.ndarray) -> np.ndarray:
    """Blur an image a little, as a reconstruction is: the shape stays."""
    padded = np.pad(pixels, 1)
    wide = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return (wide[:-2] + 2 * wide[1:-1] + wide[2:]) // 16


def add_noise(pixels: np.ndarray, sigma: float = 0.5) -> np.ndarray:
    """Add Gaussian noise, where a pixel goes from 0 to 1; the shape stays."""
    generator = random.Random(0)
    noise = [generator.gauss(0, 255 * sigma) for _ in range(pixels.size)]
    noisy = pixels + np.array(noise).reshape(pixels.shape)
    return noisy.clip(0, 255).astype(int)

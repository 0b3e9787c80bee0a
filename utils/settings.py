"""The settings that every lesson has."""

# "fast" runs on the embedded samples, "full" on the whole data sets.
MODES = ("fast", "full")


def check_mode(mode: str) -> None:
    """Refuse a mode that does not exist.

    Parameters
    ----------
    mode : str

    Raises
    ------
    ValueError
        If the mode is not one of `MODES`.

    Examples
    --------
    >>> check_mode("fast")
    >>> check_mode("quick")
    Traceback (most recent call last):
        ...
    ValueError: unknown mode 'quick': choose 'fast' (the embedded samples) or \
'full' (the whole data sets)
    """
    if mode not in MODES:
        raise ValueError(
            f"unknown mode {mode!r}: choose 'fast' (the embedded samples) or "
            "'full' (the whole data sets)"
        )


def choose(mode: str, *, fast, full):
    """Return the value of a constant for a mode.

    Parameters
    ----------
    mode : {"fast", "full"}
    fast, full
        The two values.

    Returns
    -------
    The one that belongs to `mode`.

    Raises
    ------
    ValueError
        If the mode is neither of the two.

    Examples
    --------
    >>> choose("fast", fast=20, full=10)
    20
    """
    check_mode(mode)
    return full if mode == "full" else fast

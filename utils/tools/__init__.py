"""What maintainers and instructors call: runner, editions, site, style.

The tools may import the rest of `utils`; no lesson and no module of `utils`
outside this folder imports a tool.
"""


class UsageError(Exception):
    """What was asked for cannot be done; the message says what can."""

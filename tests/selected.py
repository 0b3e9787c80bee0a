"""Which lessons the selected tests ask for: no other one is executed."""


def find_asked(request, names):
    """Return the lessons that a fixture has to make something of.

    Parameters
    ----------
    request : pytest.FixtureRequest
        Of a fixture that makes something of each lesson.
    names : iterable of str
        All lessons.

    Returns
    -------
    list of str
        Those that stand in the name or the marker `lesson` of a selected test
        which needs the fixture. All, if such a test names none.
    """
    asked = set()
    for item in request.session.items:
        if request.fixturename not in getattr(item, "fixturenames", ()):
            continue
        marker = item.get_closest_marker("lesson")
        text = item.nodeid + (marker.args[0] if marker else "")
        found = {name for name in names if name in text}
        asked |= found or set(names)
    return [name for name in names if name in asked]

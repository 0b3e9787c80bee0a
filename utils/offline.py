"""No network but this machine's own.

Tests go offline, and so do the processes that they start: what a lesson
fetches is missed here, not in a class that has no network.
"""

import os
import socket
import sys

OFFLINE = "AUTOENCODER_OFFLINE"
HERE = {None, "", "localhost", "127.0.0.1", "::1"}


def go_offline() -> None:
    """Refuse to reach other machines, here and in processes started later.

    It holds until the process ends, for whatever goes through Python's
    `socket`: `urllib`, `requests`, `asyncio`. A process that is started later
    has to import `utils`, as every lesson does.
    """
    os.environ[OFFLINE] = "1"
    sys.addaudithook(_refuse)


def _refuse(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        sock, address = arguments
        # A path names a socket of this machine. And to connect datagrams
        # sends nothing: Dask so learns the machine's own address.
        if not isinstance(address, tuple) or (
            event == "socket.connect" and sock.type == socket.SOCK_DGRAM
        ):
            return
        host = address[0]
    else:
        return
    if host not in HERE:
        # No OSError: libraries try those again, or go on without.
        raise RuntimeError(
            f"{host} is another machine, and {OFFLINE} is set: lessons and "
            "tests use no network; put what they need into data/"
        )

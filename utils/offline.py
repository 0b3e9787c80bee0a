"""No network but this machine's own.

Tests go offline, and so do the processes that they start: what a lesson
fetches is missed here, not in a class that has no network. Plugins of pytest
such as pytest-socket replace `socket` in pytest's own process; an audit hook
that an environment variable turns on also holds in kernels and in all other
Python processes that import `utils`.
"""

import ipaddress
import os
import socket
import sys
from functools import cache

import psutil

OFFLINE = "AUTOENCODER_OFFLINE"
# The events of looking a host up; the host is their first argument.
LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname")
SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def go_offline() -> None:
    """Refuse to reach other machines, here and in processes started later.

    It holds until the process ends, for whatever goes through Python's
    `socket`: `urllib`, `requests`, `asyncio`. A process that is started later
    has to import `utils`, as every lesson does.
    """
    os.environ[OFFLINE] = "1"
    sys.addaudithook(_refuse)


def is_this_machine(host: str | bytes | None) -> bool:
    """Whether a host is this machine, by its name or by its address.

    Parameters
    ----------
    host : str, bytes or None
        As `socket.getaddrinfo` takes it: without a host it is this machine.

    Examples
    --------
    >>> is_this_machine("localhost"), is_this_machine("127.0.1.1")
    (True, True)
    >>> is_this_machine("example.org")
    False
    """
    if isinstance(host, bytes):
        host = host.decode()
    if not host or host.lower() in ("localhost", socket.gethostname().lower()):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # To connect to 0.0.0.0 is to connect to this machine.
    is_local = address.is_loopback or address.is_unspecified
    return is_local or address in _find_own_addresses()


@cache
def _find_own_addresses():
    return {
        ipaddress.ip_address(entry.address)
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
    }


def _refuse(event, arguments):
    if event in LOOK_UPS:
        host = arguments[0]
    elif event in SENDS:
        sock, address = arguments
        # A path names a socket of this machine. To connect datagrams sends
        # nothing: Dask learns the machine's own address in this way.
        is_path = not isinstance(address, tuple)
        is_datagram = sock.type == socket.SOCK_DGRAM
        if is_path or (event == "socket.connect" and is_datagram):
            return
        host = address[0]
    else:
        return
    if not is_this_machine(host):
        # No OSError: libraries try again after one, or go on without.
        raise RuntimeError(
            f"{host} is another machine, and {OFFLINE} is set: lessons and "
            "tests use no network; put what they need into data/"
        )

"""No test reaches another machine.

That no lesson does is seen in test_run.py and in test_guards.py.
"""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from utils.offline import is_this_machine

import psutil
import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
# A network that is set aside for examples: nothing answers there.
ELSEWHERE = "192.0.2.1"


def send_a_datagram():
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", (ELSEWHERE, 9))


def send_a_message():
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendmsg([b""], [], 0, (ELSEWHERE, 9))


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection((ELSEWHERE, 80), timeout=1),
        lambda: socket.socket().connect_ex((ELSEWHERE, 80)),
        lambda: socket.getaddrinfo("example.org", 80),
        lambda: socket.getaddrinfo(b"example.org", 80),
        lambda: socket.gethostbyname("example.org"),
        lambda: urllib.request.urlopen(f"http://{ELSEWHERE}", timeout=1),
        lambda: requests.get("https://example.org", timeout=1),
        send_a_datagram,
        send_a_message,
    ],
)
def test_other_machines_are_refused(reach, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(RuntimeError, match="is another machine"):
        reach()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", b"localhost"])
def test_this_machine_is_reached(name):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection((name, port)).close()


NAMES = [None, "", "LOCALHOST", "127.0.1.1", "127.255.0.9", "0.0.0.0", "::1"]
OWN = [
    entry.address
    for entries in psutil.net_if_addrs().values()
    for entry in entries
    if entry.family in (socket.AF_INET, socket.AF_INET6)
]


@pytest.mark.parametrize("host", [*NAMES, socket.gethostname(), *OWN])
def test_this_machine_has_many_names(host):
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", [ELSEWHERE, "10.255.255.254", "2001:db8::1", "localhost.example"]
)
def test_other_machines_have_others(host):
    assert not is_this_machine(host)


def test_who_does_not_ask_for_it_is_not_offline():
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "AUTOENCODER_OFFLINE"
    }
    code = "import sys, utils; sys.exit('utils.offline' in sys.modules)"
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True
    )


def test_a_process_that_is_started_is_offline():
    code = f"import utils, requests; requests.get('http://{ELSEWHERE}')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert "is another machine" in done.stderr

"""`minimand app` prints its address, serves this machine only, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest


def test_other_machines_need_to_be_meant(refused):
    assert "--i-know" in refused("app", "--host", "0.0.0.0", "--no-browser")


def test_a_port_in_use_is_told(refused):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "leave out --port" in refused("app", "--port", port, "--no-browser")


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_address_is_printed_and_a_signal_ends_all(tmp_path, end):
    command = [sys.executable, "-m", "minimand", "app", "--no-browser"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        assert "/?token=" in url
        with httpx.Client(follow_redirects=True) as client:
            assert "Minimand" in client.get(url).text
        (folder,) = tmp_path.glob("minimand-app-*")
        assert folder.stat().st_mode & 0o077 == 0
        process.send_signal(end)
        process.wait(timeout=20)
        assert process.returncode in (130, -end, 128 + end)
    assert list(tmp_path.glob("minimand-app-*")) == []
    assert children_of(folder) == []


def children_of(folder: Path) -> list[str]:
    """Processes that still name a folder."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line]

"""The page served in this process, with a worker that does what the job's seed says."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
import uvicorn

from minimand.app.limits import Limits
from minimand.app.out import Out
from minimand.app.server import page

TOKEN = "a-token-for-tests"
TOY = """
import json, os, sys, time
say = lambda **event: print(json.dumps(event), flush=True)
say(kind="ready")
line = sys.stdin.readline()
if line:
    job = json.loads(line)
    seed = job["options"]["seed"]
    open(os.path.join(job["folder"], "1.json"), "w").write('"made"')
    say(kind="progress", done=0, total=1, text="at work")
    if seed == 1:
        time.sleep(60)
    if seed == 2:
        kept = []
        while True:
            kept.append(bytearray(b"x" * 2**24))
    if seed == 3:
        sys.exit(1)
    if seed == 4:
        print("x" * 2**23, flush=True)
    say(kind="done", facts=[["pid", str(os.getpid())]], downloads=[])
"""
WORKER = (sys.executable, "-c", TOY)
SMALL = Limits(
    memory=2**28, seconds=30.0, waiting=50, kept=60, upload=2**20, uploads=3 * 2**20, patience=0.5, at_once=1
)


class Site:
    """A running page. client: has the cookie; sends the Origin."""

    def __init__(self, folder: Path, limits: Limits):
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.folder = folder
        app = page(folder, TOKEN, port=self.port, limits=limits, worker=WORKER)
        config = uvicorn.Config(app, log_level="error", http="h11", ws="none", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, headers={"Origin": self.url}, follow_redirects=True, timeout=20)
        self.client.get(f"/?token={TOKEN}").raise_for_status()

    def close(self) -> None:
        """Stop as a signal does."""
        self.client.close()
        self.server.should_exit = True
        self.thread.join(timeout=20)

    def submit(self, **options) -> httpx.Response:
        """Queue a job."""
        return self.client.post("/api/jobs", json={"tab": "mri", "file": None, "options": options})

    def events(self, key: str) -> list[dict]:
        """All events of a job, until its end."""
        found = []
        with self.client.stream("GET", f"/api/jobs/{key}/events") as response:
            for line in response.iter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line[6:]))
        return found

    def upload(self, name: str, content: bytes) -> httpx.Response:
        """Send a file."""
        return self.client.post("/api/files", params={"name": name, "tab": "mri"}, content=content)

    def raw(self, head: str) -> socket.socket:
        """A connection on which the head of a request has been sent, with cookie and Origin."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        cookie = f"minimand-{self.port}={TOKEN}"
        lines = f"{head}\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: {self.url}\r\nCookie: {cookie}\r\n"
        connection.sendall(lines.encode())
        return connection


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    """A page with small limits."""
    folder = tmp_path / "page"
    folder.mkdir()
    made = Site(folder, SMALL)
    yield made
    made.close()


class Heard(Out):
    """What a job told, by kind."""

    def __init__(self, folder):
        self.events = []
        super().__init__(folder, self.events.append)

    def of(self, kind):
        return [event for event in self.events if event["kind"] == kind]

    def picture(self, item, name):
        """The numbers of a picture, as the page gets them."""
        (found,) = [p for p in item["pictures"] if p["name"] == name]
        levels = np.frombuffer((self.folder / found["file"]).read_bytes(), "<u2").astype(float)
        values = found["low"] + (found["high"] - found["low"]) / 65535 * levels
        return torch.from_numpy(values.reshape(found["height"], found["width"]))


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMAND_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "job"
    folder.mkdir()
    return Heard(folder)

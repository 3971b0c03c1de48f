"""A process of its own for a parser that a damaged file can crash: kept for the next file, replaced when it dies."""

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class ChildError(RuntimeError):
    """What a child said that went wrong, or that it crashed or was late; `late` tells the last."""

    def __init__(self, message: str, *, late: bool = False):
        super().__init__(message)
        self.late = late


class Child:
    """A Python file in a process that answers each line on stdin with one on stdout, both JSON objects.

    It starts at the first question and stays; after a crash or a late answer the next question starts it anew. It ends
    with this process, whose end it sees on stdin. An answer with `error` in it is raised.
    """

    def __init__(self, script: Path):
        self.script = script
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def ask(self, question: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The answer, within so many seconds. Raises ChildError."""
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            late = threading.Event()

            def end() -> None:
                late.set()
                process.kill()

            guard = threading.Timer(seconds, end)
            guard.start()
            try:
                process.stdin.write(json.dumps(dict(question)).encode() + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:  # it is gone already
                line = b""
            except BaseException:  # an answer that nobody took must not be taken for the next one
                self._end()
                raise
            finally:
                guard.cancel()
            if not line.endswith(b"\n"):
                self._end()
                said = "it did not end in time" if late.is_set() else "the parser crashed"
                raise ChildError(said, late=late.is_set())
            answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ChildError(str(answer["error"]))
        return answer

    def close(self) -> None:
        """End the process; the next question starts another."""
        with self._lock:
            self._end()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._owner != os.getpid():  # of the process that this one was forked from, which goes on with it
            self._process, self._owner = None, os.getpid()
        if self._process is None or self._process.poll() is not None:
            self._end()
            command = [sys.executable, "-P", "-W", "ignore", str(self.script)]
            pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
            # a session of its own: Ctrl-C is for this process, whose end the child sees
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, start_new_session=True)
            atexit.register(self.close)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
        atexit.unregister(self.close)

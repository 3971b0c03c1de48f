"""The page on a socket, until it is stopped."""

import secrets
import socket
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from minimand.app.limits import Limits
from minimand.app.server import page
from minimand.io import InputError

HEAD = 16 * 1024  # bytes of a request's head
OPENING = '<!doctype html><meta http-equiv="refresh" content="0;url={url}"><title>Minimand</title>\n'


def serve(host: str, port: int, *, browser: bool, say: Callable[[str], None], limits: Limits | None = None) -> None:
    """Serve until a signal comes. say: told the address. Raises InputError where the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InputError(f"--host {host} --port {port}: {error.strerror}; leave out --port for a free one.") from error
    port = listener.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="minimand-app-"))
    token = secrets.token_urlsafe(32)
    app = page(folder, token, host=host, port=port, limits=limits or Limits())
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}/?token={token}"
    listener.listen()
    say(url)
    if browser:  # by a file that nobody else can read: addresses on a command line are seen by all users
        opening = folder / "open.html"
        opening.touch(0o600)
        opening.write_text(OPENING.format(url=url), encoding="utf-8")
        webbrowser.open(opening.as_uri())
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, h11_max_incomplete_event_size=HEAD,
        http="h11", ws="none", timeout_graceful_shutdown=1, limit_concurrency=256, proxy_headers=False,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])

"""Who may talk to the page: the right Host, the right Origin, the token; and what answers tell the browser."""

import asyncio
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]

SAFE = ("GET", "HEAD")
HEARD, PATIENCE = 2**16, 1.0  # bytes and seconds of what is refused
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
CLOSED = "This page opens with the whole address that `minimand app` printed, the token included.\n"


class Guard:
    """An ASGI application in front of another one.

    A request passes if its Host is one of this server's (a page elsewhere whose name was made to lead here has
    another), its Origin, where it has one, is that Host (requests that change something must have one), and it carries
    the token in a cookie or in `X-Minimand-Token`. The token in the address is moved into a cookie.
    """

    def __init__(self, app: ASGI, token: str, host: str, port: int):
        self.app, self.token, self.host, self.port = app, token, host, port
        self.cookie = f"minimand-{port}"  # browsers send the cookies of one port to all others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the page speaks HTTP, got {scope['type']}.")
        if refusal := self._refusal(scope):
            await _hear_out(receive)
            await _answer(send, *refusal)
            return
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and given:
            if not self._right(given):
                await _answer(send, 403, CLOSED)
                return
            cookie = f"{self.cookie}={self.token}; HttpOnly; SameSite=Strict; Path=/"
            await _answer(send, 303, "", [(b"location", b"/"), (b"set-cookie", cookie.encode())])
            return
        if not self._right(_cookie(scope, self.cookie) or _header(scope, b"x-minimand-token") or ""):
            await _hear_out(receive)
            await _answer(send, 403, CLOSED)
            return

        heard = False  # the whole body

        async def hearing() -> MutableMapping[str, Any]:
            nonlocal heard
            message = await receive()
            heard = not message.get("more_body")
            return message

        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                if message["status"] >= 400 and not heard:
                    await _hear_out(receive)
                message["headers"] = [*message.get("headers", []), *HEADERS, *_closing(message["status"])]
            await send(message)

        await self.app(scope, hearing, guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self._known(hosts[0].decode("latin-1")):
            return 421, "This Host is not the page's.\n"
        origin = _header(scope, b"origin")
        if origin is not None and origin != f"http://{hosts[0].decode('latin-1')}":
            return 403, "This Origin is not the page's.\n"
        if origin is None and scope["method"] not in SAFE:
            return 403, "What changes something needs an Origin.\n"
        if _header(scope, b"sec-fetch-site") in ("cross-site", "same-site"):
            return (403, "Other sites may not ask here.\n") if scope["path"] != "/" else None
        return None

    def _known(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        if port != str(self.port):
            return False
        if name in ("127.0.0.1", "localhost", self.host):
            return True
        return self.host not in ("127.0.0.1", "localhost") and _is_address(name)

    def _right(self, given: str) -> bool:
        return secrets.compare_digest(given.encode("latin-1", "replace"), self.token.encode())


def _is_address(name: str) -> bool:
    """Whether a host is a number: no name of somebody else can lead here under it."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)


def _cookie(scope: Scope, wanted: str) -> str | None:
    for pair in (_header(scope, b"cookie") or "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == wanted:
            return value
    return None


def _closing(status: int) -> list[tuple[bytes, bytes]]:
    """Who was refused need not go on sending."""
    return [(b"connection", b"close")] if status >= 400 else []


async def _hear_out(receive: Receive) -> None:
    """Read a small body away: a connection that is closed over an unread one may be reset, and the answer lost."""
    left = HEARD
    try:
        async with asyncio.timeout(PATIENCE):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return
    except TimeoutError:
        return


async def _answer(send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    kind = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS, *_closing(status), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": kind})
    await send({"type": "http.response.body", "body": text.encode()})

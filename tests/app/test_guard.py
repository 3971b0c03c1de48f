"""Who does not belong to the page is refused, whatever they ask."""

import asyncio

import httpx
import pytest

from minimand.app.guard import Guard

TOKEN = "a-token-for-tests"


def test_the_page_is_there_for_who_has_the_token(site):
    answer = site.client.get("/")
    assert answer.status_code == 200
    assert "Minimand" in answer.text
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_the_token_moves_from_the_address_into_a_cookie_that_scripts_cannot_read(site):
    answer = httpx.get(f"{site.url}/?token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"minimand-{site.port}={TOKEN};")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


@pytest.mark.parametrize("path", ["/", "/?token=wrong", "/?token=", "/static/main.js", "/api/tabs", "/api/jobs"])
def test_without_the_token_nothing_is_given(site, path):
    answer = httpx.get(f"{site.url}{path}")
    assert answer.status_code == 403
    assert "minimand app" in answer.text


def test_the_token_is_taken_from_a_header_too(site):
    assert httpx.get(f"{site.url}/api/tabs", headers={"X-Minimand-Token": TOKEN}).status_code == 200
    assert httpx.get(f"{site.url}/api/tabs", headers={"X-Minimand-Token": TOKEN[:-1]}).status_code == 403


FOREIGN = ["evil.example", "127.0.0.1", "127.0.0.1:1", "evil.example:{port}", "10.0.0.1:{port}", ""]


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused(site, host):
    answer = site.client.get("/api/tabs", headers={"Host": host.format(port=site.port)})
    assert answer.status_code == 421


def test_localhost_is_a_name_of_the_page(site):
    name = f"localhost:{site.port}"
    assert site.client.get("/api/tabs", headers={"Host": name, "Origin": f"http://{name}"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{port}", "http://localhost:{port}"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_origin_is_refused(site, origin, method):
    origin = origin.format(port=site.port)
    answer = site.client.request(method, "/api/jobs", headers={"Origin": origin}, json={"tab": "mri"})
    assert answer.status_code == 403
    assert site.client.get("/api/jobs").json() == []


def test_what_changes_something_needs_an_origin(site):
    cookies = {f"minimand-{site.port}": TOKEN}
    assert httpx.post(f"{site.url}/api/jobs", json={"tab": "mri"}, cookies=cookies).status_code == 403
    assert httpx.get(f"{site.url}/api/jobs", cookies=cookies).json() == []


def test_other_sites_may_not_fetch_with_the_reader_s_cookie(site):
    for kind in ("cross-site", "same-site"):
        assert site.client.get("/api/jobs", headers={"Sec-Fetch-Site": kind}).status_code == 403


def test_two_hosts_in_one_request_are_refused(site):
    connection = site.raw("GET /api/tabs HTTP/1.1")
    connection.sendall(b"Host: evil.example\r\nConnection: close\r\n\r\n")
    assert connection.recv(1000).split(b"\r\n")[0].split()[1] in (b"400", b"421")
    connection.close()


def test_beyond_this_machine_numbers_are_hosts_and_names_are_not():
    async def nobody(scope, receive, send):
        raise AssertionError

    guard = Guard(nobody, TOKEN, "0.0.0.0", 80)
    assert guard._known("192.168.1.7:80")
    assert guard._known("[fe80::1]:80")
    assert not guard._known("evil.example:80")
    assert not guard._known("192.168.1.7:81")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:80", "http://elsewhere"])
@pytest.mark.parametrize("taken", [0, 1, 3])
def test_a_small_body_is_read_whole_before_a_refusal(origin, taken):
    """Else the connection may be reset, and the answer lost."""
    parts = [{"type": "http.request", "body": b"12", "more_body": more} for more in (True, True, False)]
    left, started = list(parts), []

    async def receive():
        return left.pop(0)

    async def send(message):
        if message["type"] == "http.response.start":
            started.append((message["status"], len(left)))

    async def refuses(scope, receive, send):
        for _ in range(taken):
            await receive()
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    asked = [(b"host", b"127.0.0.1:80"), (b"origin", origin.encode()), (b"x-minimand-token", TOKEN.encode())]
    scope = {"type": "http", "method": "POST", "path": "/api/files", "query_string": b"", "headers": asked}
    asyncio.run(Guard(refuses, TOKEN, "127.0.0.1", 80)(scope, receive, send))
    assert started == [(403 if "elsewhere" in origin else 400, 0)]

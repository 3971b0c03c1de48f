"""Files sent to the page: named here, cut off at the cap, thrown away when they come too slowly."""

import re
import time

import pytest


def stored(site) -> list[str]:
    return sorted(path.name for path in (site.folder / "files").iterdir())


def test_a_file_gets_a_name_of_the_server(site):
    answer = site.upload("my scan (1).nii.gz", b"1234").json()
    assert answer["name"] == "my scan (1).nii.gz"
    assert answer["size"] == 4
    assert stored(site) == [f"{answer['id']}.nii.gz"]
    assert re.fullmatch("[0-9a-f]{16}", answer["id"])


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.npy", "..\\..\\x.npy", "/abs/olute.npy", "a\0b.npy", "<b>.npy", "x" * 500 + ".npy"],
)
def test_a_name_leads_nowhere(site, name):
    answer = site.upload(name, b"1234")
    assert answer.status_code == 200
    shown = answer.json()["name"]
    assert not set(shown) & set('/\\\0<>"')
    assert len(shown) <= 80
    assert stored(site) == [f"{answer.json()['id']}.npy"]
    assert sorted(p.name for p in site.folder.iterdir()) == ["files", "jobs"]


def test_a_file_may_lie_beside_another_where_the_tab_says_so(site):
    def send(tab, name, beside):
        return site.client.post("/api/files", params={"name": name, "tab": tab, "beside": beside}, content=b"1234")

    assert send("mri", "a.zip", True).status_code == 400
    assert send("segmentation", "a.zip", False).status_code == 400
    target, atlases = send("segmentation", "a.nii", False).json(), send("segmentation", "a.zip", True).json()
    order = {"tab": "segmentation", "file": target["id"], "beside": atlases["id"], "options": {"seed": 0}}
    assert site.client.post("/api/jobs", json=order).status_code == 201
    for wrong in ({"file": None}, {"file": atlases["id"]}, {"beside": target["id"]}, {"beside": "gone"}):
        assert site.client.post("/api/jobs", json=order | wrong).status_code == 400


@pytest.mark.parametrize("name", ["run.exe", "noname", ".npy.sh", "x.npy/", ""])
def test_another_format_is_refused(site, name):
    answer = site.upload(name, b"1234")
    assert answer.status_code == 400
    assert "the formats are .npy" in answer.json()["detail"]
    assert stored(site) == []


def test_an_empty_file_is_refused(site):
    assert site.upload("a.npy", b"").status_code == 400
    assert stored(site) == []


def test_a_file_that_says_it_is_too_large_is_refused_before_it_comes(site):
    connection = site.raw("POST /api/files?name=a.npy&tab=mri HTTP/1.1")
    connection.sendall(b"Content-Length: 2147483648\r\n\r\n")
    assert b" 413 " in connection.recv(200)
    connection.close()
    assert stored(site) == []


def test_a_file_that_does_not_say_its_size_is_cut_off_at_the_cap(site):
    connection = site.raw("POST /api/files?name=a.npy&tab=mri HTTP/1.1")
    connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
    part = b"10000\r\n" + b"x" * 2**16 + b"\r\n"
    sent = 0
    try:
        while sent < 2**27:  # 128 MiB: a hundred times the cap
            connection.sendall(part)
            sent += 2**16
    except OSError:
        pass
    assert sent < 2**26
    connection.close()
    assert stored(site) == []
    assert site.client.get("/api/tabs").status_code == 200


def test_a_sender_that_falls_silent_is_dropped(site):
    connection = site.raw("POST /api/files?name=a.npy&tab=mri HTTP/1.1")
    connection.sendall(b"Content-Length: 1000\r\n\r\nxx")
    begun = time.monotonic()
    assert b" 408 " in connection.recv(200)
    assert time.monotonic() - begun < 10
    connection.close()
    assert stored(site) == []


def test_a_sender_of_single_bytes_is_dropped(site):
    connection = site.raw("POST /api/files?name=a.npy&tab=mri HTTP/1.1")
    connection.sendall(b"Content-Length: 1000000\r\n\r\n")
    connection.settimeout(0.1)
    answer = b""
    for _ in range(100):
        try:
            connection.sendall(b"x")
            answer += connection.recv(200)
        except TimeoutError:
            continue
        break
    assert b" 408 " in answer
    connection.close()
    assert stored(site) == []


def test_heads_that_never_end_keep_nobody_out(site):
    connections = [site.raw("GET /api/tabs HTTP/1.1") for _ in range(60)]
    assert site.client.get("/api/tabs").status_code == 200
    for connection in connections:
        connection.close()


def test_the_oldest_files_make_room_for_new_ones(site):
    keys = [site.upload(f"{k}.npy", bytes(2**20)).json()["id"] for k in range(4)]
    assert stored(site) == sorted(f"{key}.npy" for key in keys[1:])


def test_a_file_can_be_taken_back(site):
    key = site.upload("a.npy", b"1").json()["id"]
    assert site.client.delete(f"/api/files/{key}").status_code == 200
    assert stored(site) == []
    assert site.client.delete(f"/api/files/{key}").status_code == 404

"""Jobs run in processes of their own, within limits, in order, and leave nothing behind."""

import os
import time

import httpx
import pytest


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(true, seconds: float = 10) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def state(site, key: str) -> str:
    return site.client.get(f"/api/jobs/{key}").json()["state"]


def test_a_job_tells_its_events_and_gives_its_files(site):
    answer = site.submit(seed=0)
    assert answer.status_code == 201
    key = answer.json()["id"]
    assert [event["kind"] for event in site.events(key)] == ["queued", "started", "progress", "done"]
    assert site.client.get(f"/api/jobs/{key}/files/1.json").json() == "made"


def test_events_go_on_where_a_reader_stopped(site):
    key = site.submit(seed=0).json()["id"]
    site.events(key)
    with site.client.stream("GET", f"/api/jobs/{key}/events", headers={"Last-Event-ID": "1"}) as response:
        lines = [line for line in response.iter_lines() if line.startswith("id: ")]
    assert lines == ["id: 2", "id: 3"]


ELSEWHERE = ["..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/x", "2.json", "1.json.bak", "a.npz", "1.exe"]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_no_name_leads_out_of_a_job_s_folder(site, name):
    key = site.submit(seed=0).json()["id"]
    site.events(key)
    answer = httpx.get(f"{site.url}/api/jobs/{key}/files/{name}", cookies=site.client.cookies)
    assert answer.status_code == 404


def test_no_name_leads_out_of_the_static_folder(site):
    for name in ("..%2fserver.py", "%2e%2e/server.py", "..%2f..%2f__init__.py"):
        assert site.client.get(f"/static/{name}").status_code == 404


def test_every_job_has_a_process_of_its_own(site):
    keys = [site.submit(seed=0).json()["id"] for _ in range(3)]
    pids = [dict(site.events(key)[-1]["facts"])["pid"] for key in keys]
    assert len(set(pids)) == 3
    assert until(lambda: not any(alive(int(pid)) for pid in pids))


@pytest.mark.slow
def test_fifty_jobs_are_queued_and_done_in_turn_and_more_are_refused(site):
    first = site.submit(seed=1).json()["id"]
    assert until(lambda: state(site, first) == "running")
    keys = [site.submit(seed=0).json()["id"] for _ in range(50)]
    refused = site.submit(seed=0)
    assert refused.status_code == 503
    assert "50 jobs wait" in refused.json()["detail"]
    site.client.post(f"/api/jobs/{first}/cancel")
    assert [site.events(key)[-1]["kind"] for key in keys] == ["done"] * 50
    assert [site.events(key)[0]["ahead"] for key in keys] == list(range(50))


def test_a_job_that_eats_memory_is_stopped_and_says_so(site):
    events = site.events(site.submit(seed=2).json()["id"])
    assert events[-1]["kind"] == "failed"
    assert "0.25 GiB of memory" in events[-1]["text"]
    assert site.events(site.submit(seed=0).json()["id"])[-1]["kind"] == "done"


def test_a_job_that_takes_too_long_is_stopped_and_says_so(site, monkeypatch):
    from minimand.app import jobs

    waited = jobs.asyncio.wait_for
    monkeypatch.setattr(jobs.asyncio, "wait_for", lambda task, limit: waited(task, min(limit, 0.5)))
    events = site.events(site.submit(seed=1).json()["id"])
    assert events[-1]["text"] == "This job took more than 0.5 minutes."


@pytest.mark.parametrize(("seed", "text"), [(3, "without a word"), (4, "cannot be understood")])
def test_a_job_that_dies_or_babbles_is_told(site, seed, text):
    events = site.events(site.submit(seed=seed).json()["id"])
    assert events[-1]["kind"] == "failed"
    assert text in events[-1]["text"]
    assert site.events(site.submit(seed=0).json()["id"])[-1]["kind"] == "done"


def test_a_job_can_be_cancelled_while_it_runs_and_while_it_waits(site):
    running, waiting, last = (site.submit(seed=seed).json()["id"] for seed in (1, 0, 0))
    assert until(lambda: state(site, running) == "running")
    for key in (waiting, running):
        assert site.client.post(f"/api/jobs/{key}/cancel").json()["state"] == "cancelled"
    assert site.events(last)[-1]["kind"] == "done"
    assert site.events(waiting)[-1]["text"] == "This job was cancelled."


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"tab": "none"}, "no such tab"),
        ({"tab": "mri", "options": {"rate": 500}}, "Share of k-space: a number from 5 to 100, got 500"),
        ({"tab": "mri", "options": {"rate": True}}, "got True"),
        ({"tab": "mri", "options": {"methods": []}}, "choose one at least"),
        ({"tab": "mri", "options": {"methods": ["tv", "../x"]}}, "'../x' is not among"),
        ({"tab": "mri", "options": {"sampling": ["radial"]}}, "is not among"),
        ({"tab": "mri", "options": {"array": "a\nb"}}, "plain characters"),
        ({"tab": "mri", "options": {"command": "x"}}, "has no option 'command'"),
        ({"tab": "mri", "options": []}, "an object"),
        ({"tab": "mri", "file": "../../x"}, "not here any more"),
    ],
)
def test_a_wrong_description_is_refused(site, order, text):
    answer = site.client.post("/api/jobs", json=order)
    assert answer.status_code == 400
    assert text in answer.json()["detail"]
    assert site.client.get("/api/jobs").json() == []


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b'"' + b"x" * 70000 + b'"', b"[" * 5000])
def test_a_description_that_is_no_object_is_refused(site, body):
    answer = site.client.post("/api/jobs", content=body)
    assert answer.status_code == 400
    assert "the description of the job" in answer.json()["detail"]


def test_at_the_end_every_process_and_file_is_gone(site):
    site.upload("a.npy", b"1")
    key = site.submit(seed=1).json()["id"]
    assert until(lambda: state(site, key) == "running")
    site.close()
    assert not site.folder.exists()
    assert not site.thread.is_alive()

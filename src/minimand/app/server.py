"""The page's server: the page, files sent to it, jobs and their events."""

import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from minimand.app.files import Files, Received, TooLarge, TooSlow
from minimand.app.forms import Tab
from minimand.app.guard import Guard
from minimand.app.jobs import WORKER, Full, Job, Jobs
from minimand.app.limits import Limits
from minimand.app.tabs import TABS
from minimand.io import InputError

STATIC = Path(__file__).parent / "static"
LONGEST = 64 * 1024  # bytes of a job's description
KINDS = {".u8": "application/octet-stream", ".u16": "application/octet-stream", ".json": "application/json"}


def page(
    folder: Path, token: str, *, host: str = "127.0.0.1", port: int, limits: Limits, worker: Sequence[str] = WORKER
) -> Guard:
    """The page as an ASGI application. folder: for everything temporary; it is removed at the end."""
    for name in ("files", "jobs"):
        (folder / name).mkdir(mode=0o700)
    files, jobs = Files(folder / "files", limits), Jobs(folder / "jobs", limits, worker)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        jobs.start()
        yield
        await jobs.close()
        shutil.rmtree(folder, ignore_errors=True)

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(InputError, lambda request, error: _said(400, error))
    _routes_of_files(app, files, limits)
    _routes_of_jobs(app, jobs, files)

    @app.get("/")
    async def index() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @app.get("/api/tabs")
    async def tabs() -> dict[str, Any]:
        return {"tabs": [tab.described() for tab in TABS.values()], "upload": limits.upload}

    app.mount("/static", StaticFiles(directory=STATIC))
    return Guard(app, token, host, port)


def _routes_of_files(app: FastAPI, files: Files, limits: Limits) -> None:
    @app.post("/api/files")
    async def receive(request: Request, name: str, tab: str, beside: bool = False) -> JSONResponse:
        if tab not in TABS:
            raise HTTPException(404, "There is no such tab.")
        declared = request.headers.get("content-length", "0")
        try:
            if declared.isdecimal() and int(declared) > limits.upload:
                raise TooLarge(
                    f"{name[-80:]}: files may have {limits.upload / 2**20:g} MiB here; use the command line."
                )
            found = await files.receive(name, TABS[tab].place(beside), aiter(request.stream()))
        except TooLarge as error:
            return _said(413, error)
        except TooSlow as error:
            return _said(408, error)
        return JSONResponse({"id": found.id, "name": found.name, "size": found.size})

    @app.delete("/api/files/{key}")
    async def forget(key: str) -> dict[str, Any]:
        if key not in files.known:
            raise HTTPException(404, "There is no such file.")
        files.remove(key)
        return {}


def _routes_of_jobs(app: FastAPI, jobs: Jobs, files: Files) -> None:
    def wanted(key: str) -> Job:
        if key not in jobs.known:
            raise HTTPException(404, "There is no such job.")
        return jobs.known[key]

    @app.post("/api/jobs")
    async def submit(request: Request) -> JSONResponse:
        order = await _object(request)
        tab = TABS.get(str(order.get("tab")))
        if tab is None:
            raise InputError("there is no such tab.")
        source, beside = (_received(files, order.get(key), tab, key == "beside") for key in ("file", "beside"))
        if beside is not None and source is None:
            raise InputError(f"{beside.name}: drop a file for it to lie beside, too.")
        try:
            job = await jobs.submit(tab.name, tab.check(order.get("options", {})), source, beside)
        except Full as error:
            return _said(503, error)
        return JSONResponse(job.described(), 201)

    @app.get("/api/jobs")
    async def listed() -> list[dict[str, Any]]:
        return [job.described() for job in jobs.known.values()]

    @app.get("/api/jobs/{key}")
    async def described(key: str) -> dict[str, Any]:
        return wanted(key).described()

    @app.post("/api/jobs/{key}/cancel")
    async def cancel(key: str) -> dict[str, Any]:
        await jobs.cancel(wanted(key))
        return wanted(key).described()

    @app.get("/api/jobs/{key}/events")
    async def events(request: Request, key: str) -> StreamingResponse:
        last = request.headers.get("last-event-id", "")
        first = int(last) + 1 if last.isdecimal() and len(last) < 9 else 0
        return StreamingResponse(_stream(wanted(key), first), media_type="text/event-stream")

    @app.get("/api/jobs/{key}/files/{name}")
    async def file(key: str, name: str) -> FileResponse:
        path = wanted(key).file(name)
        if path is None:
            raise HTTPException(404, "There is no such file.")
        if path.suffix in KINDS:
            return FileResponse(path, media_type=KINDS[path.suffix])
        return FileResponse(path, filename=f"minimand-{jobs.known[key].tab}{path.suffix}")


def _received(files: Files, key: Any, tab: Tab, beside: bool) -> Received | None:
    """The file of a key, none for None. Raises InputError where it is gone or the tab does not take it."""
    if key is None:
        return None
    found, accepts = files.known.get(str(key)), tab.place(beside)
    if found is None:
        raise InputError("the file is not here any more; drop it again.")
    if not found.path.name.endswith(accepts or (" ",)):
        raise InputError(f"{found.name}: {tab.title} takes {' '.join(accepts) or 'no file'}{' there' * beside}.")
    return found


async def _stream(job: Job, first: int) -> AsyncIterator[str]:
    async for news in job.follow(first):
        yield ": still here\n\n" if news is None else f"id: {news[0]}\ndata: {json.dumps(news[1])}\n\n"


async def _object(request: Request) -> dict[str, Any]:
    """The JSON object in a request. Raises InputError for anything else, and where it is long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise InputError("the description of the job is too long.")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError("the description of the job is no JSON.") from error
    if not isinstance(found, dict):
        raise InputError("the description of the job is no object.")
    return found


def _said(status: int, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status)

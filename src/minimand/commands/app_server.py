"""`minimand app`: the web page. (`commands/app.py` is the command line put together.)"""

from importlib.util import find_spec
from typing import Annotated

from typer import Option


def app_server(
    port: Annotated[int, Option(metavar="P", help="Port [default: a free one].", min=0, max=65535)] = 0,
    no_browser: Annotated[bool, Option("--no-browser", help="Only print the address.")] = False,
    host: Annotated[str, Option(metavar="ADDRESS", help="Where to listen; another than 127.0.0.1 needs --i-know.")]
    = "127.0.0.1",
    i_know: Annotated[
        bool, Option("--i-know", help="The page may be reached from elsewhere: by whoever has the token, unencrypted.")
    ] = False,
) -> None:  # fmt: skip
    """Open the web page: `minimand app` prints its address and serves it until Ctrl-C.

    Choose a scan, methods and sampling, watch, compare, look inside the network. Nothing leaves this machine.
    """
    from minimand.io import InputError

    if host != "127.0.0.1" and not i_know:
        raise InputError(f"--host {host}: others could reach the page, unencrypted; add --i-know if that is meant.")
    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise InputError("minimand app: needs FastAPI and uvicorn; install them: pip install 'minimand[app]'.")
    from minimand.app.serve import serve

    serve(host, port, browser=not no_browser, say=lambda url: print(url, flush=True))

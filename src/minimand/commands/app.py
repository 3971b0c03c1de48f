"""The commands put together, and what every command does with a mistake."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from typing import Annotated

import typer

from minimand.commands.app_server import app_server
from minimand.commands.batch import batch
from minimand.commands.compare import compare
from minimand.commands.console import typed
from minimand.commands.convert import convert
from minimand.commands.dehaze import dehaze
from minimand.commands.demo import demo
from minimand.commands.denoise import denoise
from minimand.commands.doctor import doctor
from minimand.commands.export import export
from minimand.commands.inspect import inspect
from minimand.commands.match import match
from minimand.commands.optimize import optimize
from minimand.commands.reconstruct import reconstruct
from minimand.commands.reproduce import reproduce
from minimand.commands.restore import restore
from minimand.commands.retrieve import retrieve
from minimand.commands.score import score
from minimand.commands.segment import segment
from minimand.commands.simulate import simulate
from minimand.commands.synthesize import synthesize
from minimand.commands.train import train
from minimand.commands.tune import tune
from minimand.commands.weights import weights
from minimand.io.errors import out_of_memory

COURTESY = 30.0  # seconds; torchrun ends the others as soon as one has ended

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: at once, and whole on a narrow terminal
    epilog="Every command takes --help, and --debug, which shows where a mistake was met.",
)


def show_version(asked: bool) -> bool:
    """Print the version and stop, where that is asked for."""
    if asked:
        from minimand import __version__

        print(f"minimand {__version__}")
        raise typer.Exit
    return asked


@app.callback()
def minimand(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Model-driven deep learning: reconstruct, train and compare. Start with `minimand demo`."""


for command in (
    demo, simulate, reconstruct, score, compare, tune, reproduce,
    denoise, restore, dehaze, segment, synthesize, retrieve, match, optimize,
    batch, inspect, convert, export, doctor,
):  # fmt: skip
    app.command(short_help=f"{(command.__doc__ or '').partition(':')[0]}.")(command)
app.command("app", short_help="Open the web page.")(app_server)
app.add_typer(train, name="train")
app.add_typer(weights, name="weights")


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code: 0, 2 for a user's mistake, 130 after Ctrl-C.

    Of several processes that torchrun started the first one speaks; another says a mistake that is its own.
    """
    debug = "--debug" in arguments
    words = [word for word in arguments if word != "--debug"]
    typed.set(words)
    rank = int(os.environ.get("RANK", "0")) if int(os.environ.get("WORLD_SIZE", "1")) > 1 else 0
    try:
        with silence() if rank else nullcontext():
            code = int(typer.main.get_command(app)(words, prog_name="minimand", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        if debug:
            raise
        if rank and not (rank == 1 and isinstance(error, ConnectionError)):
            time.sleep(COURTESY)  # the first one says what went wrong everywhere; its end is the end of this one
        return explain(error)
    if code == 130 and not rank:
        print("minimand: interrupted", file=sys.stderr)
    return code


@contextmanager
def silence() -> Iterator[None]:
    """Nothing is printed in the block."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def explain(error: Exception) -> int:
    """One line on stderr for a mistake, exit code 2; anything else is a defect and keeps its traceback."""
    if hasattr(error, "format_message"):  # of the command-line library: a wrong option, say
        message = error.format_message()
        context = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            print(message)
            return 2
        if context is not None:
            message = f"{message.rstrip('.')}. See {context.command_path} --help."
    elif out_of_memory(error):
        message = f"out of memory ({error}); take fewer slices at a time, FILE[0:10], or smaller images."
    elif isinstance(error, (ValueError, OSError)) or type(error) is ArithmeticError:
        message = str(error)
    else:
        raise error
    print(f"minimand: {' '.join(message.split())}", file=sys.stderr)
    return 2

"""The commands put together, and what every command does with a mistake."""

import sys
from collections.abc import Sequence

import typer

from minimand.commands.compare import compare
from minimand.commands.demo import demo
from minimand.commands.inspect import inspect
from minimand.commands.reconstruct import reconstruct
from minimand.commands.reproduce import reproduce
from minimand.commands.score import score
from minimand.commands.simulate import simulate
from minimand.commands.train import train
from minimand.commands.weights import weights

app = typer.Typer(name="minimand", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def minimand() -> None:
    """Model-driven deep learning: reconstruct, train and compare. Start with `minimand demo`."""


for command in (demo, simulate, reconstruct, score, compare, train, reproduce, inspect):
    app.command()(command)
app.add_typer(weights, name="weights")


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code: 0, 2 for a user's mistake, 130 after Ctrl-C."""
    arguments = list(arguments)
    debug = "--debug" in arguments
    if debug:
        arguments.remove("--debug")
    try:
        result = typer.main.get_command(app)(arguments, standalone_mode=False)
        return int(result or 0)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if debug:
            raise
        return explain(error)


def explain(error: Exception) -> int:
    """One line on stderr for a mistake; anything else is a defect and keeps its traceback."""
    said = getattr(error, "format_message", None)  # the command-line library's own errors: a wrong option, say
    if said is not None:
        message = str(said())
    elif isinstance(error, (ValueError, ArithmeticError, OSError, MemoryError)):
        message = str(error)
    else:
        raise error
    print(f"minimand: {' '.join(message.split())}", file=sys.stderr)
    return 2

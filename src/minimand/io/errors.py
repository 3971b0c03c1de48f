"""The one error of this room: a file or a name that the user can put right."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class InputError(ValueError):
    """A user's mistake, told in one line: the file, the field, what was found, what is needed, what to do."""

    def __init__(self, message: str):
        super().__init__(one_line(message))


class AmbiguousError(InputError):
    """A container holds several arrays and none was named; `names` are theirs."""

    def __init__(self, message: str, names: tuple[str, ...]):
        super().__init__(message)
        self.names = names


def out_of_memory(error: Exception) -> bool:
    """Whether memory ran out: torch says so in a RuntimeError."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "allocate" in str(error))


def one_line(text: str, limit: int = 600) -> str:
    """`text` with all white space collapsed and no unprintable characters, cut after `limit` characters."""
    flat = "".join(c if c.isprintable() else " " for c in text)
    flat = " ".join(flat.split())
    return flat if len(flat) <= limit else flat[: limit - 3] + "..."


@contextmanager
def reading(path: Path, format: str) -> Iterator[None]:
    """Turn whatever a format library raises on a damaged or hostile file into an `InputError` naming the file.

    The catch is broad on purpose: the libraries meet bytes that nobody vouches for, and they raise everything from
    struct.error to MemoryError. Only the reading of one file stands inside.
    """
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(
            f"{path}: does not fit into memory as {format}; read a part of it, or check that it is not damaged."
        ) from error
    except Exception as error:
        reason = one_line(str(error) or type(error).__name__, 200)
        raise InputError(
            f"{path}: cannot be read as {format}, it is damaged, truncated or something else ({reason}); "
            "export or copy the file again."
        ) from error


@contextmanager
def heard(library: str) -> Iterator[list[str]]:
    """The warnings that a format library logs meanwhile, each on one line, kept from the terminal."""
    said: list[str] = []
    logger, handler = logging.getLogger(library), logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(one_line(record.getMessage(), 200))  # type: ignore[method-assign]
    propagate, logger.propagate = logger.propagate, False
    others, logger.handlers = logger.handlers, [handler]
    try:
        yield said
    finally:
        logger.propagate, logger.handlers = propagate, others

"""What a tab asks for: fields with their limits, shown by the page and checked by the server."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from minimand.io import InputError

Real = int | float
LONGEST = 100  # characters of a text

# A field is shown where the field `when` names has one of the values, and `of_files`: where there is a file.
When = tuple[str, tuple[str, ...]] | None


@dataclass(frozen=True)
class Choice:
    """One of several values; `many`: some of them, one at least. options: (value, label)."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    usual: str | tuple[str, ...]
    many: bool = False
    help: str = ""
    when: When = None
    of_files: bool = False

    def check(self, value: Any) -> Any:
        """The value, if it is allowed. Raises InputError."""
        known = [name for name, _ in self.options]
        if not self.many:
            if value not in known:
                raise InputError(f"{self.label}: {_short(value)} is not among {', '.join(known)}.")
            return value
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise InputError(f"{self.label}: choose one at least.")
        if wrong := [name for name in value if name not in known]:
            raise InputError(f"{self.label}: {_short(wrong[0])} is not among {', '.join(known)}.")
        return [name for name in known if name in value]


@dataclass(frozen=True)
class Number:
    """A number from `least` to `most`; whole ones where `step` is whole."""

    name: str
    label: str
    least: Real
    most: Real
    usual: Real
    step: Real = 1
    unit: str = ""
    help: str = ""
    when: When = None
    of_files: bool = False

    def check(self, value: Any) -> Real:
        """The value, if it is allowed. Raises InputError."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not self.least <= value <= self.most:
            raise InputError(f"{self.label}: a number from {self.least:g} to {self.most:g}, got {_short(value)}.")
        if float(self.step).is_integer() and float(self.least).is_integer():
            return round(value)
        return float(value)


@dataclass(frozen=True)
class Text:
    """A short text that may be empty."""

    name: str
    label: str
    usual: str = ""
    help: str = ""
    when: When = None
    of_files: bool = False

    def check(self, value: Any) -> str:
        """The value, if it is allowed. Raises InputError."""
        if not isinstance(value, str) or len(value) > LONGEST or not all(c.isprintable() for c in value):
            raise InputError(f"{self.label}: up to {LONGEST} plain characters are allowed.")
        return value.strip()


Field = Choice | Number | Text


@dataclass(frozen=True)
class Beside:
    """A second file that may lie beside the first one; usual: what is taken without it."""

    label: str
    accepts: tuple[str, ...]
    usual: str
    help: str = ""


@dataclass(frozen=True)
class Tab:
    """One system on the page. example: what is run without a file; accepts: suffixes of files that may be dropped
    (none: no file is asked for); beside: another file that the work may need; module: whose `run(options, source, out)`
    does the work.
    """

    name: str
    title: str
    about: str
    fields: tuple[Field, ...]
    module: str
    example: str
    accepts: tuple[str, ...] = ()
    beside: Beside | None = None

    def check(self, options: Any) -> dict[str, Any]:
        """The options, each checked, missing ones as usual. Raises InputError for a wrong or unknown one."""
        if not isinstance(options, Mapping):
            raise InputError("the options of a job are an object of names and values.")
        if unknown := [name for name in options if name not in {f.name for f in self.fields}]:
            raise InputError(f"{self.title} has no option {_short(unknown[0])}.")
        return {field.name: field.check(options.get(field.name, field.usual)) for field in self.fields}

    def described(self) -> dict[str, Any]:
        """The tab as the page gets it."""
        fields = [{"kind": type(field).__name__.lower(), **asdict(field)} for field in self.fields]
        about = {"name": self.name, "title": self.title, "about": self.about, "example": self.example}
        beside = None if self.beside is None else asdict(self.beside)
        return {**about, "accepts": list(self.accepts), "beside": beside, "fields": fields}

    def place(self, beside: bool) -> tuple[str, ...]:
        """The suffixes of the first file, or of the one beside it."""
        if not beside:
            return self.accepts
        return self.beside.accepts if self.beside else ()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."

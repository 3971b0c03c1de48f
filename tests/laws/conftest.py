"""What the laws are tested on: every public operator, term and step with its specimens, found rather than listed."""

import importlib
import inspect
from collections.abc import Iterator

import pytest
import torch

from minimand.operator import Operator
from minimand.step import Step
from minimand.term import Term

KINDS = {"operator": Operator, "term": Term, "step": Step}


def public(word: str) -> list[type]:
    """The classes of one kind that the package `minimand.<word>s` lists in its `__all__`."""
    package, kind = importlib.import_module(f"minimand.{word}s"), KINDS[word]
    classes = [c for c in (getattr(package, name) for name in package.__all__) if inspect.isclass(c)]
    return [c for c in classes if issubclass(c, kind) and c is not kind]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for every specimen of the kind that an argument named operator, term or step asks for."""
    for word in KINDS:
        if word in metafunc.fixturenames:
            wanted = getattr(metafunc.function, "offering", set())  # terms may lack what a law is about
            found = [
                (c, k)
                for c in public(word)
                for k, specimen in enumerate(c.specimens() or ())
                if (not wanted or wanted <= specimen.offers()) and _meant(metafunc, specimen)
            ]
            metafunc.parametrize(word, found, indirect=True, ids=[f"{c.__name__}{k}" for c, k in found])
        if f"{word}_class" in metafunc.fixturenames:
            metafunc.parametrize(f"{word}_class", public(word), ids=lambda c: c.__name__)


def _meant(metafunc: pytest.Metafunc, specimen: object) -> bool:
    """Whether a law is for this specimen: steps that take energies of one kind only, and terms whose points are not any
    x of the right shape, have laws of their own (OWN in the module of the law; None where a law is for all).
    """
    own = getattr(metafunc.module, "OWN", False)
    if own is None:
        return True
    if isinstance(specimen, Step):
        return own is (specimen.example(1, torch.Generator()) is not None)
    return not isinstance(specimen, Term) or own is specimen.own_points


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    """Numbers of specimens are double, too."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def operator(request: pytest.FixtureRequest, double_precision: None) -> Operator:
    cls, k = request.param
    return cls.specimens()[k]


@pytest.fixture
def term(request: pytest.FixtureRequest, double_precision: None) -> Term:
    cls, k = request.param
    return cls.specimens()[k]


@pytest.fixture
def step(request: pytest.FixtureRequest, double_precision: None) -> Step:
    cls, k = request.param
    return cls.specimens()[k]

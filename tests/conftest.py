"""What every test stands on: shapes checked at each call, one thread, fixed seeds, real data where they are at hand."""

import os
import random
from pathlib import Path

os.environ["MPLBACKEND"] = "Agg"

import jaxtyping
import numpy as np
import pytest
import torch
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "minimand"

# Shape annotations are checked while tests run. The kernels are left out: numba cannot compile a wrapped function.
CHECKED = sorted(f"minimand.{path.stem}" for path in PACKAGE.iterdir() if path.stem not in ("kernels", "__pycache__"))
# The hook takes its checker as text. `Self` counts as any object: beartype knows it only where it wraps whole classes.
SELF = "beartype.FrozenDict({__import__('typing').Self: object})"
jaxtyping.install_import_hook(CHECKED, f"beartype.beartype(conf=beartype.BeartypeConf(hint_overrides={SELF}))")

torch.set_num_threads(1)
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def seeds() -> None:
    """Start every test from the same random numbers, whatever ran before it in this process."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - for libraries that still draw from it
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data, MINIMAND_DATA (default: shared/data beside the repository); skips where it is absent."""
    folder = Path(os.environ.get("MINIMAND_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the real data, which are not part of the project: set MINIMAND_DATA to their folder")
    return folder

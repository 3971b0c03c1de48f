"""What every test stands on: shapes checked at each call, one thread, fixed seeds, real data where they are at hand."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

os.environ["MPLBACKEND"] = "Agg"

import h5py
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


@pytest.fixture(autouse=True)
def threads_of_the_environment() -> Iterator[None]:
    """`--threads` of a command that a test ran in this process is not that of the next test."""
    from minimand.kernels import threads

    yield
    threads._chosen.clear()


@pytest.fixture(autouse=True, scope="session")
def no_cache_of_the_user(tmp_path_factory) -> None:
    """What commands keep for the next time is kept for this run only."""
    os.environ["MINIMAND_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data, MINIMAND_DATA (default: shared/data beside the repository); skips where it is absent."""
    folder = Path(os.environ.get("MINIMAND_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the real data, which are not part of the project: set MINIMAND_DATA to their folder")
    return folder


@pytest.fixture
def write_raw():
    """`write_raw(path, lines, ...)` writes an ISMRMRD file.

    lines: dictionaries of samples (coils, count) and, where they are not the usual, numbers of the head or of idx.
    """
    idx = [(name, "<u2") for name in ("kspace_encode_step_1", "kspace_encode_step_2", "average", "slice", "contrast")]
    idx += [(name, "<u2") for name in ("phase", "repetition", "set", "segment")] + [("user", "<u2", (8,))]
    short = ("number_of_samples", "active_channels", "discard_pre", "discard_post", "center_sample")
    head = [("version", "<u2"), ("flags", "<u8"), *((name, "<u2") for name in short)]
    head += [(name, "<f4", (3,)) for name in ("position", "read_dir", "phase_dir", "slice_dir")] + [("idx", idx)]
    floats = h5py.vlen_dtype(np.dtype("<f4"))

    def write(path: Path, lines: list[dict], header: str) -> Path:
        table = np.zeros(len(lines), [("head", head), ("traj", floats), ("data", floats)])
        for row, line in zip(table, lines, strict=True):
            samples = np.ascontiguousarray(line["samples"], np.complex64)
            row["traj"], row["data"] = np.zeros(0, np.float32), samples.view(np.float32).ravel()
            row["head"]["active_channels"], row["head"]["number_of_samples"] = samples.shape
            row["head"]["center_sample"] = samples.shape[1] // 2
            for name, axis in [("read_dir", 0), ("phase_dir", 1), ("slice_dir", 2)]:
                row["head"][name][axis] = 1
            for name, value in line.items():
                if name != "samples":
                    where = row["head"]["idx"] if name in dict(i[:2] for i in idx) else row["head"]
                    where[name] = sum(1 << (n - 1) for n in value) if name == "flags" else value
        with h5py.File(path, "w") as file:
            file["dataset/data"] = table
            file.create_dataset("dataset/xml", data=np.array([header], object), dtype=h5py.string_dtype())
        return path

    return write


@pytest.fixture
def raw_header():
    """`raw_header((x, y, z), ...)` is the XML header of an ISMRMRD file."""

    def text(encoded, image=None, *, trajectory="cartesian", calibration="embedded", more="", encodings=1) -> str:
        def space(name: str, size: tuple[int, ...], mm: tuple[int, ...]) -> str:
            inner = "".join(
                f"<{tag}>{''.join(f'<{a}>{n}</{a}>' for a, n in zip('xyz', values))}</{tag}>"
                for tag, values in [("matrixSize", size), ("fieldOfView_mm", mm)]
            )
            return f"<{name}>{inner}</{name}>"

        image = image or encoded
        encoding = space("encodedSpace", encoded, tuple(2 * n for n in encoded))
        encoding += space("reconSpace", image, tuple(2 * n for n in image))
        encoding += f"<trajectory>{trajectory}</trajectory>{more}<parallelImaging><accelerationFactor>"
        encoding += "<kspace_encoding_step_1>2</kspace_encoding_step_1></accelerationFactor>"
        encoding += f"<calibrationMode>{calibration}</calibrationMode></parallelImaging>"
        body = f"<encoding>{encoding}</encoding>" * encodings
        return f'<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">{body}</ismrmrdHeader>'

    return text


@pytest.fixture(scope="session")
def body():
    """`body(seed, size)` is a picture, or volume, of a bright organ in two parts, labels 3 and 7, bent by its seed."""

    def make(seed: int, size: tuple[int, ...]):
        """(image, labels): an ellipsoid, its left part 3, its right part 7."""
        rng = np.random.default_rng(seed)
        axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in size), indexing="ij")
        middle, width = rng.uniform(-0.12, 0.12, len(size)), rng.uniform(0.4, 0.5, len(size))
        bend = 0.06 * np.sin(3 * axes[-1] + rng.uniform(0, 6))
        radius = sum(((a + bend - m) / w) ** 2 for a, m, w in zip(axes, middle, width, strict=True))
        right = axes[-1] > middle[-1]
        labels = np.where(radius < 1, np.where(right, 7, 3), 0)
        image = 100 + 400 * (labels > 0) + 150 * (labels == 7) + 80 * np.cos(4 * axes[-2]) + rng.normal(0, 12, size)
        return image.astype(np.float32), labels.astype(np.int16)

    return make

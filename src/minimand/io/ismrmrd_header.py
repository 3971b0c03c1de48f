"""The XML header of ISMRMRD raw data: what was encoded, and how."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from .errors import InputError

LARGEST = 4 * 2**20  # bytes of a header; real ones have some thousand
DEEPEST = 64
WIDEST = 8192  # points of a side of k-space


@dataclass(frozen=True)
class Header:
    """One Cartesian encoding. x is the readout, y and z are the phase encoding steps 1 and 2.

    encoded, image: points (x, y, z) of k-space and of the image that the scanner would show; encoded_mm, image_mm:
    their fields of view; centres: number of the line through zero frequency along y and z; acceleration: along y and z;
    calibration: ISMRMRD's word for where calibration lines lie, `embedded`, `interleaved`, `separate`, `external`,
    `other`, or nothing.
    """

    encoded: tuple[int, int, int]
    image: tuple[int, int, int]
    encoded_mm: tuple[float, float, float]
    image_mm: tuple[float, float, float]
    centres: tuple[int, int]
    acceleration: tuple[int, int]
    calibration: str

    @property
    def readout(self) -> int:
        """Points of the readout once its oversampling is removed."""
        wanted = round(self.encoded[0] * self.image_mm[0] / self.encoded_mm[0])
        return wanted if 2 <= wanted < self.encoded[0] else self.encoded[0]


def parse_header(path: Path, text: bytes) -> Header:
    """The header of a file. Raises InputError for XML that is damaged, hostile or too long, and for an encoding that
    is not one Cartesian one.
    """
    found = _texts(path, text)
    encodings = len(found["encoding"])
    if encodings != 1:
        raise InputError(f"{path}: has {encodings} encodings, one is read; split the file by encoding space.")
    trajectory = _one(found, "encoding/trajectory", "cartesian").lower()
    if trajectory != "cartesian":
        raise InputError(
            f"{path}: has a trajectory {trajectory!r}, only cartesian is read; grid the data (epi: after its phase "
            "correction) and save the k-space as .cfl or .npz."
        )
    encoded = _sizes(path, found, "encodedSpace", None)
    image = _sizes(path, found, "reconSpace", encoded)
    encoded_mm = _lengths(path, found, "encodedSpace", tuple(float(n) for n in encoded))
    image_mm = _lengths(path, found, "reconSpace", encoded_mm)
    steps = ("kspace_encoding_step_1", "kspace_encoding_step_2")
    centres = [
        _whole(path, found, f"encoding/encodingLimits/{step}/center", n // 2) for step, n in zip(steps, encoded[1:])
    ]
    factor = [_whole(path, found, f"encoding/parallelImaging/accelerationFactor/{step}", 1) for step in steps]
    mode = _one(found, "encoding/parallelImaging/calibrationMode", "").lower()
    return Header(
        encoded, image, encoded_mm, image_mm, (centres[0], centres[1]), (factor[0], factor[1]), mode
    )  # fmt: skip


def _texts(path: Path, text: bytes) -> Mapping[str, Sequence[str]]:
    """The texts of all elements by their path below the root, without namespaces. No DTD, no entities."""
    if len(text) > LARGEST:
        raise InputError(f"{path}: its XML header has {len(text)} bytes, {LARGEST} at most are read; it is damaged.")
    found: defaultdict[str, list[str]] = defaultdict(list)
    open_elements: list[str] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) >= DEEPEST:
            raise InputError(f"{path}: its XML header is nested deeper than {DEEPEST} elements; it is damaged.")
        open_elements.append(name.rpartition(":")[2])
        found["/".join(open_elements[1:])].append("")

    def end(name: str) -> None:
        open_elements.pop()

    def characters(data: str) -> None:
        found["/".join(open_elements[1:])][-1] += data

    def refuse(*_: object) -> None:
        raise InputError(f"{path}: its XML header declares a document type or entities, which are never expanded.")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.buffer_text = True
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise InputError(f"{path}: its XML header is damaged ({error}); export the raw data again.") from error
    return found


def _one(found: Mapping[str, Sequence[str]], name: str, default: str) -> str:
    texts = found.get(name, ())
    return texts[0].strip() if texts else default


def _whole(path: Path, found: Mapping[str, Sequence[str]], name: str, default: int) -> int:
    text = _one(found, name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        raise InputError(f"{path}: its XML header has {name} = {text[:40]!r}, a whole number is needed.")
    return int(text)


def _sizes(
    path: Path, found: Mapping[str, Sequence[str]], space: str, default: tuple[int, int, int] | None
) -> tuple[int, int, int]:
    names = [f"encoding/{space}/matrixSize/{axis}" for axis in "xyz"]
    if default is None and not all(name in found for name in names):
        raise InputError(f"{path}: its XML header has no {space}/matrixSize; it is no complete ISMRMRD header.")
    x, y, z = (_whole(path, found, name, default[i] if default else 0) for i, name in enumerate(names))
    if not (2 <= x <= WIDEST and 2 <= y <= WIDEST and z <= WIDEST):
        raise InputError(f"{path}: its XML header has a {space} of {x} x {y} x {z}, 2 to {WIDEST} points are read.")
    return x, y, max(z, 1)


def _lengths(
    path: Path, found: Mapping[str, Sequence[str]], space: str, default: tuple[float, ...]
) -> tuple[float, float, float]:
    values = []
    for axis, usual in zip("xyz", default, strict=True):
        text = _one(found, f"encoding/{space}/fieldOfView_mm/{axis}", "")
        try:
            value = float(text) if text else usual
        except ValueError:
            raise InputError(f"{path}: its XML header has {space}/fieldOfView_mm/{axis} = {text[:40]!r}.") from None
        values.append(value if 0 < value < 1e6 else usual)
    return values[0], values[1], values[2]

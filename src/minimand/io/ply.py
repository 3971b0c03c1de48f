"""The PLY format, text and binary: a head that declares elements and their properties, then the elements in order."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError
from .meshes import Mesh, check_counts, fans, text_lines

TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
CORNERS = ("vertex_indices", "vertex_index")


@dataclass
class Element:
    """name and count as declared; properties: (name, type of the values, type of the count where it is a list)."""

    name: str
    count: int
    properties: list[tuple[str, str, str | None]] = field(default_factory=list)


def read(path: Path, data: bytes) -> Mesh:
    """The mesh of a PLY file: x, y, z of its vertices and the corners of its faces. Raises InputError."""
    end = data.find(b"end_header")
    if not data.startswith(b"ply") or end < 0:
        raise InputError(f"{path}: has no PLY head; it is cut, damaged or something else.")
    order, elements = _head(path, data[:end].decode("latin-1"))
    body = data[data.index(b"\n", end) + 1 :]
    least = 2 if order == "" else 1
    check_counts(path, len(data), {e.name: (e.count, least * max(len(e.properties), 1)) for e in elements})
    values = _text(path, body, elements) if order == "" else _binary(path, body, elements, order)
    if "vertex" not in values or not all(name in values["vertex"] for name in "xyz"):
        raise InputError(f"{path}: declares no vertices with x, y and z.")
    vertices = np.stack([np.asarray(values["vertex"][name], np.float64) for name in "xyz"], axis=1)
    corners = next((values.get("face", {})[name] for name in CORNERS if name in values.get("face", {})), [])
    return Mesh(vertices, corners if isinstance(corners, np.ndarray) else fans(corners))


def _head(path: Path, text: str) -> tuple[str, list[Element]]:
    order, elements = None, list[Element]()
    for line in text.splitlines()[1:]:
        match line.split():
            case ["format", name, _]:
                order = ORDERS.get(name)
            case ["element", name, count]:
                elements.append(Element(name, int(count)))
            case ["property", "list", count, kind, name] if elements:
                elements[-1].properties.append((name, TYPES[kind], TYPES[count]))
            case ["property", kind, name] if elements:
                elements[-1].properties.append((name, TYPES[kind], None))
            case ["format" | "element" | "property", *_]:
                raise InputError(f"{path}: its head says {line[:60]!r}, which is not whole; it is cut or damaged.")
    if order is None:
        raise InputError(f"{path}: is a PLY file of no known format; ascii and binary ones are read.")
    return order, elements


def _text(path: Path, body: bytes, elements: list[Element]) -> dict[str, dict[str, list]]:
    rows = [words for line in text_lines(path, body) if (words := line.split())]
    found: dict[str, dict[str, list]] = {}
    first = 0
    for element in elements:
        mine = rows[first : first + element.count]
        if len(mine) < element.count:
            raise InputError(f"{path}: ends after {len(mine)} of {element.count} of element {element.name}; it is cut.")
        columns: dict[str, list] = {name: [] for name, _, _ in element.properties}
        for k, row in enumerate(mine):
            place = 0
            for name, _, count in element.properties:
                length = int(row[place]) if count and place < len(row) else 1
                start = place + (1 if count else 0)
                place = start + length
                if place > len(row) or length < 0:
                    raise InputError(f"{path}: {element.name} {k} has too few numbers; the file is cut or damaged.")
                columns[name].append([int(w) for w in row[start:place]] if count else float(row[start]))
        found[element.name] = columns
        first += element.count
    return found


def _binary(path: Path, body: bytes, elements: list[Element], order: str) -> dict[str, dict]:
    found: dict[str, dict] = {}
    place = 0
    for element in elements:
        try:
            found[element.name], place = _rows(path, body, place, element, order)
        except InputError:
            raise
        except (ValueError, IndexError):
            raise InputError(
                f"{path}: ends within element {element.name}; it is cut: export or copy it again."
            ) from None
    return found


def _rows(path: Path, body: bytes, place: int, element: Element, order: str) -> tuple[dict, int]:
    """The columns of one element and where it ends. Raises ValueError or IndexError where the bytes end before, and
    InputError for a list of negative length.
    """
    if all(count is None for _, _, count in element.properties):
        row = np.dtype([(name, order + kind) for name, kind, _ in element.properties])
        table = np.frombuffer(body, row, element.count, place)
        return {name: table[name] for name in row.names or ()}, place + table.nbytes
    if triangles := _triangles(body, place, element, order):
        return triangles
    columns: dict[str, list] = {name: [] for name, _, _ in element.properties}
    for _ in range(element.count):
        for name, kind, count in element.properties:
            length = 1
            if count:
                length = int(np.frombuffer(body, order + count, 1, place)[0])
                place += int(count[1])
            if length < 0:
                raise InputError(f"{path}: element {element.name} has a list of {length} numbers; the file is damaged.")
            values = np.frombuffer(body, order + kind, length, place)
            place += values.nbytes
            columns[name].append(values.tolist() if count else values[0])
    return columns, place


def _triangles(body: bytes, place: int, element: Element, order: str) -> tuple[dict, int] | None:
    """The same where every list is one of three, all at once; None where it is not so."""
    fields: list[Any] = []
    for name, kind, count in element.properties:
        fields += [(f"{name} count", order + count)] if count else []
        fields.append((name, order + kind, (3,)) if count else (name, order + kind))
    row = np.dtype(fields)
    if place + row.itemsize * element.count > len(body):
        return None
    table = np.frombuffer(body, row, element.count, place)
    if any((table[f"{name} count"] != 3).any() for name, _, count in element.properties if count):
        return None
    columns = {name: table[name] for name, _, _ in element.properties}
    return {n: c.astype(np.int64) if c.ndim == 2 else c for n, c in columns.items()}, place + table.nbytes

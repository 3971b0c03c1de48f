"""HDF5: what points outside the file, wants foreign code, declares more than it stores, or is no array of numbers."""

import struct

import h5py
import numpy as np

FILE = "scan.h5"
DATA = np.arange(4000.0).reshape(50, 80)
SECRET = "../secret.h5"


def seed(path) -> None:
    with h5py.File(path.parent.parent / "secret.h5", "w") as file:
        file["data"] = np.ones((4, 4))
    with h5py.File(path, "w") as file:
        file["kspace"] = DATA


def filled(fill):
    """The case of a file that `fill` fills."""

    def write(path) -> None:
        path.unlink()
        with h5py.File(path, "w") as file:
            fill(file)

    return write


def also(fill):
    """The case of a good file to which `fill` adds."""

    def write(path) -> None:
        with h5py.File(path, "a") as file:
            fill(file)

    return write


def virtual(file) -> None:
    layout = h5py.VirtualLayout((4, 4), "f8")
    layout[:] = h5py.VirtualSource(SECRET, "data", (4, 4))
    file.create_virtual_dataset("kspace", layout)


def virtual_within(file) -> None:
    file["a/data"] = np.ones((4, 4))
    layout = h5py.VirtualLayout((4, 4), "f8")
    layout[:] = h5py.VirtualSource(".", "a/data", (4, 4))
    file.create_virtual_dataset("kspace", layout)
    del file["a"]


def external(file, name=SECRET, offset=0) -> None:
    file.create_dataset("kspace", (4, 4), "f8", external=[(name, offset, 128)])


def packed(number: int):
    """A dataset that declares a filter of this number."""

    def fill(file) -> None:
        space = h5py.h5s.create_simple((64, 64))
        made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        made.set_chunk((8, 8))
        made.set_filter(number, h5py.h5z.FLAG_OPTIONAL, (1, 2))
        h5py.h5d.create(file.id, b"kspace", h5py.h5t.NATIVE_DOUBLE, space, made)

    return fill


def deep(file) -> None:
    file["/".join("g" * 40) + "/kspace"] = DATA


def patched(at: int, value: bytes):
    def write(path) -> None:
        data = bytearray(path.read_bytes())
        data[at : at + len(value)] = value
        path.write_bytes(data)

    return write


def checksummed(path) -> None:
    path.unlink()
    with h5py.File(path, "w") as file:
        file.create_dataset("kspace", data=DATA, chunks=(50, 80), fletcher32=True)
        at = file["kspace"].id.get_chunk_info(0).byte_offset
    patched(at + 8, b"\x55")(path)


def damaged_chunk(path) -> None:
    path.unlink()
    with h5py.File(path, "w") as file:
        file.create_dataset("kspace", data=DATA, chunks=(50, 80), compression="gzip")
        at = file["kspace"].id.get_chunk_info(0).byte_offset
    patched(at + 8, b"\x55" * 40)(path)


HUGE = struct.pack("<Q", 2**60)
CASES = {
    "external link": filled(lambda f: f.__setitem__("kspace", h5py.ExternalLink(SECRET, "/data"))),
    "external link to a device": filled(lambda f: f.__setitem__("kspace", h5py.ExternalLink("/dev/zero", "/"))),
    "external link to a missing file": filled(lambda f: f.__setitem__("kspace", h5py.ExternalLink("no.h5", "/"))),
    "external link deep inside": also(lambda f: f.__setitem__("a/b/c", h5py.ExternalLink(SECRET, "/data"))),
    "external link beside the array": also(lambda f: f.__setitem__("more", h5py.ExternalLink(SECRET, "/data"))),
    "external storage": filled(external),
    "external storage of a system file": filled(lambda f: external(f, "/etc/passwd")),
    "external storage with an offset": filled(lambda f: external(f, SECRET, 64)),
    "external storage in a device": filled(lambda f: external(f, "/dev/zero")),
    "virtual": filled(virtual),
    "virtual within the file": filled(virtual_within),
    "soft links alone": filled(lambda f: f.__setitem__("kspace", h5py.SoftLink("/kspace"))),
    "soft link to nothing": filled(lambda f: f.__setitem__("kspace", h5py.SoftLink("/gone/away"))),
    "filter of a plugin": filled(packed(32015)),
    "filter of a private number": filled(packed(300)),
    "beyond all memory": filled(lambda f: f.create_dataset("kspace", (2**20, 2**20), "f4", chunks=(64, 64))),
    "hollow": filled(lambda f: f.create_dataset("kspace", (2**14, 2**14), "f4", chunks=(64, 64), compression="gzip")),
    "hollow and not packed": filled(lambda f: f.create_dataset("kspace", (2**14, 2**14), "f4")),
    "one hollow chunk": filled(
        lambda f: f.create_dataset("kspace", (8, 8), "f8", chunks=(2**14, 2**12 + 1), maxshape=(None, None))
    ),
    "too deep": filled(deep),
    "nothing": filled(lambda f: None),
    "groups alone": filled(lambda f: f.create_group("a/b/c")),
    "text": filled(lambda f: f.__setitem__("kspace", "hello")),
    "many texts": filled(lambda f: f.__setitem__("kspace", np.array(["a", "bb"], h5py.string_dtype()))),
    "references": filled(lambda f: f.create_dataset("kspace", (2, 2), h5py.ref_dtype)),
    "records": filled(lambda f: f.__setitem__("kspace", np.zeros((4, 4), [("a", "f4"), ("b", "f4")]))),
    "records of texts": filled(lambda f: f.__setitem__("kspace", np.zeros((4, 4), [("r", "S4"), ("i", "S4")]))),
    "lists of many lengths": filled(lambda f: f.create_dataset("kspace", (4,), h5py.vlen_dtype(np.float32))),
    "opaque": filled(lambda f: f.__setitem__("kspace", np.zeros((4, 4), "V8"))),
    "no space": filled(lambda f: f.__setitem__("kspace", h5py.Empty("f8"))),
    "checksum": checksummed,
    "damaged chunk": damaged_chunk,
    "superblock of version 9": patched(8, b"\x09"),
    "offsets of 3 bytes": patched(13, b"\x03"),
    "lengths of 200 bytes": patched(14, b"\xc8"),
    "base far away": patched(24, HUGE),
    "end before the data": patched(40, struct.pack("<Q", 100)),
    "root at no place": patched(64, HUGE),
    "root in the superblock": patched(64, struct.pack("<Q", 8)),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)

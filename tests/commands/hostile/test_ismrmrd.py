"""ISMRMRD raw data: hostile XML, tables that lie, lines that lie nowhere."""

import h5py
import numpy as np
import pytest

FILE = "scan.h5"
GOOD = (
    '<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><encoding><encodedSpace><matrixSize>'
    "<x>6</x><y>5</y><z>1</z></matrixSize></encodedSpace><trajectory>cartesian</trajectory></encoding></ismrmrdHeader>"
)
MAKE: dict[str, object] = {}


@pytest.fixture(autouse=True)
def own(write_raw) -> None:
    MAKE["raw"] = write_raw


def lines(**values) -> list[dict]:
    samples = (np.arange(12.0).reshape(2, 6) + 1).astype(np.complex64)
    return [{"samples": samples, "kspace_encode_step_1": y, **values} for y in range(5)]


def seed(path) -> None:
    MAKE["raw"](path, lines(), GOOD)


def xml(header: str):
    """The case of another header."""
    return lambda path: MAKE["raw"](path, lines(), header)


def told(old: str, new: str):
    return xml(GOOD.replace(old, new))


def having(**values):
    """The case of heads with other numbers."""
    return lambda path: MAKE["raw"](path, lines(**values), GOOD)


def also(change):
    """The case of a good file that is changed."""

    def write(path) -> None:
        with h5py.File(path, "a") as file:
            change(file)

    return write


def without(name: str):
    return also(lambda file: file.__delitem__(name))


def other_header(content):
    """The case of something else in place of the header."""
    return also(lambda file: (file.__delitem__("dataset/xml"), file.__setitem__("dataset/xml", content)))


def external(file) -> None:
    kind = file["dataset/data"].dtype
    del file["dataset/data"]
    file["dataset/data"] = h5py.ExternalLink("secret.h5", "/data")
    assert kind


def emptied(file) -> None:
    kind = file["dataset/data"].dtype
    del file["dataset/data"]
    file.create_dataset("dataset/data", (0,), kind)


def hollow(file) -> None:
    kind = file["dataset/data"].dtype
    del file["dataset/data"]
    file.create_dataset("dataset/data", (3_000_000,), kind, chunks=(1000,))


def two(file) -> None:
    file.copy("dataset", "more")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
DEEP = "<a>" * 200 + "</a>" * 200
CASES = {
    "a million laughs": xml(f"<!DOCTYPE x [{LAUGHS}]>{GOOD[21:]}"),
    "an entity of a file": xml(f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>{GOOD[21:]}'),
    "an entity of the web": xml(f'<!DOCTYPE x [<!ENTITY f SYSTEM "http://example.org/x">]>{GOOD[21:]}'),
    "a parameter entity": xml(f'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///dev/zero"> %p;]>{GOOD[21:]}'),
    "a document type": xml(f'<!DOCTYPE ismrmrdHeader SYSTEM "ismrmrd.dtd">{GOOD[21:]}'),
    "an unknown entity": told("cartesian", "&cartesian;"),
    "nested too deep": xml(DEEP),
    "unclosed": xml(GOOD[:-20]),
    "two roots": xml(GOOD + GOOD[21:]),
    "no root": xml('<?xml version="1.0"?>'),
    "no text": xml(""),
    "five megabytes": xml(GOOD.replace("cartesian", "cartesian" + " " * 5 * 2**20)),
    "characters that are none": xml(GOOD.replace("cartesian", "car\x01tesian")),
    "another encoding of characters": xml(GOOD.replace('"1.0"', '"1.0" encoding="x-unknown"')),
    "no encoding": xml("<ismrmrdHeader/>"),
    "two encodings": xml(GOOD.replace("</encoding>", "</encoding><encoding></encoding>")),
    "radial": told("cartesian", "radial"),
    "spiral": told("cartesian", "spiral"),
    "no size": told("<x>6</x>", ""),
    "size 0": told("<x>6</x>", "<x>0</x>"),
    "size -6": told("<x>6</x>", "<x>-6</x>"),
    "size beyond memory": told("<x>6</x><y>5</y><z>1</z>", "<x>8192</x><y>8192</y><z>8192</z>"),
    "size of a million digits": told("<x>6</x>", f"<x>{'9' * 10**6}</x>"),
    "size in words": told("<x>6</x>", "<x>six</x>"),
    "size infinite": told("<x>6</x>", "<x>inf</x>"),
    "fewer lines than measured": told("<y>5</y>", "<y>3</y>"),
    "centre that is text": told("<trajectory>", "<encodingLimits><kspace_encoding_step_1><center>x</center>"
                                "</kspace_encoding_step_1></encodingLimits><trajectory>"),
    "no header": without("dataset/xml"),
    "several headers": other_header(np.array([b"a", b"b"])),
    "header of numbers": other_header(np.ones(1)),
    "header behind a link": other_header(h5py.ExternalLink("secret.h5", "/")),
    "no table": without("dataset/data"),
    "table behind a link": also(external),
    "empty table": also(emptied),
    "hollow table": also(hollow),
    "two tables": also(two),
    "line outside": having(kspace_encode_step_1=77),
    "partition outside": having(kspace_encode_step_2=3),
    "noise alone": having(flags=[19]),
    "navigators alone": having(flags=[23]),
    "more coils than samples": having(active_channels=3),
    "no coil": having(active_channels=0),
    "more samples than stored": having(number_of_samples=7),
    "centre outside": having(center_sample=60),
    "all samples discarded": having(discard_pre=6),
    "more discarded than there are": having(discard_post=60000),
    "not a number": lambda path: MAKE["raw"](path, lines(samples=np.full((2, 6), np.nan, np.complex64)), GOOD),
    "infinite": lambda path: MAKE["raw"](path, lines(samples=np.full((2, 6), np.inf, np.complex64)), GOOD),
    "coils that change": lambda path: MAKE["raw"](path, [*lines(), {"samples": np.ones((1, 6), np.complex64)}], GOOD),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)

"""DICOM: elements that lie, compressions that are not read, and what holds no image."""

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import JPEG2000, ExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

FILE = "scan.dcm"
PIXELS = np.arange(60, dtype="<u2").reshape(3, 4, 5)


def dataset() -> pydicom.Dataset:
    data = pydicom.Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = pydicom.uid.MRImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "1.2.3"
    data.Rows, data.Columns, data.NumberOfFrames, data.SamplesPerPixel = 4, 5, 3, 1
    data.PhotometricInterpretation, data.BitsAllocated, data.BitsStored, data.HighBit = "MONOCHROME2", 16, 16, 15
    data.PixelRepresentation, data.PixelData = 0, PIXELS.tobytes()
    data.ImageOrientationPatient, data.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 0]
    data.PixelSpacing = [1, 1]
    return data


def seed(path) -> None:
    dataset().save_as(path, enforce_file_format=True)


def having(**values):
    """The case of a file with other values; None takes one away."""

    def write(path) -> None:
        data = dataset()
        for name, value in values.items():
            if value is None:
                delattr(data, name)
            else:
                setattr(data, name, value)
        data.save_as(path, enforce_file_format=True)

    return write


def packed(syntax: str, content: bytes = b"\0" * 64):
    """The case of another transfer syntax."""

    def write(path) -> None:
        data = dataset()
        data.file_meta.TransferSyntaxUID = syntax
        data.PixelData = pydicom.encaps.encapsulate([content] * 3)
        data["PixelData"].VR = "OB"
        data.save_as(path, enforce_file_format=True)

    return write


def said(text: bytes, other: bytes):
    """The case of other bytes in place of some."""
    return lambda path: path.write_bytes(path.read_bytes().replace(text, other, 1))


CASES = {
    "no rows": having(Rows=0),
    "no columns": having(Columns=0),
    "rows not told": having(Rows=None),
    "columns not told": having(Columns=None),
    "more rows than stored": having(Rows=400),
    "more columns than stored": having(Columns=65535),
    "more frames than stored": having(NumberOfFrames=30),
    "frames beyond memory": having(NumberOfFrames=2**31 - 1, Rows=65535, Columns=65535),
    "minus three frames": having(NumberOfFrames=-3),
    "no pixels": having(PixelData=None),
    "pixels of no bytes": having(PixelData=b""),
    "half of the pixels": having(PixelData=PIXELS.tobytes()[:60]),
    "depth 0": having(BitsAllocated=0),
    "depth 7": having(BitsAllocated=7),
    "depth 24": having(BitsAllocated=24),
    "depth 64": having(BitsAllocated=64, BitsStored=64, HighBit=63),
    "samples not told": having(SamplesPerPixel=None),
    "no sample": having(SamplesPerPixel=0),
    "two samples": having(SamplesPerPixel=2),
    "colour that is grey": having(SamplesPerPixel=3),
    "kind of grey not told": having(PhotometricInterpretation=None),
    "sign not told": having(PixelRepresentation=None),
    "sign 7": having(PixelRepresentation=7),
    "JPEG": packed(JPEGBaseline8Bit),
    "JPEG 2000": packed(JPEG2000),
    "MPEG": packed("1.2.840.10008.1.2.4.100"),
    "an unknown syntax": said(b"1.2.840.10008.1.2.1\0", b"1.2.3.4.5.6.7.8.9.10"),
    "run lengths that are none": packed(RLELossless, b"\0" * 64),
    "run lengths of 15 segments": packed(RLELossless, b"\x0f\0\0\0" + b"\xff" * 60),
    "run lengths far away": packed(RLELossless, b"\x02\0\0\0" + b"\xff\xff\xff\x7f" * 15),
    "deflated": said(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"),
    "magic lost": said(b"DICM", b"XXXX"),
    "report": lambda path: text_alone(path),
}  # fmt: skip


def text_alone(path) -> None:
    data = dataset()
    for name in ("Rows", "Columns", "PixelData", "BitsAllocated"):
        delattr(data, name)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = pydicom.uid.BasicTextSRStorage
    data.save_as(path, enforce_file_format=True)


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)

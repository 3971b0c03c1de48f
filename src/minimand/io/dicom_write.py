"""DICOM secondary capture: results as a PACS takes them."""

from datetime import UTC, datetime
from typing import IO, Any

import numpy as np

from .dicom import TO_RAS
from .errors import InputError
from .stored import Geometry

TOP = 65535
GREY, COLOUR = "1.2.840.10008.5.1.4.1.1.7.3", "1.2.840.10008.5.1.4.1.1.7.4"  # multi-frame word, true colour


def write_dicom(file: IO[bytes], array: np.ndarray, geometry: Geometry | None, *, channels: bool = False) -> str:
    """Write an image or a stack, (frames, rows, columns), as a multi-frame secondary capture with a new study and
    series; says how its values were stored. No patient is named.

    Integers from 0 to 65535 are kept; other numbers, magnitudes of complex ones, are spread over 16 bits with the
    rescale slope and intercept that bring them back. Colour is cut to 8 bits. Raises InputError for NaN and infinity.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    stack = array if array.ndim == 3 + channels else array[None]
    if stack.ndim != 3 + channels or 0 in stack.shape or max(stack.shape[1:3], default=0) > TOP:
        raise InputError(f"DICOM holds an image or a stack of images, got shape {array.shape}; write .nii.gz or .npz.")
    pixels, slope, intercept, note = _stored(stack, channels)
    now, dataset = datetime.now(UTC), Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = UID(COLOUR if channels else GREY)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid(prefix=None)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(prefix=None), generate_uid(prefix=None)
    dataset.PatientName = dataset.PatientID = dataset.StudyID = dataset.AccessionNumber = ""
    dataset.PatientBirthDate = dataset.PatientSex = dataset.ReferringPhysicianName = ""
    dataset.StudyDate = dataset.ContentDate = now.strftime("%Y%m%d")
    dataset.StudyTime = dataset.ContentTime = now.strftime("%H%M%S")
    dataset.Modality, dataset.ConversionType, dataset.Manufacturer = "OT", "WSD", "Minimand"
    dataset.SeriesDescription, dataset.ImageType = "Minimand", ["DERIVED", "SECONDARY"]
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = stack.shape[:3]
    dataset.SamplesPerPixel = 3 if channels else 1
    dataset.PhotometricInterpretation = "RGB" if channels else "MONOCHROME2"
    if channels:
        dataset.PlanarConfiguration = 0
    else:
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = f"{slope:.10g}", f"{intercept:.10g}", "US"
        dataset.PresentationLUTShape = "IDENTITY"
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.itemsize
    dataset.HighBit, dataset.PixelRepresentation = 8 * pixels.itemsize - 1, 0
    if geometry is not None:
        _place(dataset, geometry, len(stack))
    content = pixels.tobytes()
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset.save_as(file, enforce_file_format=True)
    return note


def _stored(stack: np.ndarray, channels: bool) -> tuple[np.ndarray, float, float, str]:
    """Unsigned pixels, the slope and intercept that bring the values back, and both in words."""
    values = np.abs(stack) if stack.dtype.kind == "c" else stack
    if not np.isfinite(values).all():
        raise InputError("DICOM cannot hold NaN or infinity; write .npz instead.")
    low, high = float(values.min()), float(values.max())
    whole = values.dtype.kind in "biu" and low >= 0 and high <= TOP
    if channels:
        top = 255.0 if whole and high <= 255 else (TOP if whole else max(high, 1e-30))
        return np.clip(np.round(values * (255 / top)), 0, 255).astype("u1"), 1.0, 0.0, "8-bit colour"
    if whole:
        return values.astype("<u2"), 1.0, 0.0, "16 bits, values kept"
    slope = float(f"{(high - low) / TOP or 1.0:.10g}")
    intercept = float(f"{low:.10g}")
    pixels = np.clip(np.round((values.astype(np.float64) - intercept) / slope), 0, TOP).astype("<u2")
    kind = "magnitudes" if stack.dtype.kind == "c" else "values"
    return pixels, slope, intercept, f"16-bit {kind}, slope {slope:.6g}, intercept {intercept:.6g}"


def _place(dataset: Any, geometry: Geometry, frames: int) -> None:
    """Place of the first frame, size of pixels and distance of frames, where axes of the affine are orthogonal."""
    steps = TO_RAS @ geometry.affine[:3, :3]
    sizes = np.linalg.norm(steps, axis=0)
    if (sizes <= 0).any():
        return
    down, along = steps[:, 0] / sizes[0], steps[:, 1] / sizes[1]
    if abs(float(down @ along)) > 1e-3:
        return
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [_number(sizes[0]), _number(sizes[1])]
    measures.SpacingBetweenSlices = measures.SliceThickness = _number(sizes[2])
    orientation.ImageOrientationPatient = [_number(x) for x in (*along, *down)]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([orientation])
    each = []
    for k in range(frames):
        frame, position = Dataset(), Dataset()
        place = TO_RAS @ (geometry.affine[:3, 3] + k * geometry.affine[:3, 2])
        position.ImagePositionPatient = [_number(x) for x in place]
        frame.PlanePositionSequence = Sequence([position])
        each.append(frame)
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(each)


def _number(x: float) -> str:
    """A decimal string of at most 16 characters, as DICOM has them."""
    return f"{float(x):.9g}"

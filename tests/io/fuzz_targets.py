"""The readers that are fuzzed: for each a seed file made by the format's own library, and what it says of a file."""

import os
import struct
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pydicom
import scipy.io
import tifffile
import torch
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from minimand.io import InputError, read_array, read_torch_state
from minimand.io.meshes import read_mesh
from minimand.io.photographs import read_photograph
from minimand.io.stored import pages_first
from minimand.learning.checkpoint import load_checkpoint, save_checkpoint
from minimand.weights import load_weights, save_weights

REAL = (np.arange(30.0).reshape(5, 6) + 1).astype(np.float32)
GREY = (np.arange(30).reshape(5, 6) * 8).astype(np.uint8)
VOLUME = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
COMPLEX = (REAL + 1j * REAL[::-1]).astype(np.complex64)
XML = """<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><encoding><encodedSpace><matrixSize>
<x>6</x><y>5</y><z>1</z></matrixSize><fieldOfView_mm><x>6</x><y>5</y><z>1</z></fieldOfView_mm></encodedSpace><reconSpace>
<matrixSize><x>6</x><y>5</y><z>1</z></matrixSize></reconSpace><trajectory>cartesian</trajectory></encoding>
</ismrmrdHeader>"""


@dataclass(frozen=True)
class Target:
    """make: writes the seed file into a folder. read: what Minimand reads, an array, or None where there is none.
    own: the same by the format's own library, in our order of axes; None: it has none that is safe to call.
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], np.ndarray | None]
    own: Callable[[Path], np.ndarray] | None = None

    def check(self, path: Path) -> str:
        """What is wrong with what the reader does, or nothing."""
        try:
            found = self.read(path)
        except InputError as error:
            text = str(error)
            return "" if path.stem in text and "\n" not in text else text
        if found is None or self.own is None:
            return ""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                own = np.asarray(self.own(path))
        except Exception:  # noqa: BLE001 - the library does not read what we read
            return ""
        if own.dtype.kind not in "biufc" or own.shape == found.shape:
            return ""
        return f"read as {found.shape}, by its own library as {own.shape}"


class Memory:
    """How much more memory than when this was made this process takes at its highest; 0 where no system says so."""

    def __init__(self) -> None:
        self.known = Path("/proc/self/clear_refs").exists()
        if self.known:
            Path("/proc/self/clear_refs").write_text("5")
        self.before = self._now()

    def _now(self) -> int:
        lines = Path("/proc/self/status").read_text().splitlines() if self.known else ["VmHWM: 0"]
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

    def grown(self) -> int:
        """Bytes."""
        return self._now() - self.before


def maker(name: str, write: Callable[[Path], object]) -> Callable[[Path], Path]:
    """A `make` that calls `write` with the path."""

    def make(folder: Path) -> Path:
        write(folder / name)
        return folder / name

    return make


def array(path: Path) -> np.ndarray:
    """What `read_array` reads."""
    return read_array(path).array


def cfl(path: Path) -> None:
    path.with_suffix(".hdr").write_text("# Dimensions\n5 6 1 2 1\n")
    np.concatenate([COMPLEX.ravel()] * 2).tofile(path.with_suffix(".cfl"))


def hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("kspace", data=np.stack([COMPLEX] * 3), chunks=(1, 5, 6), compression="gzip", shuffle=True)
        file.create_dataset("group/mask", data=np.ones(6, bool))
        file["header"] = "text"
        file.attrs["max"] = 3.0


def mat73(path: Path) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        file["image"] = REAL.T
        file["image"].attrs["MATLAB_class"] = np.bytes_("double")
        file["s/a"] = np.eye(3)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))


def ismrmrd(path: Path) -> None:
    import ismrmrd as library

    with library.Dataset(path, "dataset") as file:
        file.write_xml_header(XML.encode())
        for y in range(5):
            line = library.Acquisition()
            line.resize(6, 2)
            line.data[:] = COMPLEX[y]
            line.center_sample, line.idx.kspace_encode_step_1 = 3, y
            file.append_acquisition(line)


def dicom(path: Path) -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = pydicom.uid.MRImageStorage, generate_uid()
    data = pydicom.Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.Rows, data.Columns, data.SamplesPerPixel, data.PhotometricInterpretation = 4, 5, 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation, data.NumberOfFrames = 15, 0, 3
    data.RescaleSlope, data.RescaleIntercept = "2", "-100"
    data.ImageOrientationPatient, data.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 0]
    data.PixelSpacing, data.PixelData = [1, 1], VOLUME.astype("<u2").tobytes()
    data.save_as(path, enforce_file_format=True)


def ply(path: Path) -> None:
    head = (
        "ply\nformat binary_little_endian 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
    )
    head += "element face 2\nproperty list uchar int vertex_indices\nend_header\n"
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], "<f4").tobytes()
    path.write_bytes(head.encode() + points + struct.pack("<B3iB3i", 3, 0, 1, 2, 3, 0, 1, 3))


def stl(path: Path) -> None:
    path.write_bytes(bytes(80) + struct.pack("<I", 2) + (np.arange(12, dtype="<f4").tobytes() + b"\0\0") * 2)


def weights(path: Path) -> None:
    card = {"network": "admm-net", "arguments": {"depth": 1}}
    save_weights(path, card, {"a": torch.arange(6.0), "b": torch.eye(3)})


def own_frames(path: Path) -> np.ndarray:
    return pydicom.dcmread(path).pixel_array


def own_hdf5(path: Path) -> np.ndarray:
    with h5py.File(path) as file:
        return file["kspace"][()]


OFF = "OFF\n4 2 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 1 2\n3 0 1 3\n"
OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nvn 0 0 1\nf 1 2 3\nf 1//1 2//1 4//1\n"


def mesh(path: Path) -> None:
    read_mesh(path)


def faulty(path: Path) -> None:
    """A reader that crashes, hangs and fails."""
    what = int(path.read_bytes())
    if what == 1:
        os.abort()
    time.sleep(60 * (what == 2))
    1 / (what - 3)


TARGETS = {
    "npy": Target(maker("a.npy", lambda p: np.save(p, COMPLEX)), array, np.load),
    "npz": Target(maker("a.npz", lambda p: np.savez_compressed(p, image=REAL)), array, lambda p: np.load(p)["image"]),
    "mat": Target(
        maker("a.mat", lambda p: scipy.io.savemat(p, {"image": REAL, "s": {"a": np.eye(2)}, "t": "text"})), array
    ),
    "mat-packed": Target(
        maker("a.mat", lambda p: scipy.io.savemat(p, {"image": REAL, "m": COMPLEX}, do_compression=True)), array
    ),
    "mat73": Target(maker("a.mat", mat73), lambda p: read_array(f"{p}:image").array),
    "h5": Target(maker("a.h5", hdf5), lambda p: read_array(f"{p}:kspace").array, own_hdf5),
    "ismrmrd": Target(maker("a.h5", ismrmrd), array),
    "cfl": Target(maker("a.cfl", cfl), array),
    "hdr": Target(maker("a.hdr", cfl), array),
    "nii": Target(
        maker("a.nii", lambda p: nibabel.save(nibabel.Nifti1Image(VOLUME, np.eye(4)), p)),
        array,
        lambda p: pages_first(np.asanyarray(nibabel.load(p).dataobj)),
    ),
    "nii.gz": Target(maker("a.nii.gz", lambda p: nibabel.save(nibabel.Nifti1Image(VOLUME, np.eye(4)), p)), array),
    "dcm": Target(maker("a.dcm", dicom), array, own_frames),
    "png": Target(maker("a.png", lambda p: Image.fromarray(GREY).save(p)), array, lambda p: np.asarray(Image.open(p))),
    "jpg": Target(maker("a.jpg", lambda p: Image.fromarray(np.stack([GREY] * 3, -1)).save(p)), array),
    "tif": Target(
        maker(
            "a.tif", lambda p: tifffile.imwrite(p, np.stack([REAL] * 3), photometric="minisblack", compression="zlib")
        ),
        array,
    ),
    "photo-png": Target(
        maker("a.png", lambda p: Image.fromarray(np.stack([GREY] * 4, -1)).save(p)), lambda p: read_photograph(p).pixels
    ),
    "photo-jpg": Target(
        maker(
            "a.jpg", lambda p: Image.fromarray(np.stack([GREY] * 3, -1)).save(p, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0")
        ),
        lambda p: read_photograph(p).pixels,
    ),
    "photo-tif": Target(
        maker("a.tif", lambda p: tifffile.imwrite(p, np.stack([GREY] * 3, -1).astype(np.uint16), photometric="rgb")),
        lambda p: read_photograph(p).pixels,
    ),
    "off": Target(maker("a.off", lambda p: p.write_text(OFF)), mesh),
    "obj": Target(maker("a.obj", lambda p: p.write_text(OBJ)), mesh),
    "ply": Target(maker("a.ply", ply), mesh),
    "stl": Target(maker("a.stl", stl), mesh),
    "weights": Target(maker("a.safetensors", weights), lambda p: load_weights(p) and None),
    "checkpoint": Target(
        maker("a.checkpoint", lambda p: save_checkpoint(p, {"net": torch.arange(5.0), "step": 3})),
        lambda p: load_checkpoint(p) and None,
    ),
    "pth": Target(
        maker("a.pth", lambda p: torch.save({"w": torch.arange(6.0)}, p)), lambda p: read_torch_state(p) and None
    ),
    "faulty": Target(maker("a.bin", lambda p: p.write_bytes(b"0")), faulty),
}

"""Files: one reader and writer per format, guards for untrusted files, atomic writes, run records."""

from importlib import import_module
from typing import Any

_HOME = {
    "InputError": "errors",
    "Spec": "spec",
    "parse_spec": "spec",
    "Geometry": "stored",
    "Stored": "stored",
    "READABLE": "read",
    "read_array": "read",
    "check_finite": "read",
    "Images": "images",
    "read_images": "images",
    "KSpace": "kspace",
    "read_kspace": "kspace",
    "fit_mask": "masks",
    "read_mask": "masks",
    "read_matlab_object": "matlab_tree",
    "read_matlab_parts": "matlab_tree",
    "read_matlab_tree": "matlab_tree",
    "read_torch_state": "torch_state",
    "WRITABLE": "write",
    "check_writable": "write",
    "write_array": "write",
    "atomic_writer": "atomic",
    "check_folder": "atomic",
    "check_output": "atomic",
    "check_outputs": "outputs",
    "ensure_folder_for_report": "atomic",
    "record_path": "atomic",
    "write_text_atomic": "atomic",
    "make_record": "record",
    "sha256": "record",
    "versions": "record",
    "write_record": "record",
    "describe": "inspection",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Import on first use (PEP 562): a command's `--help` must not pay for NumPy."""
    if name not in _HOME:
        raise AttributeError(f"module 'minimand.io' has no attribute {name!r}")
    return getattr(import_module(f"minimand.io.{_HOME[name]}"), name)

"""Damage files at random and read them: `python tests/io/fuzz.py png tif --count 2000`, or every format.

Each case is a seed file, written by the format's own library, with a few bytes changed by a generator that the number
of the case seeds, so that every finding can be made again. Cases run in a worker process: a crash, a hang, more than a
gibibyte, an error that is not one clear line naming the file, and a result that the format's own library contradicts
are findings, one JSON line each on stdout.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SECONDS = 20.0  # for one case: the bound is 5 s, on a machine that may be busy with other things
MEMORY = 2**30
FORMATS = (
    "npy", "npz", "mat", "mat-packed", "mat73", "h5", "ismrmrd", "cfl", "hdr", "nii", "nii.gz", "dcm", "png",
    "jpg", "tif", "photo-png", "photo-jpg", "photo-tif", "off", "obj", "ply", "stl", "weights", "checkpoint", "pth",
)  # fmt: skip
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The bytes with one to three places damaged; half of the cases damage the first 400 bytes, where headers lie."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        reach = min(400, len(data)) if rng.random() < 0.5 else len(data)
        at, kind = int(rng.integers(max(reach, 1))), int(rng.integers(8))
        if kind <= 2 and data:
            data[at] ^= 1 << int(rng.integers(8))
        elif kind == 3 and data:
            data[at] = int(rng.integers(256))
        elif kind == 4:
            value, width = int(rng.choice(EXTREMES)), int(rng.choice([1, 2, 4, 8]))
            data[at : at + width] = value.to_bytes(8, str(rng.choice(["little", "big"])))[:width]
        elif kind == 5:
            del data[at : at + int(rng.integers(1, 40))]
        elif kind == 6:
            start = int(rng.integers(max(len(data), 1)))
            data[at:at] = data[start : start + int(rng.integers(1, 40))]
        else:
            del data[max(at, 1) if rng.random() < 0.3 else len(data) :]
    return bytes(data)


def case(content: bytes, format: str, number: int) -> bytes:
    """The damaged file of a number."""
    if format == "faulty":  # a reader that fails on purpose, for the test of this file
        return b"%d" % number
    return mutated(content, np.random.default_rng([zlib.crc32(format.encode()), number]))


def work() -> None:
    """In the worker: for each line `format first last` on stdin one line a case, `number finding`."""
    from fuzz_targets import TARGETS, Memory

    with tempfile.TemporaryDirectory() as name:
        for line in sys.stdin:
            format, first, last = line.split()
            target = TARGETS[format]
            seed = target.make(Path(tempfile.mkdtemp(dir=name)))  # no damaged file of an earlier line is there
            content = seed.read_bytes()
            target.check(seed)  # what is loaded on first use is no case's memory
            print("ready", flush=True)
            for number in range(int(first), int(last)):
                seed.write_bytes(case(content, format, number))
                memory = Memory()
                try:
                    finding = target.check(seed)
                except Exception:  # noqa: BLE001 - whatever a reader raises beside InputError is a finding
                    finding = " | ".join(traceback.format_exc().splitlines()[-3:])
                if memory.grown() > MEMORY:
                    finding += f" took {memory.grown() >> 20} MiB"
                print(number, finding, flush=True)


class Worker:
    """A process that runs cases, started anew after one that it did not survive."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "subprocess.Popen[str]":
        """The process, running."""
        if self.process is None or self.process.poll() is not None:
            self.close()
            command = [sys.executable, "-W", "ignore", __file__, "--work"]
            pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, text=True, cwd=HERE)
        return self.process

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def run(self, format: str, count: int, start: int = 0) -> Iterator[tuple[int, str]]:
        """Every case from `start` on with what was found, empty where all is well."""
        at, end = start, start + count
        while at < end:
            process = self.start()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{format} {at} {end}\n")
            process.stdin.flush()
            late = threading.Event()
            if process.stdout.readline() != "ready\n":
                yield at, f"the process ended with {process.wait()} before it began"
                return
            while at < end:
                guard = threading.Timer(SECONDS, stop, (process, late))
                guard.start()
                line = process.stdout.readline()
                guard.cancel()
                if not line:
                    break
                number, _, finding = line.rstrip("\n").partition(" ")
                assert int(number) == at
                yield at, finding
                at += 1
            if at < end:
                yield at, "no answer in time" if late.is_set() else f"the process ended with {process.wait()}"
                at += 1
                self.close()


def stop(process: "subprocess.Popen[str]", late: threading.Event) -> None:
    """Stop a process that does not answer."""
    late.set()
    process.kill()


def findings(worker: Worker, format: str, count: int, start: int = 0) -> list[str]:
    """What went wrong in cases `start` to `start + count`, one line each."""
    return [f"{format} {number}: {finding}" for number, finding in worker.run(format, count, start) if finding]


def main() -> int:
    """Fuzz the formats that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work()
        return 0
    worker, bad = Worker(), 0
    for format in given.formats or FORMATS:
        began = time.monotonic()
        found = findings(worker, format, given.count, given.start)
        for line in found:
            print(json.dumps(line))
        seconds = time.monotonic() - began
        print(f"{format}: {given.count} cases in {seconds:.1f} s, {len(found)} findings", file=sys.stderr)
        bad += len(found)
    worker.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

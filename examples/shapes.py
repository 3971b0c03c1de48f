"""Two surfaces that bend, and which landmark of one is which of the other."""

from pathlib import Path

import numpy as np
from gallery import Sheet

from minimand.systems.shapes.laplacian import eigenpairs
from minimand.systems.shapes.made import tube
from minimand.systems.shapes.matching import landmarks, match_surfaces
from minimand.systems.shapes.pairs import Pairs, draw


def worm(t: np.ndarray) -> np.ndarray:
    """The radius of a tube with a thick part."""
    return 0.12 * np.sin(np.pi * t) ** 0.5 + 0.1 * np.exp(-((t - 0.35) ** 2) / 0.01)


def main() -> None:
    sheet = Sheet("shapes", __doc__)
    output = sheet.options().output
    bent = tube(0.6, worm, rings=60, around=24), tube(2.6, worm, rings=70, around=28)
    marks = [landmarks(eigenpairs(mesh.vertices, mesh.faces), 10) for mesh in bent]
    found = match_surfaces(*marks)
    pairs = [
        (int(i), int(marks[1].vertices[j]), float(sure))
        for i, j, sure in zip(marks[0].vertices, found.right, found.sure, strict=True)
    ]
    names = Path("hardly bent"), Path("bent more, meshed anew")
    for i, j, sure in pairs:
        sheet.tell("pair", left=i, right=j, sure=round(sure, 2))
    output.parent.mkdir(parents=True, exist_ok=True)
    draw(output, Pairs(*names, "mean-field", pairs, [], bent), force=True)
    sheet.save(output.read_bytes())


if __name__ == "__main__":
    main()

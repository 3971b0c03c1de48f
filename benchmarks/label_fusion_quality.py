"""How much better than a vote is what was learned, on targets of subjects that took no part, and over several seeds?

`python benchmarks/label_fusion_quality.py TABLE W.safetensors ...`, TABLE as in `minimand reproduce` (segmentation,
segmentation-centred, segmentation-hippocampus): every classical rule and every network on the same registered atlases,
with the gains over the majority vote and over patches and their standard errors over targets. NAME-0, NAME-1, ... are
seeds of one network and count as their mean. Without weights those of `minimand reproduce` are taken.
"""

import os
import sys
from pathlib import Path

from _record import report

from minimand.systems.segmentation.tables import segmentation_table

DATA = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
KEYS = ("dice", "dice_spread", "gain", "gain_error", "over_patch", "over_patch_error", "seconds")


def main() -> None:
    table, *weights = sys.argv[1:]
    show = lambda name, k, n: print(f"{name}: {k} of {n}", file=sys.stderr)  # noqa: E731
    for row in segmentation_table(table, DATA, show, weights=weights or None)["rows"]:
        if "dice" in row:
            figures = {key: round(row[key], 4) for key in KEYS}
            networks = [round(dice, 4) for dice in row["networks"]]
            report("label_fusion_quality", row["method"], table=table, **figures, networks=networks)


if __name__ == "__main__":
    main()

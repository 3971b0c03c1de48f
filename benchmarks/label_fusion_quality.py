"""How much better than a vote is what was learned, on targets of subjects that took no part, and over several seeds?

`python benchmarks/label_fusion_quality.py TABLE W.safetensors ...`, TABLE as in `minimand reproduce` (segmentation,
segmentation-centred, segmentation-hippocampus): every classical rule and every network on the same registered atlases,
then the mean over the fusion networks and its gains with the standard error over targets.
"""

import os
import statistics
import sys
from pathlib import Path

from _record import report

from minimand.systems.segmentation.tables import segmentation_table

DATA = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
VARIANTS = ("", ", 5 of 10 by mutual information", ", 5 of 10 by its features")
WITHOUT_ATLASES = ("unet", "cnn")


def main() -> None:
    table, *weights = sys.argv[1:]
    show = lambda name, k, n: print(f"{name}: {k} of {n}", file=sys.stderr)  # noqa: E731
    found = segmentation_table(table, DATA, show, weights=weights)
    rows = {row["method"]: row for row in found["rows"] if "dice" in row}
    for name, row in rows.items():
        figures = {key: round(row[key], 4) for key in ("dice", "dice_spread", "gain", "gain_error", "seconds")}
        report("label_fusion_quality", name, table=table, **figures)
    seeds = [Path(w).stem for w in weights if not Path(w).stem.startswith(WITHOUT_ATLASES)]
    for variant in VARIANTS if seeds else ():
        mean = {
            target: statistics.fmean(rows[seed + variant]["targets"][target] for seed in seeds)
            for target in rows["majority"]["targets"]
        }
        gains = {}
        for rival in ("majority", "patch"):
            each = [dice - rows[rival]["targets"][target] for target, dice in mean.items()]
            gains[f"over_{rival}"] = round(statistics.fmean(each), 4)
            gains[f"over_{rival}_error"] = round(statistics.stdev(each) / len(each) ** 0.5, 4)
        dice = round(statistics.fmean(mean.values()), 4)
        report("label_fusion_quality", f"mean of {len(seeds)} networks{variant}", table=table, dice=dice, **gains)


if __name__ == "__main__":
    main()

"""Dice by the number of atlases: `minimand reproduce atlas-count`, the talk's curve on other hearts.

Of 20 registered atlases those are taken that are most like the target by mutual information, or nearest by the features
of Deep Fusion Net.
"""

from gallery import Sheet
from matplotlib.figure import Figure

from minimand.systems.segmentation.tables import atlas_count_table


def main() -> None:
    sheet = Sheet("atlas-count", __doc__, data=True)
    sheet.number("--targets", 50, 4, "slices")
    options = sheet.options()
    found = atlas_count_table(options.data, lambda name, k, n: print(f"{name}: {k} of {n}"), options.targets)
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for row in found["rows"]:
        counts, dices = zip(*row["dice"].items(), strict=True)
        axes.plot(counts, dices, marker="o", markersize=4, label=row["method"])
        sheet.tell(row["method"], dice=[round(dice, 4) for dice in dices])
    axes.set_xlabel("atlases, of 20", fontsize=9)
    axes.set_ylabel("Dice", fontsize=9)
    axes.set_xticks(counts)
    axes.legend(fontsize=8)
    axes.set_title(found["on"], fontsize=8, loc="left")
    sheet.save(figure)


if __name__ == "__main__":
    main()

"""A virtual head, MR and CT, and how MIND sees both."""

from gallery import Sheet
from matplotlib.figure import Figure

from minimand.systems.synthesis.heads import virtual_head
from minimand.systems.synthesis.intensity import ct_range, unit_mr
from minimand.systems.synthesis.report import mind_distance
from minimand.systems.synthesis.subjects import Subject, head_template

SLICE, SHIFT = 9, 6


def main() -> None:
    sheet = Sheet("synthesis", __doc__)
    sheet.options()
    head = virtual_head(head_template()[0], seed=1, size=128)
    subject = Subject("CT", head.ct)
    mr, ct = unit_mr(Subject("MR", head.mr))[SLICE], ct_range([subject]).unit(head.ct)[SLICE]
    moved = ct.roll(SHIFT, 0)
    shown = {
        "MR": mr, "CT": ct, "MIND distance": mind_distance(mr, ct), f"CT moved by {SHIFT} pixels": moved,
        "MIND distance ": mind_distance(mr, moved),
    }  # fmt: skip
    figure = Figure(figsize=(13, 3), layout="constrained")
    for ax, (name, image) in zip(figure.subplots(1, len(shown)), shown.items(), strict=True):
        far = name.startswith("MIND")
        sheet.tell(name, mean=round(float(image.mean()), 4))
        ax.imshow(image.rot90(), cmap="inferno" if far else "gray", vmin=0 if far else -1, vmax=2 if far else 1)
        ax.set_title(f"{name.strip()}, mean {float(image.mean()):.3f}" if far else name, fontsize=9)
        ax.set_axis_off()
    sheet.save(figure, dpi=90)


if __name__ == "__main__":
    main()

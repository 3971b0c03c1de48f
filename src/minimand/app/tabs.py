"""The tabs of the page, in their order. Nothing here imports torch: the page is there at once."""

from minimand.app.forms import Choice, Number, Tab, Text

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
ARRAYS = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".nii", ".nii.gz", ".dcm", ".png", ".tif", ".tiff")

MRI = Tab(
    "mri",
    "MRI",
    "Reconstruct a scan from a part of its k-space, and see what an unrolled network does on the way.",
    (
        Choice(
            "kind",
            "The file holds",
            (("images", "images: k-space is simulated"), ("kspace", "k-space, as it was measured")),
            "images",
            of_files=True,
        ),
        Text("array", "Array in the file", help="Only where a .npz, .mat or .h5 file holds several.", of_files=True),
        Choice(
            "sampling",
            "Sampling",
            (
                ("radial", "radial lines"), ("cartesian", "Cartesian lines, random"),
                ("equispaced", "Cartesian lines, equispaced"), ("random", "random points"),
            ),
            "radial",
            when=("kind", ("images",)),
        ),
        Number("rate", "Share of k-space", 5, 100, 20, unit="%", when=("kind", ("images",))),
        Number(
            "noise", "Noise", 0, 0.2, 0, step=0.005, help="Standard deviation, the image's maximum being 1.",
            when=("kind", ("images",)),
        ),
        Choice(
            "methods",
            "Methods",
            (
                ("zero-filled", "zero-filled"), ("tv", "total variation"), ("recpf", "RecPF"),
                ("sidwt", "shift-invariant wavelets"), ("sense-wavelet", "SENSE, wavelets (coils)"),
                ("init-net", "ADMM-Net before training"), ("admm-net", "ADMM-Net"), ("admm-csnet", "ADMM-CSNet"),
            ),
            ("zero-filled", "tv", "admm-net"),
            many=True,
        ),
        Choice("slices", "Slices", (("1", "the middle one"), ("8", "eight, evenly spread"), ("all", "all")), "8"),
        Number("seed", "Seed", 0, 2**31 - 1, 0, help="Of random sampling and of noise."),
    ),
    "minimand.app.tab_mri",
    "Brain scan inside nibabel, 48 slices of 96 x 128",
    ARRAYS,
)  # fmt: skip

TABS = {tab.name: tab for tab in (MRI,)}

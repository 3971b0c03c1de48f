"""The tabs of the page, in their order. Nothing here imports torch: the page is there at once."""

from minimand.app.forms import Beside, Choice, Number, Tab, Text

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
ARRAYS = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".nii", ".nii.gz", ".dcm", ".png", ".tif", ".tiff")

SEVERAL = "Only where a .npz, .mat or .h5 file holds several."
SAMPLE = "Portrait of Admiral Hopper, 300 x 256"

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
        Text("array", "Array in the file", help=SEVERAL, of_files=True),
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

DENOISE = Tab(
    "denoise",
    "Denoise",
    "Take noise off a picture: by a learned field of experts, by BM3D, total variation or a dictionary.",
    (
        Choice(
            "noise",
            "Noise",
            (("own", "the file has noise; it is estimated"), ("added", "add noise to the file: scores")),
            "own",
            of_files=True,
        ),
        Text("array", "Array in the file", help=SEVERAL, of_files=True),
        Number("sigma", "Noise that is added", 1, 100, 25, unit="of 255 grey levels", when=("noise", ("added",))),
        Choice(
            "methods",
            "Methods",
            (("foe", "field of experts"), ("bm3d", "BM3D"), ("tv", "total variation"), ("dictionary", "dictionary")),
            ("foe", "bm3d", "tv"),
            many=True,
        ),
        Number("seed", "Seed", 0, 2**31 - 1, 0, help="Of the noise.", when=("noise", ("added",))),
    ),
    "minimand.app.tab_denoise",
    SAMPLE,
    (*ARRAYS, ".jpg", ".jpeg"),
)

DEHAZE = Tab(
    "dehaze",
    "Dehaze",
    "Take haze off a photograph: how much light came through is told by what is dark, or by what is pale.",
    (
        Choice(
            "haze", "Haze", (("own", "the picture is hazy"), ("added", "add haze to it: scores")), "own", of_files=True
        ),
        Number(
            "density", "Haze that is added", 0.1, 3, 1.3, step=0.1, help="Thicker at the top.",
            when=("haze", ("added",)),
        ),
        Choice(
            "methods",
            "Methods",
            (("dark-channel", "dark channel"), ("color-attenuation", "colour attenuation")),
            ("dark-channel", "color-attenuation"),
            many=True,
        ),
        Number("strength", "Strength", 0, 2, 1, step=0.1, help="The transmission is raised to this power."),
    ),
    "minimand.app.tab_dehaze",
    SAMPLE,
    PICTURES,
)  # fmt: skip

IMAGING = Tab(
    "imaging",
    "Imaging",
    "Reconstruct a picture from a few numbers, each of which mixes all of its pixels.",
    (
        Choice(
            "operator",
            "Measured by",
            (
                ("hadamard", "Hadamard patterns"), ("diffraction", "coded diffraction"),
                ("blocks", "random blocks"), ("structural", "structured random matrix"),
            ),
            "hadamard",
        ),
        Number("rate", "Numbers a pixel", 5, 100, 30, unit="%"),
        Number("noise", "Noise", 0, 0.2, 0, step=0.005, help="Standard deviation, white being 1."),
        Choice(
            "methods",
            "Methods",
            (
                ("zero-filled", "adjoint"), ("tv", "total variation"), ("tval3", "TVAL3"), ("bm3d-amp", "BM3D-AMP"),
                ("ldamp", "LDAMP"),
            ),
            ("zero-filled", "tv", "ldamp"),
            many=True,
        ),
        Number("seed", "Seed", 0, 2**31 - 1, 0, help="Of the patterns and of the noise."),
    ),
    "minimand.app.tab_imaging",
    f"{SAMPLE}, its middle",
    (*ARRAYS, ".jpg", ".jpeg"),
)  # fmt: skip

SYNTHESIS = Tab(
    "synthesis",
    "MR-CT",
    "Make CT from MR by a network that never saw a pair of the two. A demonstration: it learned made heads only.",
    (
        Choice("contrast", "Contrast of the virtual head", (("t1", "T1"), ("t2", "T2")), "t1"),
        Number("seed", "Which virtual head", 0, 2**31 - 1, 1000),
    ),
    "minimand.app.tab_synthesis",
    "Virtual head, 24 slices of 64 x 64, whose CT is known",
    (".nii", ".nii.gz"),
)

OPTIMIZERS = Tab(
    "optimizers",
    "Optimizers",
    "Train small networks by hand-made optimizers and by a learned one, from the same starts.",
    (
        Choice(
            "task",
            "Task",
            (
                ("lstm", "LSTM, sines"), ("lstm-small-noise", "LSTM, sines with little noise"),
            ),
            "lstm",
        ),
        Choice(
            "rules",
            "Optimizers",
            (
                ("hyperadam", "HyperAdam, learned"), ("adam", "Adam, its rate searched on the task"),
                ("adam:0.001", "Adam, rate 0.001"), ("momentum:0.1", "momentum, rate 0.1"),
                ("rmsprop:0.01", "RMSprop, rate 0.01"),
            ),
            ("hyperadam", "adam", "adam:0.001"),
            many=True,
        ),
        Number("steps", "Steps", 10, 1000, 100),
        Number("runs", "Runs", 1, 10, 4, help="Starts whose mean is shown."),
        Number("seed", "Seed", 0, 2**31 - 1, 0),
    ),
    "minimand.app.tab_optimizers",
    "",
)  # fmt: skip

SEGMENTATION = Tab(
    "segmentation",
    "Segmentation",
    "Outline an organ by images whose outlines are known: each is bent onto the new one and votes, pixel by pixel.",
    (
        Choice(
            "methods",
            "Methods",
            (
                ("patch", "patches"), ("majority", "majority vote"), ("staple", "STAPLE"), ("joint", "joint fusion"),
                ("patch-match", "patch match"), ("svm", "voxel classifiers"),
                ("deep-fusion", "Deep Fusion Net, learned hearts"),
            ),
            ("majority", "patch"),
            many=True,
        ),
        Number("count", "Atlases that are taken", 1, 30, 8, help="Those most like the image."),
        Text("centre", "Where the organ is", help="A voxel inside it, as X,Y or X,Y,Z; the middle unless said.",
             of_files=True),
        Number("seed", "Which made heart", 0, 2**31 - 1, 0),
    ),
    "minimand.app.tab_segmentation",
    "Made heart, 96 x 96, whose outline is known, with 10 atlases",
    (".nii", ".nii.gz"),
    Beside(
        "Atlases",
        (".zip",),
        "made hearts",
        "A .zip of images/NAME.nii.gz and labels/NAME.nii.gz, all images or all volumes.",
    ),
)  # fmt: skip

SHAPES = Tab(
    "shapes",
    "Shapes",
    "Find a shape again, however it is bent: by how it would ring, which bending hardly changes.",
    (
        Choice(
            "method",
            "Method",
            (
                ("st-net", "ST-Net, learned"), ("wks", "wave kernel signature"), ("hks", "heat kernel signature"),
                ("si-hks", "scale-invariant heat kernel"), ("shape-dna", "ShapeDNA, eigenvalues"),
            ),
            "st-net",
        ),
        Choice(
            "descriptor",
            "Colours",
            (
                ("wks", "wave kernel signature"), ("hks", "heat kernel signature"),
                ("eigenfunctions", "eigenfunctions, their size"),
            ),
            "wks",
        ),
        Number("top", "How many to show", 1, 12, 6),
    ),
    "minimand.app.tab_shapes",
    "Made worm, among 24 made shapes of 6 kinds",
    (".off", ".obj", ".ply", ".stl"),
    Beside(
        "Shapes to look among",
        (".zip", ".npz"),
        "made shapes",
        "A .zip of .off .obj .ply .stl files, folders being classes; or a set of meshes, .npz.",
    ),
)  # fmt: skip

TABS = {
    tab.name: tab for tab in (MRI, IMAGING, DENOISE, SEGMENTATION, DEHAZE, SYNTHESIS, SHAPES, OPTIMIZERS)
}  # fmt: skip

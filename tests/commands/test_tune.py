"""`minimand tune`: numbers of a classical method, searched on training images."""

import json


def test_a_search_is_kept_and_taken_up_again(scans, work, minimand):
    words = ("tune", "tv", "--data", scans / "stack.npz", "--mask", "radial:0.3", "--evaluations", 3, "-o", "t.json")
    code, out, err = minimand(*words)
    assert code == 0
    assert out.startswith("tv, radial:0.3, 4 images: weight ")
    assert err.count("note: weight ") == 3
    kept = json.loads((work / "t.json").read_text())
    assert len(kept["trials"]) == 3
    code, out, err = minimand(*words, "--json")
    found = json.loads(out)
    assert err == ""
    assert found["best"]["psnr"] == max(t["psnr"] for t in kept["trials"])


def test_compressive_measurements_have_numbers_of_their_own(scans, work, done):
    found = done("tune", "tv", "--data", scans / "one.npy", "--operator", "hadamard:0.4", "--evaluations", 2)
    assert found.startswith("tv, hadamard:0.4, 1 image: weight ")


def test_mistakes_are_told(scans, refused):
    one = scans / "one.npy"
    assert "tune needs --mask or --operator, got neither" in refused("tune", "tv", "--data", one)
    assert "there is no method 'tvv'" in refused("tune", "tvv", "--data", one, "--mask", "radial:0.3")
    assert "nothing to tune" in refused("tune", "zero-filled", "--data", one, "--mask", "radial:0.3")
    assert "nothing to tune" in refused("tune", "sidwt", "--data", one, "--operator", "hadamard:0.4")

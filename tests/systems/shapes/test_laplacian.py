"""Eigenpairs against analysis, and the Laplacian's own laws."""

import os

import numpy as np
import pytest
from scipy.linalg import eigh

from minimand.io.cache import cache_folder
from minimand.systems.shapes.cache import cached_eigenpairs
from minimand.systems.shapes.laplacian import block_lanczos, cotangent_laplacian, eigenpairs, mollified

from .conftest import icosphere, torus


def test_a_sphere_has_the_eigenvalues_of_spherical_harmonics():
    """4 pi l (l + 1) at unit area, 2 l + 1 times each."""
    found = eigenpairs(*icosphere(4)[:2], pairs=35)
    want = np.concatenate([np.full(2 * l + 1, 4 * np.pi * l * (l + 1)) for l in range(1, 6)])
    np.testing.assert_allclose(found.values, want, rtol=0.015)
    assert found.area == pytest.approx(4 * np.pi, rel=5e-3)


def test_a_torus_has_the_eigenvalues_of_its_ordinary_differential_equation():
    """Separated: f(v) e^(imu) with -(r f')' / (b^2 r) + m^2 f / r^2 = lambda f, solved by Fourier collocation."""
    b, n = 0.4, 65
    v = 2 * np.pi * np.arange(n) / n
    r = 1 + b * np.cos(v)
    gap = np.pi / n * (np.arange(n)[:, None] - np.arange(n))
    with np.errstate(divide="ignore"):
        D = np.where(gap == 0, 0, 0.5 * (-1.0) ** np.round(gap * n / np.pi) / np.sin(gap))
    want = []
    for m in range(8):
        values = eigh(D.T @ np.diag(r / b**2) @ D + np.diag(m**2 / r), np.diag(r), eigvals_only=True)
        want += [*values] * (1 if m == 0 else 2)
    area = 4 * np.pi**2 * b
    found = eigenpairs(*torus(120, 60, b)[:2], pairs=30)
    np.testing.assert_allclose(found.values, area * np.sort(want)[1:31], rtol=0.01)


@pytest.mark.parametrize("mesh", [icosphere(3), torus(20, 12, 0.3)], ids=["Lanczos", "dense"])
def test_eigenpairs_solve_the_equation(mesh):
    found = eigenpairs(*mesh[:2])
    L, mass = cotangent_laplacian(*mesh[:2])
    np.testing.assert_allclose(found.areas, mass / mass.sum())
    np.testing.assert_allclose(found.functions.T @ (found.areas[:, None] * found.functions), np.eye(100), atol=1e-9)
    residual = L @ found.functions - found.areas[:, None] * found.functions * found.values
    assert np.abs(residual / np.sqrt(found.areas)[:, None]).max() < 1e-6 * found.values[-1]
    assert (np.diff(found.values) >= 0).all()


def test_the_laplacian_is_symmetric_kills_constants_and_is_not_negative():
    mesh = torus(12, 9, 0.5)
    L, mass = cotangent_laplacian(*mesh[:2])
    np.testing.assert_allclose(L.toarray(), L.toarray().T, atol=1e-12)
    np.testing.assert_allclose(L @ np.ones(len(mass)), 0, atol=1e-12)
    assert np.linalg.eigvalsh(L.toarray())[0] > -1e-12
    assert mass.min() > 0


def test_the_energy_of_a_linear_function_is_its_squared_slope_times_the_area():
    """Exact for linear elements: the square of side 2 with f = 3 x - y."""
    vertices = np.array([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0], [0.7, 1.1, 0]], float)
    faces = np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]])
    f = 3 * vertices[:, 0] - vertices[:, 1]
    assert f @ (cotangent_laplacian(vertices, faces)[0] @ f) == pytest.approx(4 * 10)


def test_triangles_without_area_get_finite_cotangents():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]], float)
    L, mass = cotangent_laplacian(vertices, np.array([[0, 1, 2], [0, 1, 3], [1, 2, 3]]))
    assert np.isfinite(L.toarray()).all()
    assert mass.sum() == pytest.approx(1, rel=0.02)
    lengths = mollified(np.array([[1.0, 1.0, 2.0], [3.0, 4.0, 5.0]]))
    assert (lengths.sum(1) > 2 * lengths.max(1)).all()
    assert np.abs(lengths - [[1, 1, 2], [3, 4, 5]]).max() < 1e-4


def test_few_vertices_are_refused():
    with pytest.raises(ValueError, match="100 eigenpairs need at least 102 vertices, got 42"):
        eigenpairs(*icosphere(1)[:2])


def test_eigenpairs_are_kept_on_disk_and_computed_anew_where_the_file_is_damaged(monkeypatch):
    mesh = torus(20, 12, 0.3)
    first = cached_eigenpairs(mesh)
    (file,) = (cache_folder() / "eigenpairs").glob("*.npz")
    monkeypatch.setattr("minimand.systems.shapes.cache.eigenpairs", None)  # not asked again
    for a, b in zip(first, cached_eigenpairs(mesh), strict=True):
        np.testing.assert_array_equal(a, b)
    monkeypatch.undo()
    file.write_bytes(file.read_bytes()[:1000])
    np.testing.assert_array_equal(cached_eigenpairs(mesh).values, first.values)
    assert len(list(file.parent.iterdir())) == 1


def test_the_cache_lets_go_of_what_was_used_longest_ago(monkeypatch):
    cached_eigenpairs(torus(20, 11, 0.3))
    (first,) = (cache_folder() / "eigenpairs").iterdir()
    os.utime(first, (0, 0))
    monkeypatch.setattr("minimand.io.cache.CEILING", 1.5 * first.stat().st_size)
    cached_eigenpairs(torus(20, 11, 0.4))
    (second,) = (cache_folder() / "eigenpairs").iterdir()
    assert second != first


def test_eigenpairs_that_do_not_settle_are_told(monkeypatch):
    monkeypatch.setattr("minimand.systems.shapes.laplacian.TOLERANCE", -1.0)
    with pytest.raises(ArithmeticError, match="4 eigenpairs were not found in 10 blocks of 8 vectors"):
        block_lanczos(lambda block: np.linspace(0, 1, 400)[:, None] * block, 400, 4)

"""Metrics against NumPy in float64, written out from their definitions.

SPDX-License-Identifier: MIT
"""

import math
import unittest

# First: it finds gan, and says what is missing.
from oracle import LIBRARIES, normal

import gan
import numpy as np


def square_distances(a, b):
    """Differences, not the product: exact, also for rows that are equal."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.array([((b - row)**2).sum(1) for row in a])


def root(a):
    """The square root of a symmetric matrix."""
    values, vectors = np.linalg.eigh(a)
    return vectors * np.sqrt(values.clip(0)) @ vectors.T


def frechet(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    half = root(cov_a)
    return (((a.mean(0) - b.mean(0))**2).sum() + np.trace(cov_a) + np.trace(cov_b) -
            2 * np.trace(root(half @ cov_b @ half)))


def squared_mmd(a, b):
    """Unbiased, polynomial kernel."""
    def kernel(x, y):
        return (x.astype(np.float64) @ y.T.astype(np.float64) / x.shape[1] + 1)**3

    def apart(k):
        return (k.sum() - np.trace(k)) / (len(k) * (len(k) - 1))

    return apart(kernel(a, a)) + apart(kernel(b, b)) - 2 * kernel(a, b).mean()


def radii(x, k):
    """Squared, of closed balls up to the k-th nearest other row."""
    squares = square_distances(x, x)
    np.fill_diagonal(squares, np.inf)
    return np.sort(squares, 1)[:, k - 1]


def prdc(real, fake, k):
    squares = square_distances(real, fake)
    in_real = squares <= radii(real, k)[:, None]
    in_fake = squares <= radii(fake, k)
    return {"precision": in_real.any(0).mean(), "recall": in_fake.any(1).mean(),
            "density": in_real.sum() / (k * len(fake)), "coverage": in_real.any(1).mean()}


def parzen(samples, rows, sigma):
    """Log-likelihood of each row."""
    exponents = -square_distances(rows, samples) / (2 * sigma**2)
    largest = exponents.max(1, keepdims=True)
    return (largest[:, 0] + np.log(np.exp(exponents - largest).mean(1)) -
            rows.shape[1] * np.log(sigma * np.sqrt(2 * np.pi)))


class MetricsTest(unittest.TestCase):

    def setUp(self):
        self.rng = np.random.default_rng(1)
        self.contexts = [gan.Context(threads=2, library=library) for library in LIBRARIES]
        for context in self.contexts:
            self.addCleanup(context.close)


class Distances(MetricsTest):

    def test_statistics(self):
        x = normal(self.rng, 700, 65) + 100
        for context in self.contexts:
            mean, cov = gan.feature_statistics(context, x)
            np.testing.assert_allclose(mean, x.astype(np.float64).mean(0), rtol=1e-13)
            np.testing.assert_allclose(cov, np.cov(x.astype(np.float64), rowvar=False), rtol=1e-10,
                                       atol=1e-12)

    def test_frechet(self):
        for d in (1, 2, 7, 64, 200):
            mix = self.rng.standard_normal((d, d))
            a = normal(self.rng, 500, d)
            b = (normal(self.rng, 400, d) @ mix / np.sqrt(d) + 0.3).astype(np.float32)
            for context in self.contexts:
                reference = frechet(a, b) if d > 1 else (
                    (a.mean(dtype=float) - b.mean(dtype=float))**2 +
                    (a.std(ddof=1, dtype=float) - b.std(ddof=1, dtype=float))**2)
                self.assertLess(abs(gan.frechet_distance(context, a, b) - reference),
                                1e-9 * reference)
                statistics = gan.feature_statistics(context, a)
                self.assertLess(abs(gan.frechet_distance(context, statistics, b) - reference),
                                1e-9 * reference)

    def test_frechet_of_singular_covariances(self):
        a, b = normal(self.rng, 20, 64), normal(self.rng, 30, 64)
        a[:, 5] = 2  # a constant feature
        b[:, 7] = b[:, 8]
        for context in self.contexts:
            reference = frechet(a, b)
            # The reference takes roots of eigenvalues that are zero but for rounding.
            self.assertLess(abs(gan.frechet_distance(context, a, b) - reference), 1e-6 * reference)
            self.assertLess(gan.frechet_distance(context, a, a), 1e-9)

    def test_kernel_distance_of_all_rows(self):
        a, b = normal(self.rng, 1100, 37), normal(self.rng, 1100, 37) * 1.1 + 0.1
        reference = squared_mmd(a, b)
        for context in self.contexts:
            distance, error = gan.kernel_distance(context, a, b, subsets=2, subset_size=1100)
            wide = context.library.dtype == np.float64
            self.assertLess(abs(distance - reference), (1e-12 if wide else 1e-8))
            self.assertLess(error, (1e-12 if wide else 1e-8))

    def test_kernel_distance_of_subsets(self):
        a, b = normal(self.rng, 900, 10), normal(self.rng, 600, 10) + np.float32(0.5)
        reference = squared_mmd(a, b)
        for context in self.contexts:
            results = [gan.kernel_distance(context, a, b, subsets=60, subset_size=150, seed=seed)
                       for seed in (1, 1, 2)]
            self.assertEqual(results[0], results[1])
            self.assertNotEqual(results[0], results[2])
            for distance, error in results:
                self.assertLess(abs(distance - reference), 4 * error)
                self.assertLess(error, 0.1 * reference)


class Neighbours(MetricsTest):

    def test_precision_recall(self):
        for n, m, d, k in ((60, 40, 2, 3), (1500, 1100, 12, 5), (300, 300, 784, 5)):
            real, fake = normal(self.rng, n, d) + 3, 1.2 * normal(self.rng, m, d) + np.float32(3.2)
            real[n // 2:n // 2 + 20] = real[0]  # equal rows: radii of zero
            fake[:5] = real[:5]
            reference = prdc(real, fake, k)
            for context in self.contexts:
                self.assertEqual(gan.precision_recall(context, real, fake, k), reference)

    def test_precision_recall_on_a_grid(self):
        """All distances have ties."""
        x, y = np.meshgrid(np.arange(20), np.arange(20))
        real = np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)
        fake = real[self.rng.permutation(400)[:200]] + np.float32([0, 1])
        reference = prdc(real, fake, 4)
        for context in self.contexts:
            result = gan.precision_recall(context, real, fake, 4)
            self.assertEqual(result, reference)
            shuffled = [x[self.rng.permutation(len(x))] for x in (real, fake)]
            self.assertEqual(gan.precision_recall(context, *shuffled, 4), reference)
            swapped = gan.precision_recall(context, fake, real, 4)
            self.assertEqual([swapped["recall"], swapped["precision"]],
                             [result["precision"], result["recall"]])

    def test_nearest(self):
        reference, rows = normal(self.rng, 1300, 30), normal(self.rng, 1100, 30)
        rows[3] = reference[77]
        reference[78] = reference[77]
        squares = square_distances(rows, reference)
        labels = self.rng.integers(0, 3, 1300)
        wanted = self.rng.integers(0, 3, 1100)
        for context in self.contexts:
            index, distance = gan.nearest_neighbours(context, reference, rows)
            np.testing.assert_array_equal(index, squares.argmin(1))
            np.testing.assert_allclose(distance, np.sqrt(squares.min(1)), rtol=1e-14)
            self.assertEqual(distance[3], 0)
            self.assertEqual(
                gan.nearest_neighbour_error(context, reference, labels, rows, wanted),
                (labels[squares.argmin(1)] != wanted).mean())

    def test_extreme_numbers(self):
        """Products in float of such rows are useless; the result is not."""
        for scale, offset in ((1e-30, 0), (1, 1e6), (5e13, 0)):
            a, b = (np.float32(scale) * normal(self.rng, 80, 6) + np.float32(offset)
                    for _ in range(2))
            b[4, 3] = 0
            squares = square_distances(b, a)
            for context in self.contexts:
                index, distance = gan.nearest_neighbours(context, a, b)
                np.testing.assert_array_equal(index, squares.argmin(1))
                np.testing.assert_allclose(distance, np.sqrt(squares.min(1)), rtol=1e-14)

    def test_modes(self):
        angles = 2 * np.pi * np.arange(8) / 8
        centres = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
        label = np.minimum(self.rng.integers(0, 9, 2500), 6)
        x = centres[label] + np.float32(0.013) * normal(self.rng, 2500, 2)
        squares = square_distances(x, centres)
        good = squares.min(1) < (3 * 0.01)**2
        share = np.bincount(squares.argmin(1)[good], minlength=8) / good.sum()
        present = share[share > 0]
        for context in self.contexts:
            result = gan.mode_statistics(context, x, centres, 0.01)
            self.assertEqual(result["found"], len(present))
            self.assertEqual(result["high_quality"], good.mean())
            self.assertAlmostEqual(result["kl"], (present * np.log(8 * present)).sum(), 12)


class Likelihood(MetricsTest):

    def test_parzen(self):
        samples = self.rng.random((1500, 20)).astype(np.float32)
        validation, test = (self.rng.random((n, 20)).astype(np.float32) for n in (300, 1200))
        sigmas = np.logspace(-1, 0, 10)
        best = max(sigmas, key=lambda sigma: parzen(samples, validation, sigma).mean())
        self.assertGreater(best, sigmas[0])
        self.assertLess(best, sigmas[-1])
        reference = parzen(samples, test, best)
        for context in self.contexts:
            for given in (None, sigmas):
                result = gan.parzen_log_likelihood(context, samples, validation, test, given)
                self.assertAlmostEqual(result["sigma"], best, 14)
                self.assertLess(abs(result["log_likelihood"] - reference.mean()), 1e-5)
                self.assertLess(abs(result["standard_error"] - reference.std() / math.sqrt(1200)),
                                1e-6)
            for sigma in (0.02, 5.0):
                reference_one = parzen(samples, test, sigma)
                result = gan.parzen_log_likelihood(context, samples, None, test, sigma)
                self.assertLess(abs(result["log_likelihood"] - reference_one.mean()),
                                1e-6 * abs(reference_one.mean()))


class Histograms(MetricsTest):

    def test_labels(self):
        labels = self.rng.integers(0, 900, 2600)
        share = np.bincount(labels, minlength=1000) / 2600
        weights = self.rng.random(1000)
        present = share > 0
        for reference in (None, weights / weights.sum()):
            q = np.full(1000, 1e-3) if reference is None else reference
            for context in self.contexts:
                result = gan.histogram_statistics(context, labels, 1000, reference)
                self.assertEqual(result["present"], present.sum())
                self.assertAlmostEqual(result["kl"], (share * np.log(share / q, where=present,
                                                                     out=np.zeros(1000))).sum(), 10)
                self.assertAlmostEqual(result["total_variation"], np.abs(share - q).sum() / 2, 12)


class Binding(MetricsTest):

    def test_images_are_flattened(self):
        images = normal(self.rng, 9, 4, 3, 2)
        for context in self.contexts:
            index, _ = gan.nearest_neighbours(context, images, images[::-1])
            np.testing.assert_array_equal(index, np.arange(9)[::-1])

    def test_shapes_that_differ(self):
        a, b = normal(self.rng, 9, 4), normal(self.rng, 9, 5)
        for context in self.contexts:
            for use in (lambda: gan.frechet_distance(context, a, b),
                        lambda: gan.frechet_distance(context, (a[0], a), b),
                        lambda: gan.nearest_neighbour_error(context, a, [1], a, [1] * 9),
                        lambda: gan.histogram_statistics(context, [1], 3, [0.5, 0.5])):
                with self.assertRaises(ValueError):
                    use()
            with self.assertRaisesRegex(gan.InvalidArgument, "must be from 1 to 8"):
                gan.precision_recall(context, a, a, 9)


if __name__ == "__main__":
    unittest.main()

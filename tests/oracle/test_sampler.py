"""The sampler's binding, and its images against PyTorch's from the same file of weights.

SPDX-License-Identifier: MIT
"""

import gc
import tempfile
import unittest
import weakref
from pathlib import Path

# First: it finds gan, and says what is missing.
from oracle import LIBRARIES

import gan
import numpy as np
import torch


class SamplerTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "generator.safetensors"
        self.context = gan.Context(threads=1, seed=1, library=LIBRARIES[0])
        self.addCleanup(self.context.close)

    def sampler(self, **options):
        sampler = gan.Sampler(self.path, library=LIBRARIES[0], **options)
        self.addCleanup(sampler.close)
        return sampler

    def write(self):
        """A small DCGAN with its statistics moved; the same network in PyTorch."""
        generator = gan.Sequential(self.context)
        generator.add_unflatten(5, 1, 1)
        generator.add_conv_transpose2d(5, 32, 4, bias=False)
        generator.add_batch_norm(32)
        generator.add_relu()
        generator.add_conv_transpose2d(32, 32, 4, stride=2, padding=1, bias=False)
        generator.add_batch_norm(32)
        generator.add_relu()
        generator.add_conv_transpose2d(32, 3, 4, stride=2, padding=1)
        generator.add_tanh()
        for _ in range(3):
            generator(self.context.randn(8, 5))
        generator.eval()
        z = self.context.randn(1, 5).track()
        generator.save_traced(self.path, z, generator(z), "-1..1")
        peer = torch.nn.Sequential(
            torch.nn.Unflatten(1, (5, 1, 1)), torch.nn.ConvTranspose2d(5, 32, 4, bias=False),
            torch.nn.BatchNorm2d(32), torch.nn.ReLU(),
            torch.nn.ConvTranspose2d(32, 32, 4, 2, 1, bias=False), torch.nn.BatchNorm2d(32),
            torch.nn.ReLU(), torch.nn.ConvTranspose2d(32, 3, 4, 2, 1), torch.nn.Tanh()).eval()
        state = {name: torch.tensor(value) for name, value in gan.torch_state(generator).items()}
        peer.load_state_dict(state)
        return peer

    def write_labelled(self):
        """A generator of three classes that has not trained."""
        images = np.arange(6 * 8 * 8, dtype=np.uint8).reshape(6, 8, 8, 1)
        data = gan.Dataset.from_array(self.context, images, [0, 1, 2, 0, 1, 2])
        with gan.Trainer(self.context, "cgan", data, width=4, latent=3, batch=2) as trainer:
            trainer.save_model(self.path)

    def test_agrees_with_pytorch(self):
        peer, sampler = self.write(), self.sampler()
        z = np.stack([sampler.latent(seed) for seed in range(7, 12)])
        with torch.no_grad():
            wanted = peer(torch.tensor(z)).numpy().transpose(0, 2, 3, 1)
        np.testing.assert_allclose(sampler.sample(5, seed=7), wanted, atol=1e-5)
        np.testing.assert_array_equal(sampler.sample(input=z), sampler.sample(5, seed=7))

    def test_pictures(self):
        self.write()
        sampler = self.sampler(background=1)
        self.assertEqual(sampler.shape, (16, 16, 3))
        images = sampler.sample(5, seed=2)
        sheet = sampler.rgba(5, seed=2, columns=3, scale=2, bgra=True)
        self.assertEqual(sheet.shape, (64, 96, 4))
        levels = np.floor((images[4].astype(float) + 1) / 2 * 255 + 0.5).astype(np.uint8)
        np.testing.assert_array_equal(sheet[32:64:2, 32:64:2, 2::-1], levels)
        self.assertTrue((sheet[32:, 64:] == 0).all())
        self.assertLessEqual(len(np.unique(sampler.rgba(colors=4).reshape(-1, 4), axis=0)), 4)

        job = sampler.begin(5, seed=2, floats=True)
        while not job.step(0):
            self.assertLess(job.progress, 1)
        np.testing.assert_array_equal(job.result, images)
        job = sampler.start(5, seed=2, floats=True)
        np.testing.assert_array_equal(job.wait(), images)
        self.assertTrue(job.poll())

    def test_labels_live_as_long_as_their_request(self):
        self.write_labelled()
        sampler = self.sampler(images=1)
        labels = np.arange(64, dtype=np.int32) % 3
        wanted = sampler.sample(64, seed=2, labels=labels)
        job = sampler.begin(64, seed=2, floats=True, labels=labels.tolist())
        others = [np.full_like(labels, 1) for _ in range(50)]  # where a freed array would be
        while not job.step(0):
            pass
        np.testing.assert_array_equal(job.result, wanted)
        self.assertEqual(len(others), 50)

    def test_a_dropped_job(self):
        """Goes on in memory that the sampler keeps, and can be cancelled."""
        self.write()
        sampler = self.sampler(background=1)
        result = weakref.ref(sampler.start(50, seed=2, floats=True).result)
        with self.assertRaises(gan.StateError):
            sampler.begin(1)
        gc.collect()
        self.assertIsNotNone(result())
        sampler.cancel()
        self.assertIsNone(result())
        sampler.begin(5)
        with self.assertRaisesRegex(gan.StateError, "on its way"):
            sampler.begin(5)
        sampler.cancel()
        job = sampler.begin(5)
        dropped = weakref.ref(sampler)
        self.doCleanups()
        del sampler, job
        self.assertIsNone(dropped())  # at once, not when cycles are collected

    def test_errors(self):
        self.write()
        sampler = self.sampler()
        with self.assertRaisesRegex(gan.InvalidArgument, "there are 0 classes"):
            sampler.sample(labels=[1])
        with self.assertRaisesRegex(gan.StateError, "background"):
            sampler.start()
        with self.assertRaisesRegex(ValueError, "5 make an image"):
            sampler.sample(input=np.zeros(4))
        with self.assertRaisesRegex(gan.FileError, "absent"):
            gan.Sampler(self.path.with_name("absent"), library=LIBRARIES[0])
        with self.assertRaises(gan.FormatError):
            gan.Sampler.from_bytes(b"no model at all", library=LIBRARIES[0])
        with gan.Sampler.from_bytes(self.path.read_bytes(), library=LIBRARIES[0]) as same:
            np.testing.assert_array_equal(same.sample(2, seed=3), sampler.sample(2, seed=3))
        np.testing.assert_allclose(gan.slerp([1, 0], [0, 1], 0.5, LIBRARIES[0]),
                                   [0.5**0.5, 0.5**0.5], rtol=1e-6)


if __name__ == "__main__":
    unittest.main()

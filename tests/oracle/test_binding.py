"""The Python binding itself: lifetimes, errors, conversions, files.

SPDX-License-Identifier: MIT
"""

import contextlib
import ctypes
import gc
import gzip
import io
import re
import tempfile
import unittest
from pathlib import Path

# First: it finds gan, and says what is missing.
from oracle import LIBRARIES

import gan
import numpy as np
import torch


class BindingTest(unittest.TestCase):

    def setUp(self):
        self.context = gan.Context(threads=1, seed=1, library=LIBRARIES[0])
        self.addCleanup(self.context.close)

    def live(self, counter="live_tensors"):
        gc.collect()
        return self.context.stats()[counter]


class Libraries(BindingTest):

    def test_two_at_once(self):
        contexts = [gan.Context(seed=3, library=library) for library in LIBRARIES]
        tensors = [context.randn(3, 4) for context in contexts]
        self.assertEqual([tensor.dtype for tensor in tensors], [np.float32, np.float64])
        np.testing.assert_allclose(*(tensor.numpy() for tensor in tensors), rtol=1e-5)

    def test_not_a_library(self):
        with self.assertRaises(OSError):
            gan.load("/nonexistent/libgan.so")
        with self.assertRaisesRegex(ImportError, "gan_abi_version"):
            gan.load("libm.so.6")

    def test_unknown_option(self):
        with self.assertRaisesRegex(TypeError, "gain"):
            gan.Sequential(self.context).add_batch_norm(4, gain=1)


class Lifetimes(BindingTest):

    def test_results_are_freed(self):
        before = self.live()
        x = self.context.randn(4, 3).track()
        y = (x * x).tanh().sum()
        self.assertEqual(self.live(), before + 2)
        gan.grad(y, x)
        del x, y
        self.assertEqual(self.live(), before)
        self.assertEqual(self.live("live_nodes"), 0)

    def test_graph_lives_without_a_scope(self):
        x = self.context.tensor([1.0, 2.0, 3.0]).track()
        y = (x * x * x).sum()
        first = gan.grad(y, x, create_graph=True)
        second = gan.grad(first.sum(), x)
        np.testing.assert_array_equal(first.numpy(), [3, 12, 27])
        np.testing.assert_array_equal(second.numpy(), [6, 12, 18])

    def test_training_without_a_scope_leaks_nothing(self):
        critic = gan.Sequential(self.context)
        critic.add_conv2d(3, 4, 4, stride=2, padding=1)
        critic.add_instance_norm(4)
        critic.add_leaky_relu(0.2)
        critic.add_flatten()
        critic.add_dense(4 * 4 * 4, 1)
        adam = gan.Adam(critic)
        counts = []
        for _ in range(4):
            real, fake = (self.context.randn(2, 8, 8, 3) for _ in range(2))
            points = gan.interpolate(real, fake)
            loss = gan.penalty(critic(points), points)
            loss = loss + gan.wasserstein_critic(critic(real), critic(fake))
            adam.minimize(loss + critic(fake).softmax().std() + critic(real).std())
            del real, fake, points, loss
            counts.append([self.live(counter)
                           for counter in ("live_tensors", "live_nodes", "live_bytes")])
        self.assertEqual(counts[1:], counts[:-1])

    def test_scope_cuts_the_graph(self):
        x = self.context.tensor([1.0, 2.0]).track()
        with self.context.scope():
            y = (x * x).sum()
        self.assertEqual(y.item(), 5)
        with self.assertRaises(gan.StateError):
            gan.grad(y, x)

    def test_scope_ends_with_an_exception(self):
        with self.assertRaises(KeyError), self.context.scope():
            raise KeyError
        with self.assertRaises(gan.StateError):
            self.context.check(LIBRARIES[0].gan_scope_end(self.context.handle, 1))

    def test_tensors_outlive_the_context(self):
        x = self.context.randn(4, 3)
        self.context.close()
        self.assertEqual(x.shape, (4, 3))
        for use in (x.numpy, x.exp, self.context.stats, lambda: self.context.zeros(2)):
            with self.assertRaises(gan.StateError):
                use()

    def test_child_keeps_its_root(self):
        child = gan.Sequential(self.context).add_dense(3, 2)
        gc.collect()
        self.assertEqual(child(np.zeros((1, 3))).shape, (1, 2))

    def test_recording(self):
        x = self.context.zeros(2).track()
        with self.context.no_grad():
            self.assertFalse(x.exp().is_tracked)
            with self.context.recording(True):
                self.assertTrue(x.exp().is_tracked)
            self.assertFalse(x.exp().is_tracked)
        self.assertTrue(x.exp().is_tracked)


class Errors(BindingTest):

    def test_text_and_kind(self):
        a, b = self.context.zeros(2, 3), self.context.zeros(4, 5)
        with self.assertRaisesRegex(ValueError, r"gan_matmul.*2, 3.*4, 5") as caught:
            a @ b
        self.assertIsInstance(caught.exception, gan.InvalidArgument)
        self.assertEqual(caught.exception.code, -1)
        self.assertEqual((a + 1).sum().item(), 6)

    def test_kinds(self):
        x = self.context.zeros(2).track()
        with self.assertRaises(gan.Unreached):
            gan.grad(x.sum(), self.context.zeros(2).track(), strict=True)
        with self.assertRaises(OSError):
            gan.Idx(self.context, "/nonexistent/file")
        with gan.Context(byte_limit=1 << 20, library=LIBRARIES[0]) as small:
            with self.assertRaises(MemoryError):
                small.zeros(1 << 20)

    def test_a_text_that_is_not_utf8(self):
        """Quotes what the host gave; it is told, and no longer pending."""
        with self.assertRaisesRegex(OSError, "nowhere"):
            gan.Idx(self.context, b"/nowhere\xff")
        self.assertEqual(self.context.zeros(2).sum().item(), 0)
        error = self.context.library.error(gan.FileError.code, b"gan: \xff")
        self.assertEqual(str(error), "gan: \ufffd")

    def test_a_batch_normed_critic_is_refused(self):
        critic = gan.Sequential(self.context)
        critic.add_dense(3, 4)
        critic.add_batch_norm(4)
        with self.assertRaises(gan.MixedSamples):
            gan.penalty_of(critic, self.context.zeros(5, 3))

    def test_non_finite_gradient_names_the_parameter(self):
        network = gan.Sequential(self.context)
        network.add_dense(2, 1)
        weights = network.find("0.weight").numpy()
        with self.assertRaisesRegex(gan.NonFinite, "0.weight"):
            gan.SGD(network).minimize(network(np.full((1, 2), np.inf)).sum())
        np.testing.assert_array_equal(network.find("0.weight").numpy(), weights)

    def test_wrong_handle(self):
        with self.assertRaises(ctypes.ArgumentError):
            self.context.library.gan_exp(gan.Sequential(self.context))

    def test_entries_per_axis(self):
        x = self.context.zeros(2, 3)
        for use in (lambda: x.slice((0,), (1,)), lambda: x.pad((0, 0, 0), (1, 1, 1)),
                    lambda: x.transpose(0), lambda: x.write(np.zeros(6))):
            with self.assertRaises(ValueError):
                use()


class Conversions(BindingTest):

    def test_numpy(self):
        for array in (np.float32(3), np.arange(6.0).reshape(2, 3), np.arange(6).reshape(2, 3).T,
                      np.zeros((0, 4))):
            tensor = self.context.tensor(array)
            self.assertEqual(tensor.shape, np.shape(array))
            np.testing.assert_array_equal(tensor.numpy(), array)
            np.testing.assert_array_equal(np.asarray(tensor), array)
        self.assertEqual(float(self.context.scalar(2)), 2)

    def test_arithmetic_with_arrays(self):
        x, array = self.context.tensor([1.0, 2.0]), np.array([4.0, 8.0])
        np.testing.assert_array_equal((array - x).numpy(), [3, 6])
        np.testing.assert_array_equal((array / x).numpy(), [4, 4])
        np.testing.assert_array_equal((x * array).numpy(), [4, 16])
        np.testing.assert_array_equal((np.float32(1) - x).numpy(), [0, -1])
        with self.assertRaises(TypeError):
            x + "1"

    def test_layouts(self):
        images = np.arange(120).reshape(2, 3, 4, 5)
        self.assertEqual(gan.from_nchw(images).shape, (2, 4, 5, 3))
        for array in (images, images[0], images[0, 0]):
            np.testing.assert_array_equal(gan.to_nchw(gan.from_nchw(array)), array)

    def test_labels(self):
        table = self.context.tensor(np.eye(3))
        np.testing.assert_array_equal(table.gather(np.int64([2, 0])).numpy(), np.eye(3)[[2, 0]])
        with self.assertRaises(TypeError):
            table.gather([0.5])
        with self.assertRaises(OverflowError):
            table.gather([1 << 40])
        with self.assertRaises(gan.InvalidArgument):
            table.gather([3])

    def test_seed(self):
        first = self.context.randn(5).numpy()
        self.context.seed(1)
        np.testing.assert_array_equal(self.context.randn(5).numpy(), first)


class Modules(BindingTest):

    def network(self):
        network = gan.Sequential(self.context)
        network.add_dense(3, 4, name="first")
        network.add_relu()
        inner = network.add_sequential("inner")
        inner.add_dense(4, 2, bias=False)
        return network

    def test_names(self):
        network = self.network()
        self.assertEqual(list(network.parameters()),
                         ["first.weight", "first.bias", "inner.0.weight"])
        self.assertEqual(network.child("inner.0").parameters()["weight"].shape, (2, 4))
        self.assertIsNone(network.child("outer"))
        self.assertIsNone(network.find("inner.0.bias"))

    def test_own_module(self):
        tree = gan.Module(self.context)
        gain = tree.add_parameter("gain", self.context.full((2,), 3.0))
        tree.add_buffer("mean", self.context.zeros(2))
        self.assertTrue(gain.is_tracked)
        self.assertEqual(list(tree.parameters()), ["gain"])
        tree.freeze()
        self.assertFalse(gain.is_tracked)
        self.assertFalse(tree.find("mean").is_tracked)

    def test_init_clip_copy(self):
        network, other = self.network(), self.network()
        network.init("normal", 0.02)
        self.assertEqual(np.abs(network.find("first.bias").numpy()).max(), 0)
        network.clip(0.01)
        self.assertLessEqual(np.abs(network.find("first.weight").numpy()).max(), 0.01 + 1e-8)
        other.copy_from(network)
        np.testing.assert_array_equal(other.find("first.weight").numpy(),
                                      network.find("first.weight").numpy())
        with self.assertRaisesRegex(ValueError, "orthogonal"):
            network.init("unknown")

    def test_average(self):
        network, other = self.network(), self.network()
        before = [m.find("first.weight").numpy() for m in (network, other)]
        network.average(other, 0.75)
        np.testing.assert_allclose(network.find("first.weight").numpy(),
                                   0.75 * before[0] + 0.25 * before[1], rtol=1e-5)
        self.assertEqual(gan.average_decay(0.9, 1), 0)
        norm = gan.Sequential(self.context)
        norm.add_batch_norm(1)
        norm.average_statistics()
        norm([[1.0], [3.0]])
        norm.average_statistics(False)
        self.assertEqual(norm.find("0.running_mean").numpy(), [2])

    def test_spectral_names(self):
        """PyTorch's state_dict of the same network, by names and shapes."""
        norm = torch.nn.utils.spectral_norm
        theirs = torch.nn.Sequential(norm(torch.nn.Conv2d(2, 3, 4)),
                                     norm(torch.nn.ConvTranspose2d(3, 5, 2)))
        ours = gan.Sequential(self.context)
        ours.add_conv2d(2, 3, 4)
        ours.add_conv_transpose2d(3, 5, 2)
        ours.spectral_norm()
        self.assertEqual({name: value.shape for name, value in gan.torch_state(ours).items()},
                         {name: tuple(value.shape) for name, value in theirs.state_dict().items()})

    def test_augment(self):
        images = self.context.randn(2, 4, 4, 3)
        self.assertEqual(gan.augment(images).shape, images.shape)
        brighter = gan.augment(images, {"color"}, saturation=0, contrast=0) - images
        self.assertLess(brighter.numpy().std((1, 2, 3)).max(), 1e-6)
        np.testing.assert_array_equal(gan.augment(images, ()).numpy(), images.numpy())
        with self.assertRaisesRegex(ValueError, "translation"):
            gan.augment(images, ("flip",))

    def test_one_hot(self):
        np.testing.assert_array_equal(self.context.one_hot([1, 0], 2).numpy(), [[0, 1], [1, 0]])

    def test_momentum(self):
        sgd = gan.SGD(self.network(), momentum=0.5)
        sgd.momentum = 0.7
        self.assertEqual(sgd.momentum, 0.7)
        with self.assertRaises(gan.StateError):
            gan.Adam(self.network()).momentum = 0.5

    def test_optimizer(self):
        network = self.network()
        adam = gan.Adam(network, lr=0.5)
        self.assertEqual(adam.lr, 0.5)
        adam.lr = 0.25
        self.assertEqual(adam.lr, 0.25)
        self.assertEqual([parameter.shape for parameter in adam.parameters()],
                         [(4, 3), (4,), (2, 4)])
        self.assertEqual(adam.grad_norm, 0)
        adam.minimize(network(np.ones((2, 3))).square().sum())
        self.assertGreater(adam.grad_norm, 0)


class Files(BindingTest):

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_save_and_load(self):
        networks = [gan.Sequential(self.context) for _ in range(2)]
        for network in networks:
            network.add_conv_transpose2d(3, 4, 2)
            network.add_batch_norm(4)
        path = self.folder / "weights.safetensors"
        networks[0].save(path)
        networks[1].load(path)
        states = [gan.torch_state(network) for network in networks]
        for name, value in states[0].items():
            np.testing.assert_array_equal(states[1][name], value)
        with self.assertRaises(gan.FormatError):
            path.write_bytes(b"\x07")
            networks[0].load(path)

    def test_png(self):
        path = self.folder / "grid.png"
        images = np.random.default_rng(1).integers(0, 256, (1, 5, 4, 3))
        gan.png_write_grid(self.context.tensor(images), path, columns=1, gap=0, lo=0, hi=255)
        back = gan.png_read(self.context, path, lo=0, hi=255)
        np.testing.assert_array_equal(back.numpy(), images)

    def test_idx(self):
        images = np.random.default_rng(1).integers(0, 256, (5, 3, 4), np.uint8)
        header = bytes([0, 0, 8, 3]) + np.array(images.shape, ">u4").tobytes()
        path = self.folder / "images.gz"
        path.write_bytes(gzip.compress(header + images.tobytes()))
        idx = gan.Idx(self.context, path)
        self.assertEqual(idx.shape, images.shape)
        np.testing.assert_array_equal(idx.numpy(), images)
        batch = idx.images([4, 1], lo=0, hi=255).numpy()
        np.testing.assert_array_equal(batch, images[[4, 1], :, :, None])
        self.context.close()
        with self.assertRaises(gan.StateError):
            idx.images([0])


class Train(BindingTest):

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "run.safetensors"
        images = np.random.default_rng(1).integers(0, 256, (6, 8, 8, 1), np.uint8)
        self.dataset = gan.Dataset.from_array(self.context, images, [0, 1, 2, 0, 1, 2])

    def trainer(self, system="dcgan", **options):
        options = {"width": 2, "latent": 3, "batch": 2, **options}
        return gan.Trainer(self.context, system, self.dataset, loader={"seed": 1}, **options)

    def test_systems(self):
        self.assertEqual(gan.systems(), ["gan", "dcgan", "cgan", "pix2pix", "wgan", "wgan-gp",
                                         "dragan", "began"])
        self.assertEqual(gan.system_side("began", 28), 32)
        self.assertEqual(gan.network_side("info_autoencoder", 27), 28)

    def test_steps(self):
        trainer = self.trainer(average=0.9, loss="hinge")
        self.assertEqual(trainer.options["side"], 8)
        numbers = trainer.step()
        self.assertEqual(numbers["step"], 1)
        self.assertTrue(np.isfinite(numbers["d_loss"]) and np.isnan(numbers["k"]))
        images = trainer.sample(trainer.latents(5))
        self.assertEqual(images.shape, (5, 8, 8, 1))
        self.assertEqual(trainer.score(images).shape, (5, 1))
        self.assertEqual(len(list(trainer.generator.parameters())),
                         len(list(trainer.averaged.parameters())))

    def test_resume(self):
        trainer = self.trainer()
        trainer.step()
        trainer.save(self.path)
        after = trainer.step()
        again = self.trainer()
        again.load(self.path)
        self.assertEqual(again.steps, 1)
        np.testing.assert_equal(again.step(), after)
        with self.assertRaisesRegex(gan.FormatError, "dcgan"):
            self.trainer("wgan").load(self.path)

    def test_labels(self):
        trainer = self.trainer("cgan", condition="projection")
        trainer.step()
        self.assertEqual(trainer.loader.labels.shape, (trainer.options["batch"],))
        images = trainer.sample(trainer.latents(2), [0, 2])
        self.assertEqual(trainer.score(images, labels=[0, 2]).shape, (2, 1))
        with self.assertRaises(gan.InvalidArgument):
            trainer.sample(trainer.latents(2), [0, 3])
        with self.assertRaises(ValueError):
            trainer.sample(trainer.latents(2), [0])

    def test_wrong_options(self):
        with self.assertRaisesRegex(ValueError, "no system"):
            self.trainer("vae")
        with self.assertRaisesRegex(TypeError, "colour"):
            self.trainer(colour=1)
        with self.assertRaisesRegex(ValueError, "square"):
            self.trainer(loss="square")

    def test_pieces(self):
        r, f = self.context.tensor([[2.0], [0.5]]), self.context.tensor([[-1.0], [3.0]])
        whole = gan.discriminator_loss("lsgan", r, f).numpy()
        np.testing.assert_allclose(whole, (1 + 0.25) / 4 + (1 + 9) / 4, rtol=1e-6)
        np.testing.assert_allclose(whole, (gan.real_loss("lsgan", r) +
                                           gan.fake_loss("lsgan", f)).numpy(), rtol=1e-6)
        np.testing.assert_allclose(gan.generator_loss("hinge", f).numpy(), -1, rtol=1e-6)
        np.testing.assert_allclose(gan.reconstruction_error(r, f).numpy(), [3, 2.5], rtol=1e-6)
        self.assertEqual(gan.dragan_points(r, "gaussian", 1).shape, (2, 1))
        np.testing.assert_allclose(gan.began_balance(0.5, 1, 0.2), (0.5003, 1.3), rtol=1e-9)


class Data(BindingTest):

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.images = np.random.default_rng(1).integers(0, 256, (6, 5, 4, 3), np.uint8)
        self.labels = np.array([2, 0, 0, 2, 2, 0])

    def save(self, path, image):
        path.parent.mkdir(exist_ok=True)
        gan.png_write_grid(self.context.tensor(image[None]), path, columns=1, gap=0, lo=0, hi=255)

    def test_array(self):
        with gan.Dataset.from_array(self.context, self.images, self.labels) as dataset:
            self.assertEqual(dataset.shape, self.images.shape)
            self.assertEqual(len(dataset), 6)
            np.testing.assert_array_equal(dataset.numpy(), self.images)
            np.testing.assert_array_equal(dataset.labels, self.labels)
            self.assertEqual(dataset.class_names, [None] * 3)
            np.testing.assert_allclose(dataset.image(2).numpy(), self.images[2:3] / 127.5 - 1,
                                       atol=1e-6)
            self.assertLessEqual(set(dataset.draw_labels(100)), {0, 2})
        with self.assertRaises(gan.StateError):
            len(dataset)
        floats = gan.Dataset.from_array(self.context, self.images / 127.5 - 1)
        np.testing.assert_array_equal(floats.numpy(), self.images)
        self.assertIsNone(floats.labels)

    def test_wrong_arrays(self):
        for images, error in ((self.images[0], ValueError), (self.images.astype(int), TypeError),
                              (self.images + 0.5, gan.InvalidArgument)):
            with self.assertRaises(error):
                gan.Dataset.from_array(self.context, images)
        with self.assertRaisesRegex(ValueError, "5 labels for 6 images"):
            gan.Dataset.from_array(self.context, self.images, self.labels[:5])
        with self.assertRaisesRegex(ValueError, "stretch"):
            gan.Dataset.from_array(self.context, self.images, fit="squeeze")

    def test_idx(self):
        path = self.folder / "images"
        header = bytes([0, 0, 8, 3]) + np.array([6, 5, 12], ">u4").tobytes()
        path.write_bytes(header + self.images.tobytes())
        dataset = gan.Dataset.from_idx(self.context, path, pad_to=12)
        self.assertEqual(dataset.shape, (6, 12, 12, 1))
        np.testing.assert_array_equal(dataset.numpy()[:, 3:8].ravel(), self.images.ravel())

    @unittest.skipIf("no PNG" in LIBRARIES[0].build_info, "a build without PNG")
    def test_folder(self):
        self.save(self.folder / "owl" / "a.png", self.images[0])
        self.save(self.folder / "cat" / "a.png", self.images[1])
        (self.folder / "cat" / "b.png").write_bytes(b"")
        dataset = gan.Dataset.from_folder(self.context, self.folder, classes=True, skip_bad=True)
        self.assertEqual((dataset.class_names, dataset.skipped), (["cat", "owl"], 1))
        np.testing.assert_array_equal(dataset.numpy(), self.images[[1, 0]])
        with self.assertRaisesRegex(gan.FormatError, "b.png"):
            gan.Dataset.from_folder(self.context, self.folder / "cat")

    @unittest.skipIf("no PNG" in LIBRARIES[0].build_info, "a build without PNG")
    def test_sheet(self):
        self.save(self.folder / "sheet.png", np.concatenate(self.images, axis=1))
        dataset = gan.Dataset.from_sheet(self.context, self.folder / "sheet.png", (4, 5), limit=5)
        np.testing.assert_array_equal(dataset.numpy(), self.images[:5])

    @unittest.skipIf("no PNG" in LIBRARIES[0].build_info, "a build without PNG")
    def test_pairs(self):
        for side, image in zip("AB", self.images):
            self.save(self.folder / side / "x.png", image)
        dataset = gan.Dataset.from_pairs(self.context, self.folder)
        np.testing.assert_array_equal(dataset.numpy()[0], self.images[0])
        np.testing.assert_array_equal(dataset.pair.numpy()[0], self.images[1])
        self.assertIsNone(dataset.pair.pair)

    def test_outlines(self):
        """The formula of the header, in NumPy."""
        outlines = gan.Dataset.from_array(self.context, self.images).outlines(0.3)
        padded = np.pad(self.images @ [0.299, 0.587, 0.114] / 255, ((0, 0), (1, 1), (1, 1)), "edge")
        smooth = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
        across = smooth[:, :, 2:] - smooth[:, :, :-2]
        smooth = padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]
        down = smooth[:, 2:] - smooth[:, :-2]
        expected = np.where(np.hypot(across, down) / 4 >= 0.3, 255, 0)
        self.assertEqual(set(expected.ravel()), {0, 255})
        np.testing.assert_array_equal(outlines.numpy()[..., 0], expected)
        np.testing.assert_array_equal(outlines.pair.numpy(), self.images)

    def test_loader(self):
        dataset = gan.Dataset.from_array(self.context, self.images, self.labels)
        with gan.Loader(dataset, batch=4, seed=5, remainder="keep", lo=0, hi=255) as loader:
            self.assertIsNone(loader.labels)
            batches = [(next(loader).numpy(), loader.labels) for _ in range(2)]
            self.assertEqual([len(images) for images, _ in batches], [4, 2])
            self.assertEqual(loader.state, (1, 0))
            order = [int(np.flatnonzero((self.images == image).all((1, 2, 3)))[0])
                     for images, _ in batches for image in images]
            self.assertEqual(sorted(order), list(range(6)))
            np.testing.assert_array_equal(np.concatenate([labels for _, labels in batches]),
                                          self.labels[order])
            loader.state = 0, 4
            np.testing.assert_array_equal(next(loader).numpy(), batches[1][0])
        with self.assertRaises(gan.StateError):
            next(loader)
        with self.assertRaisesRegex(ValueError, "6 images.*batch of 7"):
            gan.Loader(dataset, batch=7)
        with self.assertRaisesRegex(ValueError, "wrap"):
            gan.Loader(dataset, remainder="repeat")

    def test_loader_keeps_its_dataset(self):
        outlines = gan.Dataset.from_array(self.context, self.images).outlines()
        loader = gan.Loader(outlines, batch=6, shuffle=False, lo=0, hi=255)
        outlines.close()
        self.assertEqual(next(loader).shape, (6, 5, 4, 1))
        np.testing.assert_array_equal(loader.pairs().numpy(), self.images)


class Readme(unittest.TestCase):

    def test_the_example_runs(self):
        """The code of bindings/python/README.md, as it stands there."""
        readme = Path(gan.__file__).resolve().parent.parent / "README.md"
        code = re.search(r"```python\n(.*?)```", readme.read_text(), re.DOTALL)[1]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, {})
        self.assertTrue(np.isfinite(float(printed.getvalue())))


if __name__ == "__main__":
    unittest.main()

"""Objects that Python owns: given back once, refused afterwards, kept by what they lend.

SPDX-License-Identifier: MIT
"""

import copy
import gc
import subprocess
import sys
import tempfile
import unittest

import numpy as np
from common import PACKAGE, ContextTest

import gan


class Handles(ContextTest):

    def network(self):
        network = gan.Sequential(self.context)
        network.add_dense(3, 2)
        return network

    def test_with(self):
        before = self.live()
        with self.network() as network, gan.Adam(network) as adam:
            adam.minimize(network(np.ones((4, 3))).sum())
            layer = network.child("0")
        for use in (lambda: network(np.ones((1, 3))), network.parameters, lambda: network.save("x"),
                    lambda: network.add_relu(), lambda: gan.Adam(network), lambda: adam.lr,
                    lambda: gan.penalty_of(network, self.context.zeros(2, 3)),
                    lambda: self.network().copy_from(network)):
            with self.assertRaisesRegex(gan.StateError, "the (sequential|adam) is closed"):
                use()
        with self.assertRaises(gan.StateError):
            layer(np.ones((1, 3)))
        network.close()
        self.assertEqual(self.live(), before)

    def test_a_layer_cannot_be_closed(self):
        network = self.network()
        with network.child("0") as layer:
            pass
        layer.close()
        self.assertEqual(layer(np.ones((1, 3))).shape, (1, 2))

    def test_an_optimizer_outlives_its_module(self):
        network = self.network()
        adam = gan.Adam(network)
        network.close()
        self.assertEqual([parameter.shape for parameter in adam.parameters()], [(2, 3), (2,)])

    def test_trainer(self):
        dataset = gan.Dataset.from_array(self.context, np.zeros((4, 8, 8, 1), np.uint8))
        before = self.live()
        with gan.Trainer(self.context, "dcgan", dataset, width=2, latent=3, batch=2) as trainer:
            generator = trainer.generator
            z = trainer.latents(2)
            self.assertEqual(generator(z.reshape(2, 3)).shape[0], 2)
        for use in (trainer.step, lambda: trainer.steps, lambda: trainer.sample(z),
                    lambda: trainer.generator, lambda: generator(z)):
            with self.assertRaisesRegex(gan.StateError, "the trainer is closed"):
                use()
        del z
        self.assertEqual(self.live(), before)

    def test_a_borrowed_module_keeps_its_owner(self):
        dataset = gan.Dataset.from_array(self.context, np.zeros((4, 8, 8, 1), np.uint8))
        options = {"width": 2, "latent": 3, "batch": 2}
        generator = gan.Trainer(self.context, "dcgan", dataset, **options).generator
        gc.collect()
        self.assertEqual(generator(np.zeros((1, 3))).shape, (1, 8, 8, 1))

    def test_a_closed_context(self):
        network = self.network()
        adam = gan.Adam(network)
        self.context.close()
        for use in (lambda: network.add_relu(), lambda: gan.Sequential(self.context),
                    lambda: adam.step([None, None])):
            with self.assertRaises(gan.StateError):
                use()
        network.close()

    def test_a_copy_shares_the_elements(self):
        tensor = self.context.full((3,), 5)
        another, before = copy.copy(tensor), self.live()
        del tensor
        self.assertEqual(self.live(), before)
        another.write([1, 2, 3])
        np.testing.assert_array_equal(copy.copy(another).numpy(), [1, 2, 3])

    def test_a_checkpoint_goes_on_with_the_same_bits(self):
        def begin(seed):
            context = gan.Context(threads=1, seed=seed)
            self.addCleanup(context.close)
            network = gan.Sequential(context)
            network.add_dense(4, 3)
            images = np.arange(5 * 4, dtype=np.uint8).reshape(5, 2, 2, 1)
            loader = gan.Loader(gan.Dataset.from_array(context, images), batch=2, seed=seed)
            adam = gan.Adam(network, lr=0.1)
            parts = {"network": network, "adam": adam, "data": loader}
            return network, loader, adam, gan.Checkpoint(context, **parts)

        def train(network, loader, adam, checkpoint, steps):
            for _ in range(steps):
                x = next(loader).reshape(2, 4)
                adam.minimize((network(x) * network.context.randn(2, 3)).sum())
            return network.find("0.weight").numpy()

        with tempfile.TemporaryDirectory() as folder:
            whole, first, then = begin(1), begin(1), begin(2)
            wanted = train(*whole, 7)
            train(*first, 4)
            first[-1]["step"] = 4
            first[-1].save(f"{folder}/run")
            with self.assertRaises(KeyError):
                then[-1]["step"]
            then[-1].load(f"{folder}/run")
            self.assertEqual(then[-1]["step"], 4)
            np.testing.assert_array_equal(train(*then, 3), wanted)
            with self.assertRaises(TypeError):
                then[-1].add("more", "text")
            with self.assertRaisesRegex(gan.InvalidArgument, "already"):
                then[-1].add("adam", then[2])
            with self.assertRaisesRegex(gan.FileError, "none"):
                then[-1].load(f"{folder}/none")

    def test_python_ends_while_a_thread_is_in_a_call(self):
        with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
            dataset = gan.Dataset.from_array(self.context, np.zeros((4, 8, 8, 1), np.uint8))
            options = {"width": 2, "latent": 3, "batch": 2}
            gan.Trainer(self.context, "dcgan", dataset, **options).save_model(file.name)
            program = ("import sys, threading, time; sys.path.insert(0, sys.argv[1])\n"
                       "import gan\n"
                       "context, sampler = gan.Context(), gan.Sampler(sys.argv[2])\n"
                       "def train():\n"
                       "    while True: context.randn(1000, 1000)\n"
                       "def sample():\n"
                       "    while True: sampler.sample(64)\n"
                       "for work in (train, sample):\n"
                       "    threading.Thread(target=work, daemon=True).start()\n"
                       "time.sleep(0.2)\n")
            ended = subprocess.run([sys.executable, "-c", program, PACKAGE, file.name], text=True,
                                   capture_output=True)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()

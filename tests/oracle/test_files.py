"""Weights that go between PyTorch and libgan in files, both ways.

SPDX-License-Identifier: MIT
"""

import json
import os
import tempfile
import unittest
import zipfile
from pathlib import Path

from oracle import (LIBRARIES, gan_array, gan_network, gan_tensor, layer, normal, random_state,
                    torch_network)

import gan
import numpy as np
import torch

# The generator of PyTorch's own DCGAN example, narrower.
DCGAN = [
    layer("unflatten", 16, 1, 1),
    layer("conv_transpose", 16, 32, 4, bias=False),
    layer("batch_norm", 32),
    layer("relu"),
    layer("conv_transpose", 32, 16, 4, stride=2, padding=1, bias=False),
    layer("batch_norm", 16),
    layer("relu"),
    layer("conv_transpose", 16, 3, 4, stride=2, padding=1),
    layer("tanh"),
]


def read_safetensors(path):
    """Name to PyTorch tensor, as a reader of the format that knows nothing of libgan."""
    content = Path(path).read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8:8 + length]), content[8 + length:]
    header.pop("__metadata__", None)
    types = {"F32": np.float32, "I64": np.int64}
    return {name: torch.tensor(np.frombuffer(data[slice(*e["data_offsets"])],
                                             types[e["dtype"]]).reshape(e["shape"]).copy())
            for name, e in header.items()}


class FilesTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "weights")
        self.context = gan.Context(threads=1, seed=1, library=LIBRARIES[0])
        self.addCleanup(self.context.close)
        state = random_state(DCGAN, 5)
        self.torch = torch_network(DCGAN, state, torch.float32).eval()
        self.gan = gan_network(self.context, DCGAN, {name: 0 * value
                                                     for name, value in state.items()})
        self.gan.train(False)

    def images(self):
        """Of both networks for the same latents."""
        z = normal(np.random.default_rng(3), 5, 16)
        with torch.no_grad():
            return gan_array(self.gan(gan_tensor(self.context, z))), self.torch(
                torch.tensor(z)).numpy()

    def check_same_images(self, tolerance=1e-5):
        ours, theirs = self.images()
        self.assertGreater(np.abs(theirs).mean(), 0.01)
        self.assertLessEqual(np.abs(ours - theirs).max(), tolerance)

    def refused(self, *words, part=""):
        with self.assertRaises(gan.Error) as caught:
            self.gan.load(self.path, part)
        for word in words:
            self.assertIn(word, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    # From PyTorch.

    def test_state_dict(self):
        for protocol in (2, 3, 4, 5):
            with self.subTest(protocol=protocol):
                torch.save(self.torch.state_dict(), self.path, pickle_protocol=protocol)
                self.gan.load(self.path)
                self.check_same_images()

    def test_parts(self):
        adam = torch.optim.Adam(self.torch.parameters())
        self.torch(torch.zeros(2, 16)).sum().backward()
        adam.step()
        torch.save({"epoch": 3, "G": self.torch.state_dict(), "note": "é", "rates": [1e-4, None],
                    "optimizer": adam.state_dict(),
                    "nested": {"D": {7: torch.zeros(3)}, "G": self.torch.state_dict()}}, self.path)
        for part in ("G", "nested.G"):
            with self.subTest(part=part):
                self.gan.load(self.path, part)
                self.check_same_images()
        self.refused("is missing, but", "G.1.weight", "load that part")
        self.refused("no part", "H", part="H")
        self.refused("is missing", part="nested.D")

    def test_parameters_and_types(self):
        module = torch.nn.ParameterDict({"weight": torch.nn.Parameter(torch.randn(3, 4))})
        cases = {
            "a parameter itself": dict(module.items()),
            "float64": {"weight": module["weight"].double()},
            "float16": {"weight": module["weight"].half()},
            "bfloat16": {"weight": module["weight"].bfloat16()},
        }
        target = gan.Module(self.context)
        target.add_parameter("weight", self.context.zeros(3, 4))
        for what, state in cases.items():
            with self.subTest(what=what):
                torch.save(state, self.path)
                target.load(self.path)
                np.testing.assert_array_equal(
                    target.find("weight").numpy(),
                    next(iter(state.values())).detach().float().numpy())
        torch.save({"weight": torch.zeros(3, 4, dtype=torch.int32)}, self.path)
        with self.assertRaisesRegex(gan.Error, "I32"):
            target.load(self.path)

    def test_halves(self):
        """All numbers that the two types of 16 bits have."""
        bits = np.arange(1 << 16, dtype=np.uint16).view(np.int16)
        target = gan.Module(self.context)
        target.add_parameter("x", self.context.zeros(1 << 16))
        for dtype in (torch.float16, torch.bfloat16):
            values = torch.tensor(bits).view(dtype)
            torch.save({"x": values}, self.path)
            target.load(self.path)
            np.testing.assert_array_equal(target.find("x").numpy(), values.float().numpy())

    def test_views(self):
        """Tensors that are parts of a storage, in an order of their own, or share one."""
        base = torch.arange(60, dtype=torch.float32)
        state = {
            "transposed": base[:12].view(3, 4).t(),
            "every_second": base[5:45:2],
            "channels_last": base[:48].view(2, 4, 3, 2).to(memory_format=torch.channels_last),
            "tied": base[:12].view(3, 4),
            "scalar": base[7],
            "empty": base[:0].view(0, 5),
        }
        torch.save(state, self.path)
        target = gan.Module(self.context)
        for name, value in state.items():
            if value.numel():
                target.add_parameter(name, self.context.zeros(*value.shape))
        with self.assertRaisesRegex(gan.Error, "empty"):
            target.load(self.path)
        del state["empty"]
        torch.save(state, self.path)
        target.load(self.path)
        for name, value in state.items():
            np.testing.assert_array_equal(target.find(name).numpy(), value.numpy(), name)

    def test_refused(self):
        state = self.torch.state_dict()
        torch.save(state, self.path, _use_new_zipfile_serialization=False)
        self.refused("old format", "torch.save")

        class Evil:

            def __reduce__(self):
                return os.system, ("echo executed",)

        torch.save({**state, "evil": Evil()}, self.path)
        self.refused("system", "state dicts")
        torch.save(self.torch, self.path)
        self.refused("Sequential")
        torch.save({"x": torch.zeros(1).expand(5)}, self.path)
        self.refused("'x'", "more elements than its storage")
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a/data.pkl", 100 * "x")
        self.refused("compressed")
        torch.jit.script(self.torch).save(self.path)
        self.refused("__torch__")

    # To PyTorch.

    def test_to_torch_and_back(self):
        torch.save(self.torch.state_dict(), self.path)
        self.gan.load(self.path)
        self.gan.save(self.path)
        state = read_safetensors(self.path)
        self.assertEqual({name: value.shape for name, value in state.items()},
                         {name: value.shape for name, value in self.torch.state_dict().items()})
        for name, value in self.torch.state_dict().items():
            self.assertEqual(state[name].dtype, value.dtype)
            self.assertTrue(torch.equal(state[name], value), name)
        self.torch.load_state_dict(state)
        self.check_same_images()


if __name__ == "__main__":
    unittest.main()

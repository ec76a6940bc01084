"""Every layer against PyTorch: output, first derivatives, second derivatives, running statistics.

SPDX-License-Identifier: MIT
"""

import unittest

# First: it finds gan, and says what is missing.
from oracle import (LIBRARIES, OracleTest, derivatives, gan_arrays, gan_grad, gan_network,
                    gan_tensor, layer, named, normal, random_state, torch_arrays, torch_grad,
                    torch_network, torch_tensor)

import gan
import numpy as np
import torch

IMAGE = (4, 3, 8, 8)
FEATURES = (6, 10)

# A layer, and the shape of its input.
CASES = {
    "dense": (layer("dense", 10, 7), FEATURES),
    "dense without bias": (layer("dense", 10, 7, bias=False), FEATURES),
    "conv 3": (layer("conv", 3, 5, 3), IMAGE),
    "conv 3 same": (layer("conv", 3, 5, 3, padding=1, bias=False), IMAGE),
    "conv 4 stride 2": (layer("conv", 3, 5, 4, stride=2, padding=1), IMAGE),
    "conv 5 stride 3": (layer("conv", 3, 5, 5, stride=3, padding=2), IMAGE),
    "conv dilated": (layer("conv", 3, 5, 3, dilation=2, padding=(2, 1)), IMAGE),
    "conv uneven": (layer("conv", 3, 5, 2, stride=(2, 1), dilation=(1, 3)), IMAGE),
    "conv 1": (layer("conv", 3, 5, 1), IMAGE),
    "conv to 1": (layer("conv", 3, 5, 8), IMAGE),
    "transposed 4 stride 2": (layer("conv_transpose", 3, 5, 4, stride=2, padding=1), IMAGE),
    "transposed 3": (layer("conv_transpose", 3, 5, 3, bias=False), IMAGE),
    "transposed from 1": (layer("conv_transpose", 3, 5, 4), (4, 3, 1, 1)),
    "transposed output padding":
        (layer("conv_transpose", 3, 5, 5, stride=2, padding=2, output_padding=1), IMAGE),
    "transposed uneven":
        (layer("conv_transpose", 3, 5, 3, stride=(3, 2), dilation=(1, 2), padding=(0, 1),
               output_padding=(2, 1)), IMAGE),
    "batch norm": (layer("batch_norm", 3), IMAGE),
    "batch norm of features": (layer("batch_norm_features", 10), FEATURES),
    "batch norm options": (layer("batch_norm", 3, eps=1e-3, momentum=0.3), IMAGE),
    "batch norm without gain": (layer("batch_norm", 3, affine=False), IMAGE),
    "instance norm": (layer("instance_norm", 3), IMAGE),
    "instance norm without gain": (layer("instance_norm", 3, affine=False, eps=1e-3), IMAGE),
    "layer norm": (layer("layer_norm", 3, 8, 8), IMAGE),
    "layer norm of features": (layer("layer_norm", 10, eps=1e-3), FEATURES),
    "group norm": (layer("group_norm", 2, 6), (4, 6, 5, 5)),
    "group norm options": (layer("group_norm", 3, 6, affine=False, eps=1e-3), (4, 6, 5, 5)),
    "relu": (layer("relu"), IMAGE),
    "leaky relu": (layer("leaky_relu", 0.2), IMAGE),
    "elu": (layer("elu", 0.7), IMAGE),
    "tanh": (layer("tanh"), IMAGE),
    "sigmoid": (layer("sigmoid"), IMAGE),
    "softplus": (layer("softplus"), IMAGE),
    "maxout": (layer("maxout", 10, 4, 5), FEATURES),
    "flatten": (layer("flatten"), IMAGE),
    "unflatten": (layer("unflatten", 5, 1, 2), FEATURES),
    "spectral dense": (layer("spectral_dense", 10, 7), FEATURES),
    "spectral conv": (layer("spectral_conv", 3, 5, 3, padding=1), IMAGE),
    "spectral conv without bias": (layer("spectral_conv", 3, 5, 4, stride=2, bias=False), IMAGE),
    "spectral transposed":
        (layer("spectral_conv_transpose", 3, 5, 4, stride=2, padding=1), IMAGE),
    "upsample": (layer("upsample", 2), IMAGE),
}


def statistics(find):
    """What a forward moves: batch norm's running statistics, spectral norm's vectors."""
    buffers = {name: find(f"0.{name}") for name in ("running_mean", "running_var", "weight_u",
                                                    "weight_v")}
    return named("statistics", {name: value for name, value in buffers.items()
                                if value is not None})


class Layers(OracleTest):

    def compare_layer(self, description, shape, training=True):
        rng = np.random.default_rng(1)
        specification = [description]
        state = random_state(specification, seed=2)
        x = normal(rng, *shape)
        cotangent = normal(rng, *torch_network(specification)(torch_tensor(x, torch.float64)).shape)
        parameters = dict(torch_network(specification).named_parameters())
        directions = {"input": normal(rng, *shape)}
        directions |= {name: normal(rng, *value.shape) for name, value in parameters.items()}

        def run_torch(dtype):
            network = torch_network(specification, state, dtype).train(training)
            inputs = {"input": torch_tensor(x, dtype, track=True)}
            inputs |= dict(network.named_parameters())
            y = network(inputs["input"])
            along = {name: torch_tensor(value, dtype) for name, value in directions.items()}
            results = derivatives(y, inputs, torch_tensor(cotangent, dtype), along, torch_grad)
            return torch_arrays(results | {"output": y} | statistics(network.state_dict().get))

        def run_gan(context):
            network = gan_network(context, specification, state)
            network.train(training)
            inputs = {"input": gan_tensor(context, x, track=True)} | network.parameters()
            y = network(inputs["input"])
            along = {name: gan_tensor(context, value) for name, value in directions.items()}
            results = derivatives(y, inputs, gan_tensor(context, cotangent), along, gan_grad)
            return gan_arrays(results | {"output": y} | statistics(network.find))

        self.compare(run_torch, run_gan)

    def test_layers(self):
        for name, (description, shape) in CASES.items():
            with self.subTest(layer=name):
                self.compare_layer(description, shape)

    def test_evaluation_mode(self):
        for name in ("batch norm", "batch norm of features", "instance norm", "spectral dense",
                     "spectral conv", "spectral transposed"):
            with self.subTest(layer=name):
                self.compare_layer(*CASES[name], training=False)
        self.compare_layer(layer("dropout", 0.5), IMAGE, training=False)

    def test_dropout(self):
        """The mask is the library's own; what it does to values and derivatives is compared."""
        x = normal(np.random.default_rng(3), 50, 40) + np.float32(5)
        for library in LIBRARIES:
            with gan.Context(seed=4, library=library) as context:
                network = gan_network(context, [layer("dropout", 0.3)], {})
                points = context.tensor(x).track()
                y = network(points)
                factors = y.numpy() / points.numpy()
                gradient = gan.grad(y.sum(), points).numpy()
            kept = factors > 0.5
            np.testing.assert_allclose(factors[kept], 1 / 0.7, rtol=1e-6)
            np.testing.assert_array_equal(factors[~kept], 0)
            np.testing.assert_allclose(gradient, factors, rtol=1e-6)
            self.assertAlmostEqual(kept.mean(), 0.7, delta=0.05)

    def test_embedding(self):
        rng = np.random.default_rng(5)
        table, cotangent = normal(rng, 6, 4), normal(rng, 5, 4)
        labels = [3, 0, 3, 5, 1]

        def run_torch(dtype):
            rows = torch_tensor(table, dtype, track=True)
            y = torch.nn.functional.embedding(torch.tensor(labels), rows)
            gradient = torch_grad(y, {"weight": rows}, torch_tensor(cotangent, dtype))
            return torch_arrays(named("gradient", gradient) | {"output": y})

        def run_gan(context):
            network = gan.Sequential(context)
            network.add_embedding(6, 4, name="classes")
            gan.load_torch_state(network, {"classes.weight": table})
            y = network.forward_labels(labels)
            gradient = gan_grad(y, {"weight": network.find("classes.weight")},
                                context.tensor(cotangent))
            return gan_arrays(named("gradient", gradient) | {"output": y})

        self.compare(run_torch, run_gan)

    def test_state_round_trip(self):
        """load_torch_state and torch_state are each other's inverse, buffers included."""
        specification = [
            layer("dense", 10, 24), layer("batch_norm_features", 24), layer("relu"),
            layer("unflatten", 6, 2, 2), layer("conv_transpose", 6, 3, 4, stride=2, padding=1),
            layer("batch_norm", 3), layer("conv", 3, 2, 3), layer("layer_norm", 2, 2, 2)]
        state = random_state(specification, seed=6)
        for library in LIBRARIES:
            with gan.Context(library=library) as context:
                result = gan.torch_state(gan_network(context, specification, state))
            counters = {name for name in result if name.endswith("num_batches_tracked")}
            self.assertEqual(len(counters), 2)
            self.assertEqual(result.keys() - counters, state.keys())
            for name, value in state.items():
                np.testing.assert_array_equal(result[name], value, err_msg=name)


if __name__ == "__main__":
    unittest.main()

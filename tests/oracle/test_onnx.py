"""Networks written as ONNX: checked by the format's own checker, run by a small evaluator over
PyTorch's functions, and by onnxruntime where tests/run.sh could install it (build/onnxruntime, or
the folder GAN_ONNXRUNTIME).

SPDX-License-Identifier: MIT
"""

import os
import sys
import tempfile
import unittest
from pathlib import Path

from oracle import LIBRARIES, ROOT, gan_array, gan_network, gan_tensor, layer, normal, random_state

import gan
import numpy as np
import torch
import torch.nn.functional as F

try:
    import onnx
except ImportError as reason:
    sys.exit(f"the tests of ONNX need Debian's python3-onnx: {reason}")
from onnx import numpy_helper

RUNTIME = Path(os.environ.get("GAN_ONNXRUNTIME", ROOT / "build/onnxruntime"))
if RUNTIME.is_dir():
    sys.path.append(str(RUNTIME))  # last: what it brings along must not hide Debian's
    import onnxruntime
else:
    onnxruntime = None
    print(f"no onnxruntime in {RUNTIME}: models are run by PyTorch only", file=sys.stderr)

TOLERANCE = 1e-4  # of an image's numbers; of the largest result where that is more than 1

# ---- the evaluator -------------------------------------------------------------------------------


def _pads(x, pads, value=0.0):
    """Explicit pads (before..., after...) of the spatial axes; F.pad wants the last axis first."""
    n = len(pads) // 2
    order = [side for axis in reversed(range(n)) for side in (pads[axis], pads[n + axis])]
    return F.pad(x, order, value=value)


def _conv(x, w, b=None, *, kernel_shape, strides, dilations, pads):
    assert list(w.shape[2:]) == kernel_shape
    return F.conv2d(_pads(x, pads), w, b, strides, dilation=dilations)


def _conv_transpose(x, w, b=None, *, kernel_shape, strides, dilations, pads, output_padding):
    assert list(w.shape[2:]) == kernel_shape
    y = F.conv_transpose2d(x, w, b, strides, dilation=dilations)
    top, left, bottom, right = pads
    y = F.pad(y, (0, output_padding[1], 0, output_padding[0]))
    return y[:, :, top:y.shape[2] - bottom, left:y.shape[3] - right]


def _average_pool(x, *, kernel_shape, strides, pads, count_include_pad):
    assert count_include_pad == 1
    return F.avg_pool2d(_pads(x, pads), kernel_shape, strides)


def _reshape(x, shape):
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape.tolist())])


def _resize(x, scales, *, mode, coordinate_transformation_mode, nearest_mode):
    assert (mode, coordinate_transformation_mode, nearest_mode) == ("nearest", "asymmetric",
                                                                    "floor")
    for axis, scale in enumerate(scales.tolist()):
        x = x.repeat_interleave(int(scale), axis)
    return x


def _slice(x, starts, ends, axes):
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist()):
        x = x.narrow(axis, start, end - start)
    return x


def _instance_norm(x, scale, bias, *, epsilon):
    return F.instance_norm(x, None, None, scale, bias, eps=epsilon)


def _one_hot(labels, depth, values):
    return torch.where(labels[:, None] == torch.arange(depth.item()), values[1], values[0])


OPERATORS = {
    "Identity": lambda x: x,
    "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Pow": torch.pow,
    "Max": torch.maximum, "Min": torch.minimum,
    "Exp": torch.exp, "Log": torch.log, "Sqrt": torch.sqrt, "Abs": torch.abs,
    "Tanh": torch.tanh, "Sigmoid": torch.sigmoid, "Softplus": F.softplus, "Relu": torch.relu,
    "Clip": torch.clamp,
    "LeakyRelu": lambda x, *, alpha: F.leaky_relu(x, alpha),
    "Elu": lambda x, *, alpha: F.elu(x, alpha),
    "MatMul": torch.matmul,
    "Conv": _conv, "ConvTranspose": _conv_transpose, "AveragePool": _average_pool,
    "Reshape": _reshape, "Resize": _resize, "Slice": _slice,
    "Pad": lambda x, pads: _pads(x, pads.tolist()),
    "Expand": lambda x, shape: x * torch.ones(shape.tolist()),
    "Transpose": lambda x, *, perm: x.permute(perm),
    "Concat": lambda *xs, axis: torch.cat(xs, axis),
    "InstanceNormalization": _instance_norm,
    "OneHot": _one_hot,
}


def evaluate(model, inputs):
    values = {c.name: torch.tensor(numpy_helper.to_array(c).copy())
              for c in model.graph.initializer}
    values |= {name: torch.tensor(value) for name, value in inputs.items()}
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        attributes = {name: value.decode() if isinstance(value, bytes) else value
                      for name, value in attributes.items()}
        arguments = [values[name] for name in node.input if name]
        values[node.output[0]] = OPERATORS[node.op_type](*arguments, **attributes)
    return [values[output.name].numpy() for output in model.graph.output]


# ---- the tests -----------------------------------------------------------------------------------


class OnnxTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "model.onnx")

    def check(self, inputs, expected):
        """The file's model gives `expected` (NCHW) for the inputs, by all who can run it."""
        model = onnx.load(self.path)
        onnx.checker.check_model(model, full_check=True)
        self.assertEqual((model.ir_version, model.opset_import[0].version), (8, 17))
        used = {name for node in model.graph.node for name in node.input}
        self.assertEqual(used, used | {c.name for c in model.graph.initializer})
        self.assertEqual([i.name for i in model.graph.input], list(inputs))
        for value in (*model.graph.input, *model.graph.output):
            self.assertEqual(value.type.tensor_type.shape.dim[0].dim_param, "batch")
        results = {"PyTorch": evaluate(model, inputs)}
        if onnxruntime:
            session = onnxruntime.InferenceSession(self.path, providers=["CPUExecutionProvider"])
            results["onnxruntime"] = session.run(None, inputs)
        for who, (result,) in results.items():
            self.assertEqual(result.shape, expected.shape, who)
            error = np.abs(result - expected).max() / max(1, np.abs(expected).max())
            self.assertTrue(error <= TOLERANCE, f"{who}: {error:.2e}")
        self.assertGreater(expected.std(), 1e-4)
        return model

    def check_network(self, name, specification, *shape, library=LIBRARIES[0]):
        """shape: of one sample, in PyTorch's order."""
        with gan.Context(threads=2, library=library) as context:
            network = gan_network(context, specification, random_state(specification, 1))
            network.train(False)
            rng = np.random.default_rng(2)
            for batch in (1, 3):  # what was recorded with any batch runs with any other
                with self.subTest(name, recorded=batch), context.scope():
                    x = gan_tensor(context, normal(rng, batch, *shape), track=True)
                    network.save_onnx(self.path, x, network(x), "-1..1")
                    inputs = normal(rng, 2, *shape)
                    self.check({"input": inputs},
                               gan_array(network(gan_tensor(context, inputs))))

    def test_layers(self):
        cases = {
            "dense": ([layer("dense", 6, 5), layer("softplus"), layer("dense", 5, 4, bias=False),
                       layer("sigmoid")], (6,)),
            "batch norm of features": ([layer("dense", 6, 5), layer("batch_norm_features", 5),
                                        layer("relu")], (6,)),
            "layer norm of features": ([layer("dense", 6, 5), layer("layer_norm", 5),
                                        layer("elu")], (6,)),
            "convolutions": ([layer("conv", 3, 4, 3, stride=2, padding=1), layer("leaky_relu", 0.2),
                              layer("conv", 4, 5, 2, bias=False), layer("elu"),
                              layer("flatten"), layer("dense", 5 * 9, 2)], (3, 8, 8)),
            "leftover pixels": ([layer("conv", 2, 3, 3, stride=2)], (2, 8, 6)),
            "dilation": ([layer("conv", 2, 3, 3, dilation=2, padding=1)], (2, 8, 6)),
            "transposed": ([layer("conv_transpose", 3, 4, 4, stride=2, padding=1),
                            layer("batch_norm", 4), layer("relu"),
                            layer("conv_transpose", 4, 2, 3, stride=3, bias=False),
                            layer("tanh")], (3, 5, 4)),
            "instance norm": ([layer("instance_norm", 3), layer("leaky_relu", 0.1)], (3, 5, 4)),
            "instance norm, plain": ([layer("instance_norm", 3, affine=False)], (3, 5, 4)),
            "group norm": ([layer("conv", 3, 6, 3), layer("group_norm", 2, 6),
                            layer("relu")], (3, 6, 5)),
            "layer norm": ([layer("layer_norm", 3, 4, 5)], (3, 4, 5)),
            "upsample": ([layer("unflatten", 3, 2, 2), layer("upsample", 2),
                          layer("conv", 3, 2, 3, padding=1)], (12,)),
            "spectral norm": ([layer("spectral_conv", 3, 4, 3), layer("flatten"),
                               layer("spectral_dense", 36, 2)], (3, 5, 5)),
            "dropout": ([layer("dense", 6, 5), layer("dropout", 0.5)], (6,)),
        }
        for name, (specification, shape) in cases.items():
            self.check_network(name, specification, *shape)

    def test_float64_library(self):
        self.check_network("float64", [layer("dense", 6, 5), layer("tanh")], 6,
                           library=LIBRARIES[1])

    def test_operators(self):
        cases = {
            "arithmetic": lambda x, c: gan.ops.minimum(gan.ops.maximum(x / (x * x + c), x - c), c * x - 2),
            "functions": lambda x, c: (((x.abs() + 1).log() + (x.abs() + 1).sqrt()).exp()) ** 0.5,
            "clamp": lambda x, c: gan.ops.clamp(x, -0.5, 0.7),
            "layout": lambda x, c: gan.ops.concat([gan.ops.slice(x, [0, 1, 0, 2], [x.shape[0], 3, 5, 1]),
                                               gan.ops.slice(x, [0, 0, 0, 0], [x.shape[0], 3, 5, 2])],
                                              3).transpose(0, 2, 1, 3).reshape(x.shape[0], -1),
            "pad": lambda x, c: gan.ops.pad(x, [0, 1, 0, 2], [0, 0, 3, 1]),
            "pool": lambda x, c: gan.ops.avg_pool2d(x, 3, 2, 1),
            "product": lambda x, c: x.reshape(x.shape[0], 60) @ gan.ops.broadcast(c, 60, 3),
        }
        with gan.Context(threads=1) as context:
            network = gan.Module(context)
            constant = network.add_parameter("constant", context.tensor(np.float32([1, 2, 3])))
            inputs = normal(np.random.default_rng(4), 2, 3, 4, 5)
            for name, function in cases.items():
                with self.subTest(name):
                    x = gan_tensor(context, inputs[:1], track=True)
                    network.save_onnx(self.path, x, function(x, constant))
                    expected = function(gan_tensor(context, inputs), constant)
                    self.check({"input": inputs}, gan_array(expected))

    def test_refused(self):
        cases = {
            "evaluation mode": lambda x: gan.ops.batch_normalize(x),
            "matmul": lambda x: gan.ops.matmul(x, x, False, True),
            "samples": lambda x: x.transpose(1, 0),
            "sum_to": lambda x: x.sum(),
        }
        with gan.Context(threads=1) as context:
            network = gan.Module(context)
            for word, function in cases.items():
                with self.subTest(word):
                    x = gan_tensor(context, np.ones((2, 3), np.float32), track=True)
                    with self.assertRaisesRegex(gan.Error, word):
                        network.save_onnx(self.path, x, function(x))
                    self.assertFalse(os.path.exists(self.path))
            x = context.randn(2, 3).track()
            with self.assertRaisesRegex(gan.Error, "neither the input nor"):
                network.save_onnx(self.path, x, x * context.randn(3).track())

    # What the trainer writes.

    SYSTEMS = (("gan", "default", 8), ("dcgan", "default", 28), ("dcgan", "paper", 16),
               ("cgan", "default", 16), ("cgan", "paper", 8), ("cgan", "code", 28),
               ("gan", "lucic", 28), ("began", "lucic", 16), ("pix2pix", "default", 16),
               ("wgan", "default", 16), ("wgan-gp", "default", 28), ("wgan-gp", "code", 16),
               ("dragan", "default", 16), ("dragan", "code", 8), ("began", "default", 16))

    def test_systems(self):
        self.assertEqual({system for system, _, _ in self.SYSTEMS}, set(gan.systems()))
        for system, variant, side in self.SYSTEMS:
            with self.subTest(system=system, variant=variant):
                self.check_system(system, variant, side)

    def check_system(self, system, variant, side):
        more = {"classes": 5} if system == "cgan" else {}
        if system == "pix2pix":
            more = {"input_channels": 2}
        with gan.Context(threads=2, seed=7) as context:
            trainer = gan.Trainer(context, system, variant=variant, side=side, channels=3, width=8,
                                  average=0.9 if system == "dcgan" else 0.0, **more)
            generator = trainer.averaged or trainer.generator
            draw_weights(generator)
            trainer.save_onnx(self.path)
            with context.scope():
                if system == "pix2pix":
                    x = context.rand(2, side, side, 2, lo=-1, hi=1)
                    self.check({"image": gan_array(x)}, gan_array(unet(generator, x)))
                    return
                z = trainer.latents(2)
                inputs = {"latent": z.numpy()}
                labels = [1, 3] if trainer.options["condition"] else None
                if labels:
                    inputs["labels"] = np.array(labels, np.int64)
                images = (joint(generator, z, labels) if (system, variant) == ("cgan", "paper")
                          else trainer.sample(z, labels))
                self.check(inputs, gan_array(images))


def draw_weights(module):
    """Values as if after training, so that every one of them matters."""
    rng = np.random.default_rng(6)
    for name, tensor in module.state().items():
        value = normal(rng, *tensor.shape)
        if name.endswith("running_var"):
            value = 0.5 + np.abs(value)
        elif tensor.ndim > 1:
            value *= 2 / np.sqrt(np.prod(tensor.shape[1:]))
        elif tensor.ndim == 1:
            value = 0.2 * value + name.endswith(".weight")
        else:
            continue
        tensor.write(value)


def unet(generator, x):
    """pix2pix's generator without its dropout."""
    generator.train(False)
    levels = sum(name.startswith("down") and name.endswith(".weight") and tensor.ndim == 4
                 for name, tensor in generator.state().items())
    mirror = []
    for level in range(levels):
        x = generator.child(f"down{level}")(x)
        mirror.append(x)
    for level in reversed(range(levels)):
        if level < levels - 1:
            x = gan.ops.concat([x, mirror[level]], 3)
        x = generator.child(f"up{level}")(x)
    generator.train(True)
    return x


def joint(generator, z, labels):
    """The published conditional GAN's generator without its dropout."""
    generator.train(False)
    label = z.context.one_hot(labels, 5)
    x = generator.child("joint")(gan.ops.concat([generator.child("latent")(z),
                                                 generator.child("label")(label)], 1))
    generator.train(True)
    return x


if __name__ == "__main__":
    unittest.main()

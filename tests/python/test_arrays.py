"""Views and DLPack: no copies, and nobody's memory goes before its users.

SPDX-License-Identifier: MIT
"""

import contextlib
import ctypes
import gc
import io
import subprocess
import sys
import threading
import unittest
import weakref

import numpy as np
import torch
from common import PACKAGE, ContextTest

import gan
from gan import _dlpack


class Views(ContextTest):

    def test_shares_memory(self):
        tensor = self.context.tensor(np.arange(6.0).reshape(2, 3))
        view = tensor.numpy(copy=False)
        self.assertEqual(view.ctypes.data, tensor.address)
        np.testing.assert_array_equal(view, [[0, 1, 2], [3, 4, 5]])
        tensor.write(np.ones((2, 3)))
        np.testing.assert_array_equal(view, np.ones((2, 3)))
        self.assertNotEqual(tensor.numpy().ctypes.data, tensor.address)

    def test_shows_updates(self):
        network = gan.Sequential(self.context)
        network.add_dense(2, 1)
        view, before = (network.find("0.weight").numpy(copy=copy) for copy in (False, True))
        gan.SGD(network, lr=1).minimize(network(np.ones((1, 2))).sum())
        np.testing.assert_allclose(view, before - 1, rtol=1e-6)

    def test_read_only(self):
        view = self.context.zeros(3).numpy(copy=False)
        with self.assertRaises(ValueError):
            view[0] = 1
        with self.assertRaises(ValueError):
            view.flags.writeable = True

    def test_shapes(self):
        for shape in ((), (0, 4), (2, 0, 3), (1, 2, 3, 4)):
            tensor = self.context.full(shape, 2)
            view = tensor.numpy(copy=False)
            self.assertEqual((view.shape, view.dtype), (shape, np.float32))
            np.testing.assert_array_equal(view, tensor.numpy())

    def test_keeps_the_tensor(self):
        before = self.live()
        part = self.context.full((4, 3), 7).numpy(copy=False)[1:, 2]
        self.assertEqual(self.live(), before + 1)
        np.testing.assert_array_equal(part, [7, 7, 7])
        del part
        self.assertEqual(self.live(), before)

    def test_keeps_the_context(self):
        context = gan.Context(seed=1)
        alive = weakref.ref(context)
        view = context.full((3,), 5).numpy(copy=False)
        del context
        gc.collect()
        self.assertIsNotNone(alive())
        np.testing.assert_array_equal(view, [5, 5, 5])
        del view
        gc.collect()
        self.assertIsNone(alive())

    def test_after_the_context_is_closed(self):
        tensor = self.context.full((1000,), 5)
        view, theirs = tensor.numpy(copy=False), torch.from_dlpack(tensor)
        self.context.close()
        for use in (lambda: tensor.numpy(copy=False), lambda: tensor.address, tensor.__dlpack__,
                    lambda: tensor.write(np.zeros(1000)), lambda: tensor + 1):
            with self.assertRaises(gan.StateError):
                use()
        np.testing.assert_array_equal(view, np.full(1000, 5))
        self.assertEqual(theirs.sum().item(), 5000)

    def test_other_elements(self):
        try:
            library = gan.load(gan.default_library().path.replace("libgan.", "libgan64."))
        except OSError:
            self.skipTest("no float64 library beside the other")
        with self.assertRaises(gan.NotSupported):
            gan.Context(library=library).zeros(2).numpy(copy=False)


class _VersionedCapsule:
    """A consumer of versioned capsules, as dlpack.h asks for: it renames what it takes."""

    NAME, USED = b"dltensor_versioned", b"used_dltensor_versioned"

    def __init__(self, capsule):
        api = ctypes.pythonapi
        pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
        address = pointer(("PyCapsule_GetPointer", api))(capsule, self.NAME)
        rename = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)
        rename(("PyCapsule_SetName", api))(capsule, self.USED)
        self.struct = _dlpack._ManagedVersioned.from_address(address)

    def array(self):
        """A copy, read by shape and strides."""
        t = self.struct.tensor
        shape, strides = t.shape[:t.ndim], [4 * step for step in t.strides[:t.ndim]]
        count = int(np.prod(shape))
        elements = np.ctypeslib.as_array((ctypes.c_float * count).from_address(t.data))
        return np.lib.stride_tricks.as_strided(elements, shape, strides).copy()

    def delete(self):
        self.struct.deleter(ctypes.addressof(self.struct))


class DLPack(ContextTest):

    def setUp(self):
        super().setUp()
        self.values = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)
        self.tensor = self.context.tensor(self.values)
        self.before = self.live()
        self.assertEqual(self.exports(), 0)

    @staticmethod
    def exports():
        """Managed tensors and capsules that are in use."""
        gc.collect()
        return len(_dlpack._exports) + len(_dlpack._capsules)

    def test_layout_of_the_structs(self):
        """dlpack.h's on 64 bits: the legacy struct has 64 bytes."""
        self.assertEqual(ctypes.sizeof(_dlpack._Tensor), 48)
        self.assertEqual(ctypes.sizeof(_dlpack._Managed), 64)
        self.assertEqual(ctypes.sizeof(_dlpack._ManagedVersioned), 80)
        self.assertEqual(_dlpack._ManagedVersioned.tensor.offset, 32)

    def test_consumers(self):
        for consume, address in ((np.from_dlpack, lambda a: a.ctypes.data),
                                 (torch.from_dlpack, torch.Tensor.data_ptr)):
            array = consume(self.tensor.reshape(6, 4))
            self.assertEqual(address(array), self.tensor.address)
            np.testing.assert_array_equal(array, self.values.reshape(6, 4))
            self.assertEqual((self.exports(), self.live()), (1, self.before + 1))
            del array
            self.assertEqual((self.exports(), self.live()), (0, self.before))

    def test_shapes(self):
        for shape in ((), (0, 4), (5,)):
            array = torch.from_dlpack(self.context.full(shape, 3))
            self.assertEqual(tuple(array.shape), shape)
            np.testing.assert_array_equal(array, np.full(shape, 3))
            del array
            self.assertEqual(self.exports(), 0)

    def test_capsules_nobody_consumes(self):
        for version in (None, (1, 0), (1, 1)):
            capsule = self.tensor.__dlpack__(max_version=version)
            self.assertEqual(self.exports(), 2)
            del capsule
            self.assertEqual(self.exports(), 0)

    def test_versioned(self):
        for copy, flags in ((None, 1), (False, 1), (True, 2)):  # read only; copied
            capsule = self.tensor.__dlpack__(max_version=(1, 0), copy=copy)
            consumer = _VersionedCapsule(capsule)
            struct = consumer.struct
            self.assertEqual((struct.major, struct.minor, struct.flags), (1, 0, flags))
            self.assertEqual((struct.tensor.device_type, struct.tensor.device_id), (1, 0))
            self.assertEqual((struct.tensor.code, struct.tensor.bits, struct.tensor.lanes),
                             (2, 32, 1))
            self.assertEqual(struct.tensor.data == self.tensor.address, not copy)
            np.testing.assert_array_equal(consumer.array(), self.values)
            del capsule  # consumed: its destructor leaves the tensor alone
            self.assertEqual(self.exports(), 1)
            thread = threading.Thread(target=consumer.delete)
            thread.start()
            thread.join()
            self.assertEqual(self.exports(), 0)

    def test_older_versions_get_the_older_capsule(self):
        self.assertIn('"dltensor"', repr(self.tensor.__dlpack__(max_version=(0, 8))))

    def test_a_capsule_is_consumed_once(self):
        capsule = self.tensor.__dlpack__()
        array = torch.utils.dlpack.from_dlpack(capsule)
        with self.assertRaises(RuntimeError):
            torch.utils.dlpack.from_dlpack(capsule)
        del capsule
        self.assertEqual(array.sum().item(), self.values.sum())
        del array
        self.assertEqual(self.exports(), 0)

    def test_keeps_the_tensor(self):
        array = np.from_dlpack(self.context.full((1000,), 5))
        gc.collect()
        self.assertEqual(self.live(), self.before + 1)
        self.assertEqual(array.sum(), 5000)

    def test_while_an_exception_is_on_its_way(self):
        """NumPy refuses the capsule, and drops it with its error set."""

        class Producer:

            def __dlpack__(_):
                return self.tensor.__dlpack__(max_version=(1, 0))

            def __dlpack_device__(_):
                return 1, 0

        with contextlib.redirect_stderr(io.StringIO()):
            with self.assertRaises((ValueError, SystemError)):
                np.from_dlpack(Producer())
        self.assertEqual(self.exports(), 0)

    def test_device(self):
        self.assertEqual(self.tensor.__dlpack_device__(), (1, 0))
        for wrong in ({"stream": 1}, {"dl_device": (2, 0)}):
            with self.assertRaises(BufferError):
                self.tensor.__dlpack__(**wrong)
        self.assertEqual(self.exports(), 0)

    def test_to_a_tensor(self):
        theirs = torch.arange(6.0).reshape(2, 3).T

        class OnlyDLPack:

            def __dlpack__(self, **options):
                return theirs.__dlpack__()

            def __dlpack_device__(self):
                return theirs.__dlpack_device__()

        for source in (theirs, OnlyDLPack()):
            np.testing.assert_array_equal(self.context.tensor(source).numpy(), theirs)

    def test_a_state_that_does_not_fit_changes_nothing(self):
        network = gan.Sequential(self.context)
        network.add_dense(3, 2)
        network.add_batch_norm(2)
        before = gan.torch_state(network)
        state = {name: value + 1 for name, value in before.items()}
        part = {name: value for name, value in state.items() if name != "1.bias"}
        for wrong, kind, text in ((part, KeyError, "the state has no 1.bias"),
                                  (state | {"2.bias": [0]}, KeyError, "the module has no 2.bias"),
                                  (state | {"1.bias": [0]}, ValueError, r"1.bias: \(1,\) into")):
            with self.assertRaisesRegex(kind, text):
                gan.load_torch_state(network, wrong)
        for name, value in gan.torch_state(network).items():
            np.testing.assert_array_equal(value, before[name])
        del state["1.num_batches_tracked"]
        gan.load_torch_state(network, state)
        np.testing.assert_array_equal(network.find("1.bias").numpy(), state["1.bias"])

    def test_at_the_end_of_python(self):
        """What is still in use then goes without a word."""
        program = ("import sys; sys.path.insert(0, sys.argv[1])\n"
                   "import gan, numpy, torch\n"
                   "tensor = gan.Context().full((1000,), 5)\n"
                   "view, array = tensor.numpy(copy=False), numpy.from_dlpack(tensor)\n"
                   "theirs, capsule = torch.from_dlpack(tensor), tensor.__dlpack__()\n"
                   "class Last:\n"
                   "    def __del__(self): print(view[-1], array[-1])\n"
                   "last = Last()\n")
        ended = subprocess.run([sys.executable, "-c", program, PACKAGE], text=True,
                               capture_output=True)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertEqual(ended.stdout.split(), ["5.0", "5.0"])


if __name__ == "__main__":
    unittest.main()

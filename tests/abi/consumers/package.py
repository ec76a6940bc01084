"""The package gan, as it is installed: three steps of training.

SPDX-License-Identifier: MIT
"""

import importlib.metadata

import gan

losses = []
with gan.Context(seed=1) as context:
    net = gan.Sequential(context)
    net.add_dense(2, 1)
    adam = gan.Adam(net, lr=0.01)
    for step in range(3):
        with context.scope():
            loss = (net(context.full((4, 2), 1)) - 1).square().mean()
            adam.minimize(loss)
            losses.append(loss.item())
assert losses[2] < losses[1] < losses[0], losses
library = gan.default_library()
assert library.path == "libgan.so.0", library.path
assert importlib.metadata.version("libgan") == library.version
print(f"{gan.__file__}: trained")

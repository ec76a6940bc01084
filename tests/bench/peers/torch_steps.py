#!/usr/bin/python3
"""Times one training step of each kind of GAN in PyTorch: the peer of tests/bench/steps.

usage: torch_steps.py [--threads N] [--reps R] [--only NAME,...] [--batch B] [--channels-last]
One line a workload: name, median and shortest seconds, peak memory of the process so far.
"""

import argparse
import resource
import statistics
import time

import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--reps", type=int, default=5)
parser.add_argument("--only", default="")
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--channels-last", action="store_true")
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(0)

B = args.batch
bce = nn.BCEWithLogitsLoss()


# ---- networks -----------------------------------------------------------------------------------


def init(m):
    if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(m.weight, 0, 0.02)


class G64(nn.Module):
    """DCGAN's generator for 64 x 64 images."""

    def __init__(self, z=100, c=3, d=64):
        super().__init__()

        def block(i, o, k, stride, pad):
            return nn.Sequential(nn.ConvTranspose2d(i, o, k, stride, pad, bias=False),
                                 nn.BatchNorm2d(o), nn.ReLU())

        self.net = nn.Sequential(
            block(z, d * 16, 4, 1, 0), block(d * 16, d * 8, 4, 2, 1), block(d * 8, d * 4, 4, 2, 1),
            block(d * 4, d * 2, 4, 2, 1), nn.ConvTranspose2d(d * 2, c, 4, 2, 1), nn.Tanh())

    def forward(self, x):
        return self.net(x)


class D64(nn.Module):
    """Its discriminator or critic; norm is 'in', 'bn' or None."""

    def __init__(self, c=3, d=64, norm="in"):
        super().__init__()

        def block(i, o):
            norms = {"in": [nn.InstanceNorm2d(o, affine=True)], "bn": [nn.BatchNorm2d(o)]}
            return nn.Sequential(nn.Conv2d(i, o, 4, 2, 1, bias=not norm), *norms.get(norm, []),
                                 nn.LeakyReLU(0.2))

        self.net = nn.Sequential(
            nn.Conv2d(c, d, 4, 2, 1), nn.LeakyReLU(0.2), block(d, d * 2), block(d * 2, d * 4),
            block(d * 4, d * 8), nn.Conv2d(d * 8, 1, 4, 2, 0))

    def forward(self, x):
        return self.net(x).reshape(-1)


def mlp(sizes, last=None):
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(nn.LeakyReLU(0.2))
    return nn.Sequential(*layers, *([last] if last else []))


class BeganDecoder(nn.Module):
    def __init__(self, n=64, h=64):
        super().__init__()
        self.n, self.fc = n, nn.Linear(h, 64 * n)
        layers = []
        for side in (8, 16, 32, 64):
            for _ in range(2):
                layers += [nn.Conv2d(n, n, 3, 1, 1), nn.ELU()]
            if side < 64:
                layers.append(nn.Upsample(scale_factor=2))
        self.net = nn.Sequential(*layers, nn.Conv2d(n, 3, 3, 1, 1))

    def forward(self, z):
        return self.net(self.fc(z).view(-1, self.n, 8, 8))


class Began(nn.Module):
    """BEGAN's autoencoder."""

    def __init__(self, n=64, h=64):
        super().__init__()
        layers = [nn.Conv2d(3, n, 3, 1, 1), nn.ELU()]
        for i in range(1, 5):
            o = min(i + 1, 4) * n
            layers += [nn.Conv2d(i * n, i * n, 3, 1, 1), nn.ELU(),
                       nn.Conv2d(i * n, o, 3, 1, 1), nn.ELU()]
            if i < 4:
                layers += [nn.Conv2d(o, o, 3, 2, 1), nn.ELU()]
        self.enc = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * n, h))
        self.dec = BeganDecoder(n, h)

    def forward(self, x):
        return self.dec(self.enc(x))


# ---- steps --------------------------------------------------------------------------------------


def penalty(critic, real, fake, weight=10.0):
    e = torch.rand(real.size(0), *([1] * (real.dim() - 1)))
    x = (real * e + fake * (1 - e)).detach().requires_grad_(True)
    g, = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return weight * ((g.flatten(1).norm(2, 1) - 1)**2).mean()


def freeze(m, on):
    for q in m.parameters():
        q.requires_grad_(not on)


def update(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def adam(m, lr, betas):
    return torch.optim.Adam(m.parameters(), lr, betas)


def bce_of(scores, target):
    return bce(scores, torch.full_like(scores, target))


def gan_steps(g, d, x, latents, extra=lambda fake: 0):
    """Discriminator, then generator on the same fakes."""
    og, od = adam(g, 2e-4, (0.5, 0.999)), adam(d, 2e-4, (0.5, 0.999))

    def step():
        f = g(latents())
        update(od, bce_of(d(x), 1.0) + bce_of(d(f.detach()), 0.0) + extra(f))
        freeze(d, True)
        update(og, bce_of(d(f), 1.0))
        freeze(d, False)

    return step


def flat_latents():
    return torch.randn(B, 100)


def image_latents():
    return torch.randn(B, 100, 1, 1)


def gan_mlp_28():
    g, d = mlp([100, 256, 512, 1024, 784], nn.Tanh()), mlp([784, 512, 256, 1])
    return gan_steps(g, d, torch.rand(B, 784) * 2 - 1, flat_latents)


def dragan_mlp_28():
    g, d = mlp([100, 512, 784], nn.Tanh()), mlp([784, 512, 1])
    x = torch.rand(B, 784) * 2 - 1

    def extra(_):
        return penalty(d, x, x + 0.5 * x.std() * torch.rand_like(x))

    return gan_steps(g, d, x, flat_latents, extra)


def image_pair(norm):
    g, d = G64(), D64(norm=norm)
    g.apply(init)
    d.apply(init)
    x = torch.rand(B, 3, 64, 64) * 2 - 1
    if args.channels_last:
        g, d, x = (v.to(memory_format=torch.channels_last) for v in (g, d, x))
    return g, d, x


def dcgan_64():
    g, d, x = image_pair("bn")
    return gan_steps(g, d, x, image_latents)


def distance(d, x, f):
    return d(f).mean() - d(x).mean()


def wgan_64_critic():
    g, d, x = image_pair("in")
    od = torch.optim.RMSprop(d.parameters(), 5e-5)

    def step():
        with torch.no_grad():
            f = g(image_latents())
        update(od, distance(d, x, f))
        with torch.no_grad():
            for q in d.parameters():
                q.clamp_(-0.01, 0.01)

    return step


def wgangp_64_critic():
    g, d, x = image_pair("in")
    od = adam(d, 1e-4, (0.0, 0.9))

    def step():
        with torch.no_grad():
            f = g(image_latents())
        update(od, distance(d, x, f) + penalty(d, x, f))

    return step


def wgangp_64_penalty():
    _, d, x = image_pair("in")
    f = torch.rand_like(x)

    def step():
        for q in d.parameters():
            q.grad = None
        penalty(d, x, f).backward()

    return step


def wgan_64_generator():
    g, d, _ = image_pair("in")
    og = torch.optim.RMSprop(g.parameters(), 5e-5)
    freeze(d, True)

    def step():
        update(og, -d(g(image_latents())).mean())

    return step


def began_64():
    b = 16
    d, g = Began(), BeganDecoder()
    og, od = adam(g, 1e-4, (0.5, 0.999)), adam(d, 1e-4, (0.5, 0.999))
    x = torch.rand(b, 3, 64, 64) * 2 - 1
    k = 0.0

    def step():
        nonlocal k
        f = g(torch.rand(b, 64) * 2 - 1)
        real_error = (d(x) - x).abs().mean()
        fake_error = (d(f.detach()) - f.detach()).abs().mean()
        update(od, real_error - k * fake_error)
        freeze(d, True)
        generator_error = (d(f) - f).abs().mean()
        update(og, generator_error)
        freeze(d, False)
        k = min(max(k + 0.001 * (0.5 * real_error.item() - generator_error.item()), 0), 1)

    return step


def sample_64(n):
    g = G64().eval()

    def step():
        with torch.inference_mode():
            g(torch.randn(n, 100, 1, 1))

    return step


WORKLOADS = {
    "gan-mlp-28": gan_mlp_28,
    "dcgan-64": dcgan_64,
    "wgan-64-critic": wgan_64_critic,
    "wgangp-64-critic": wgangp_64_critic,
    "wgangp-64-penalty": wgangp_64_penalty,
    "wgan-64-generator": wgan_64_generator,
    "dragan-mlp-28": dragan_mlp_28,
    "began-64": began_64,
    "sample-64-b1": lambda: sample_64(1),
    "sample-64-b64": lambda: sample_64(64),
}


# ---- timing -------------------------------------------------------------------------------------


def time_workload(name, make):
    step = make()
    step()
    step()
    reps = args.reps * 20 if name.endswith("b1") or "mlp" in name else args.reps
    seconds = []
    for _ in range(reps):
        started = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - started)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:20s} median {statistics.median(seconds):9.5f} s"
          f"  min {min(seconds):9.5f} s  rss {rss:7.0f} MiB", flush=True)


for workload, setup in WORKLOADS.items():
    if not args.only or workload in args.only.split(","):
        time_workload(workload, setup)

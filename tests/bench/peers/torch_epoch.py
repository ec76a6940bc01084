#!/usr/bin/python3
"""Times epochs of a small DCGAN in PyTorch: the peer of tests/bench/epoch.

usage: torch_epoch.py [--threads N] [--reps R] [--images N] [--batch B]
"""

import argparse
import resource
import statistics
import time

import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--reps", type=int, default=1)
parser.add_argument("--images", type=int, default=6400)
parser.add_argument("--batch", type=int, default=64)
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(0)

bce = nn.BCEWithLogitsLoss()
generator = nn.Sequential(
    nn.ConvTranspose2d(100, 128, 7, 1, 0, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
    nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
    nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh())
critic = nn.Sequential(
    nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 128, 4, 2, 1, bias=False),
    nn.BatchNorm2d(128), nn.LeakyReLU(0.2), nn.Conv2d(128, 1, 7, 1, 0))
of_generator = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
of_critic = torch.optim.Adam(critic.parameters(), 2e-4, (0.5, 0.999))
images = torch.rand(args.images, 1, 28, 28) * 2 - 1


def update(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def bce_of(scores, target):
    return bce(scores, torch.full_like(scores, target))


def step(real):
    fake = generator(torch.randn(args.batch, 100, 1, 1))
    update(of_critic, bce_of(critic(real), 1.0) + bce_of(critic(fake.detach()), 0.0))
    critic.requires_grad_(False)
    update(of_generator, bce_of(critic(fake), 1.0))
    critic.requires_grad_(True)


def epoch():
    order = torch.randperm(args.images)
    for i in range(0, args.images - args.batch + 1, args.batch):
        step(images[order[i:i + args.batch]])


seconds = []
for _ in range(args.reps):
    started = time.perf_counter()
    epoch()
    seconds.append(time.perf_counter() - started)
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{'epoch-dcgan-28':20s} median {statistics.median(seconds):9.5f} s"
      f"  min {min(seconds):9.5f} s  rss {rss:7.0f} MiB")

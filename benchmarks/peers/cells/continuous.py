"""Cells in continuous time."""

import torch
from torch.nn import functional as F

from .parts import zeros


def cfc(p, x):
    features = x.shape[-1]
    W, b = p["W"].flatten(1), p["b"].flatten()
    Wh = p["Wb"][features:]

    def step(h, drive):
        s = 1.7159 * torch.tanh(2 / 3 * torch.addmm(drive, h, Wh))
        g, k, a, t = torch.addmm(b, s, W).chunk(4, 1)
        h = torch.lerp(torch.tanh(g), torch.tanh(k), torch.sigmoid(a + t))
        return h, h

    return (x @ p["Wb"][:features] + p["bb"],), zeros(x, p["b"].shape[1]), step


def ltc(p, x, unfolds=6):
    leak = 1 / F.softplus(p["t"])

    def step(h, drive):
        for _ in range(unfolds):
            f = torch.sigmoid(torch.addmm(drive, h, p["R"]))
            h = (h + f * p["A"] / unfolds) / (1 + (leak + f) / unfolds)
        return h, h

    return (x @ p["W"] + p["b"],), zeros(x, len(p["b"])), step


def shPlrnn(p, x):
    def step(z, drive):
        open = torch.relu(torch.addmm(p["h2"], z, p["W2"]))
        z = torch.addmm(drive + p["a"] * z, open, p["W1"])
        return z, z

    return (x @ p["C"] + p["h1"],), zeros(x, len(p["a"])), step

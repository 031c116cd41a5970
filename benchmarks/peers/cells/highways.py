"""Cells that carry their state past a nonlinearity, or from several moments ago."""

import math

import torch

from .parts import zeros


def leaky(p, x, tau=10):
    moved = 1 - math.exp(-1 / tau)

    def step(h, drive):
        h = torch.lerp(h, torch.tanh(torch.addmm(drive, h, p["Wh"])), moved)
        return h, h

    return (x @ p["Wx"] + p["b"],), zeros(x, len(p["b"])), step


def residual(p, x):
    def step(h, drive):
        h = h + torch.tanh(torch.addmm(drive, h, p["Wh"]))
        return h, h

    return (x @ p["Wx"] + p["b"],), zeros(x, len(p["b"])), step


def dilated(p, x, steps=4):
    """Side by side: as many recurrences as steps are one with as many times more samples."""
    drive = (x @ p["Wx"] + p["b"]).unflatten(0, (-1, steps)).flatten(1, 2)

    def step(h, drive):
        h = torch.tanh(torch.addmm(drive, h, p["Wh"]))
        return h, h

    after = lambda h: h.unflatten(1, (steps, -1)).flatten(0, 1)
    return (drive,), zeros(drive, len(p["b"])), step, after


def dilatedLoop(p, x, steps=4):
    """The same moment by moment, with the last states in a list."""

    def step(past, drive):
        h = torch.tanh(torch.addmm(drive, past[0], p["Wh"]))
        return past[1:] + [h], h

    return (x @ p["Wx"] + p["b"],), [zeros(x, len(p["b"]))] * steps, step

"""The classic cells and their variants: squashed, gated, fed back in part."""

import torch
from torch.nn import functional as F

from .parts import gates, zeros


def rnn(p, x):
    def step(h, drive):
        h = torch.tanh(torch.addmm(drive, h, p["Wh"]))
        return h, h

    return (x @ p["Wx"] + p["b"],), zeros(x, len(p["b"])), step


def lstm(p, x):
    Wh = p["Wh"].flatten(1)

    def step(state, drive):
        h, c = state
        i, f, g, o = torch.addmm(drive, h, Wh).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return (h, c), h

    size = p["b"].shape[1]
    return (x @ p["Wx"].flatten(1) + p["b"].flatten(),), (zeros(x, size), zeros(x, size)), step


def gru(p, x):
    Wh, bh = p["Wh"].flatten(1), p["bh"]

    def step(h, drive):
        r, z, n = drive.chunk(3, 1)
        hr, hz, hn = (h @ Wh).chunk(3, 1)
        n = torch.tanh(n + torch.sigmoid(r + hr) * (hn + bh))
        h = torch.lerp(n, h, torch.sigmoid(z + hz))
        return h, h

    return (x @ p["Wx"].flatten(1) + p["b"].flatten(),), zeros(x, len(bh)), step


def coupledLstm(p, x):
    Wh = p["Wh"].flatten(1)

    def step(state, drive):
        h, c = state
        f, g, o = torch.addmm(drive, h, Wh).chunk(3, 1)
        c = torch.lerp(torch.tanh(g), c, torch.sigmoid(f))
        h = torch.sigmoid(o) * torch.tanh(c)
        return (h, c), h

    size = p["b"].shape[1]
    return (x @ p["Wx"].flatten(1) + p["b"].flatten(),), (zeros(x, size), zeros(x, size)), step


def normedLstm(p, x):
    Wh, size = p["Wh"].flatten(1), p["b"].shape[1]
    norm = lambda t, scale, *shift: F.layer_norm(t, t.shape[-1:], scale.flatten(), *shift)

    def step(state, drive):
        h, c = state
        i, f, g, o = (drive + norm(h @ Wh, p["scale.h"])).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(norm(c, p["scale.c"], p["shift"]))
        return (h, c), h

    drive = norm(x @ p["Wx"].flatten(1), p["scale.x"]) + p["b"].flatten()
    return (drive,), (zeros(x, size), zeros(x, size)), step


def fed(p, x, back):
    """tanh of the input and of what `back` makes of the state."""

    def step(h, drive):
        h = torch.tanh(back(drive, h))
        return h, h

    return (x @ p["Wx"] + p["b"],), zeros(x, len(p["b"])), step


def diagonalRnn(p, x):
    return fed(p, x, lambda drive, h: torch.addcmul(drive, h, p["Wh"]))


def lowRankRnn(p, x):
    return fed(p, x, lambda drive, h: torch.addmm(drive, h @ p["Wh"], p["Wr"]))


def blockRnn(p, x):
    W = p["Wh"].transpose(0, 1).contiguous()  # [blocks, width, width]
    blocks, width = W.shape[:2]

    def back(drive, h):
        parts = torch.bmm(h.unflatten(1, (blocks, width)).transpose(0, 1), W)
        return drive + parts.transpose(0, 1).flatten(1)

    return fed(p, x, back)

"""Cells that attend to their past."""

import torch
from torch.nn import functional as F

from .parts import zeros


def attending(p, x, context=32):
    """The memory and what the scores need of it are kept in lists: no moment is projected twice."""
    Wq, Wm, v = p["attention.Wq"], p["attention.Wm"], p["attention.v"]
    W = torch.cat((p["Wh"], Wq), 1)
    size = len(p["b"])

    def step(state, drive):
        s, memory, keys = state
        back, query = (s @ W).split((size, Wq.shape[1]), 1)
        h = torch.tanh(drive + back)
        if memory:
            met = torch.tanh(torch.stack(keys, 1) + (query + p["attention.b"])[:, None])
            weights = torch.softmax(met @ v, 1)
            read = torch.bmm(weights[:, None], torch.stack(memory, 1)).squeeze(1)
            s = torch.addmm(h, read, p["Wc"])
        else:
            s = h
        return (s, (memory + [h])[-context:], (keys + [h @ Wm])[-context:]), s

    return (x @ p["Wx"] + p["b"],), (zeros(x, size), [], []), step


def rotated(x):
    """Pairs of coordinates of x [time, batch, heads, d] turned with the time."""
    half = x.shape[-1] // 2
    rates = 10_000 ** -(torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(len(x), dtype=torch.float64)[:, None, None, None] * rates
    c, s = torch.cos(angle).float(), torch.sin(angle).float()
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * c - b * s, b * c + a * s), -1)


def around(p, x, heads):
    """What needs no past, for all moments: q, k, v [batch, heads, time, d], and all after reading."""
    norm = lambda t, of: F.layer_norm(t, t.shape[-1:], p[f"{of}.scale"], p[f"{of}.shift"])
    W = torch.cat((p["Wq"], p["Wk"], p["Wv"]), 1)
    q, k, v = (norm(x, "before") @ W).unflatten(-1, (3, heads, -1)).unbind(2)
    q, k, v = (t.permute(1, 2, 0, 3) for t in (rotated(q), rotated(k), v))

    def after(seen):
        m = x + seen @ p["Wo"]
        wide = F.gelu(norm(m, "between") @ p["W1"] + p["b1"])
        return m + wide @ p["W2"] + p["b2"]

    return q / q.shape[-1] ** 0.5, k, v, after


def transformer(p, x, heads=4):
    """All moments at once, which no state holds up: nothing is left for the loop."""
    q, k, v, after = around(p, x, heads)
    later = torch.ones(len(x), len(x), dtype=torch.bool).triu(1)
    scores = (q @ k.transpose(2, 3)).masked_fill(later, -torch.inf)
    seen = (torch.softmax(scores, -1) @ v).permute(2, 0, 1, 3).flatten(2)
    return (after(seen),), None, lambda state, y: (state, y)


def transformerLoop(p, x, heads=4):
    """The same block moment by moment: each reads the keys and values up to its own."""
    q, k, v, after = around(p, x, heads)

    def step(t, query):
        keys, values = k[:, :, : t + 1], v[:, :, : t + 1]
        scores = query[:, :, None] @ keys.transpose(2, 3)
        return t + 1, (torch.softmax(scores, -1) @ values).flatten(1)

    return (q.permute(2, 0, 1, 3),), 0, step, after

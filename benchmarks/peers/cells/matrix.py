"""Cells whose state is a matrix for each head, and the exponential gates of the xLSTM."""

import math

import torch
from torch.nn import functional as F

from .parts import gates, zeros


def sLstm(p, x):
    R = p["R"].flatten(2)
    heads, own = R.shape[:2]

    def step(state, drive):
        h, c, n, m = state
        back = torch.bmm(h.unflatten(1, (heads, own)).transpose(0, 1), R)
        back = back.transpose(0, 1).unflatten(2, (4, own)).transpose(1, 2).flatten(2)
        i, f, z, o = (drive + back).unbind(1)
        keep = m + F.logsigmoid(f)
        after = torch.where(n == 0, i, torch.maximum(keep, i))
        keep, enter = torch.exp(keep - after), torch.exp(i - after)
        c = keep * c + enter * torch.tanh(z)
        n = keep * n + enter
        h = torch.sigmoid(o) * c / n
        return (h, c, n, after), h

    return (gates(x, p["Wx"]) + p["b"],), tuple(zeros(x, heads * own) for _ in range(4)), step


def mLstm(p, x):
    heads = p["bg"].shape[1]
    q, k, v, o = (gates(x, p["W"]) + p["b"]).unbind(-2)
    q, k, v = (t.unflatten(-1, (heads, -1)) for t in (q, k, v))
    d = q.shape[-1]
    i, f = (gates(x, p["Wg"]) + p["bg"]).unbind(-2)

    def step(state, q, k, v, o, i, keep):
        C, n, m = state
        after = torch.maximum(keep + m, i)
        f, i = torch.exp(keep + m - after), torch.exp(i - after)
        k = k * i[..., None]
        C = f[..., None, None] * C + k[..., None] * v[..., None, :]
        n = f[..., None] * n + k
        weight = torch.maximum((n * q).sum(-1).abs(), torch.exp(-after))
        h = torch.einsum("bhkv,bhk->bhv", C, q) / weight[..., None]
        return (C, n, after), o * h.flatten(1)

    state = zeros(x, heads, d, d), zeros(x, heads, d), zeros(x, heads)
    return (q, k / math.sqrt(d), v, torch.sigmoid(o), i, F.logsigmoid(f)), state, step


def unit(x):
    return x / torch.sqrt(x.square().sum(-1, keepdim=True) + 1e-6)


def written(p, x):
    """Queries, keys, values and rates of the delta rule."""
    heads = p["b"].shape[0]
    q, k, v = (t.unflatten(-1, (heads, -1)) for t in F.silu(gates(x, p["W"])).unbind(-2))
    return unit(q), unit(k), v, torch.sigmoid(x @ p["Wb"] + p["b"])


def deltaNet(p, x):
    q, k, v, rate = written(p, x)

    def step(S, q, k, v, rate):
        u = rate[..., None] * (v - torch.einsum("bhkv,bhk->bhv", S, k))
        S = S + k[..., None] * u[..., None, :]
        return S, torch.einsum("bhkv,bhk->bhv", S, q).flatten(1)

    return (q, k, v, rate), zeros(x, q.shape[2], q.shape[3], q.shape[3]), step


def gatedDeltaNet(p, x):
    q, k, v, rate = written(p, x)
    keep = torch.exp(-torch.exp(p["logRate"]) * F.softplus(x @ p["Wa"] + p["a"]))

    def step(S, q, k, v, rate, keep):
        S = S * keep[..., None, None]
        u = rate[..., None] * (v - torch.einsum("bhkv,bhk->bhv", S, k))
        S = S + k[..., None] * u[..., None, :]
        return S, torch.einsum("bhkv,bhk->bhv", S, q).flatten(1)

    return (q, k, v, rate, keep), zeros(x, q.shape[2], q.shape[3], q.shape[3]), step


def rwkv7(p, x, heads=4):
    last = torch.cat([torch.zeros_like(x[:1]), x[:-1]])
    r, k, v, w, a, g = (x + (last - x) * mix for mix in p["mix"])
    r, k, v = (t @ p["W"][:, j] for j, t in enumerate((r, k, v)))
    w, a, g = (t @ p["A"][:, j] for j, t in enumerate((w, a, g)))
    w, a, g = (t @ p["B"][:, j] for j, t in enumerate((torch.tanh(w), a, torch.sigmoid(g))))
    w = torch.exp(-math.exp(-0.5) * torch.sigmoid(w + p["b"][0]))
    a = torch.sigmoid(a + p["b"][1])
    split = lambda t: t.unflatten(-1, (heads, -1))
    removed = unit(split(k * p["removal"]))
    k = k * (1 + (a - 1) * p["replacement"])
    bonus = (split(r * k * p["bonus"]).sum(-1, keepdim=True) * split(v)).flatten(-2)
    r, k, v, w, a = (split(t) for t in (r, k, v, w, a))

    def step(S, r, k, v, w, removed, added, bonus, g):
        taken = torch.einsum("bhkv,bhk->bhv", S, removed)
        S = w[..., None] * S - added[..., None] * taken[..., None, :] + k[..., None] * v[..., None, :]
        y = torch.einsum("bhkv,bhk->bhv", S, r)
        y = F.group_norm(y.flatten(1), heads, p["scale"], p["shift"], 64e-5)
        return S, ((y + bonus) * g) @ p["Wo"]

    d = v.shape[-1]
    return (r, k, v, w, removed, a * removed, bonus, g), zeros(x, heads, d, d), step

"""Linear recurrences h' = a h + b: what they keep, take in and say is done for all moments at once, and
one line is left for the loop."""

import torch
from torch.nn import functional as F

from .parts import gates, zeros


def follow(h, a, b):
    h = torch.addcmul(b, a, h)
    return h, h


def minGru(p, x):
    z, n = (gates(x, p["W"]) + p["b"]).unbind(-2)
    return (torch.sigmoid(-z), torch.sigmoid(z) * n), zeros(x, n.shape[-1]), follow


def minLstm(p, x):
    f, i, n = (gates(x, p["W"]) + p["b"]).unbind(-2)
    odds = F.softplus(-i) - F.softplus(-f)
    return (torch.sigmoid(odds), torch.sigmoid(-odds) * n), zeros(x, n.shape[-1]), follow


def rgLru(p, x):
    u = x @ p["W"]
    r, i = (gates(u, p["gates"]) + p["b"]).unbind(-2)
    rate = -8 * F.softplus(-p["rate"]) * torch.sigmoid(r)
    taken = torch.sqrt(torch.clamp(-torch.expm1(2 * rate), min=1e-30))
    return (torch.exp(rate), taken * torch.sigmoid(i) * u), zeros(x, u.shape[-1]), follow


def turning(x, keep, into, said):
    """A complex diagonal recurrence that keeps the same share at all moments."""
    re, im = (part.detach().new_zeros(x.shape[1], len(part)) for part in keep)

    def step(h, drive_re, drive_im):
        re, im = h
        now_re = torch.addcmul(torch.addcmul(drive_re, keep[0], re), keep[1], im, value=-1)
        now_im = torch.addcmul(torch.addcmul(drive_im, keep[0], im), keep[1], re)
        return (now_re, now_im), torch.cat((now_re, now_im), 1)

    return into, (re, im), step, said


def said(p, x, scale=1):
    """scale Re(h C) + x D, for h with its real parts first."""
    C = torch.cat((p["C"][0], -p["C"][1]))
    return lambda h: scale * (h @ C) + (x * p["D"] if p["D"].dim() == 1 else x @ p["D"])


def lru(p, x):
    length, angle = torch.exp(-torch.exp(p["ring"][0])), torch.exp(p["ring"][1])
    keep = length * torch.cos(angle), length * torch.sin(angle)
    into = (gates(x, p["B"]) * torch.exp(p["ring"][2])).unbind(-2)
    return turning(x, keep, into, said(p, x))


def s5(p, x):
    rate = torch.complex(-torch.exp(p["rates"][0]), p["rates"][1])
    keep = torch.exp(rate * torch.exp(p["step"]))
    take = (keep - 1) / rate
    re, im = gates(x, p["B"]).unbind(-2)
    into = re * take.real - im * take.imag, re * take.imag + im * take.real
    return turning(x, (keep.real, keep.imag), into, said(p, x, 2))


def mamba(p, x):
    u, z = gates(x, p["W"]).unbind(-2)
    W = p["convolution.W"]  # [width, inner]
    width, inner = W.shape
    past = F.pad(u.permute(1, 2, 0), (width - 1, 0))
    u = F.conv1d(past, W.t().unsqueeze(1), p["convolution.b"], groups=inner).permute(2, 0, 1)
    u = F.silu(u)
    own = {name[len("ssm.") :]: value for name, value in p.items() if name.startswith("ssm.")}
    step = F.softplus(u @ own["delta.down"] @ own["delta.up"] + own["delta.b"])
    keep = torch.exp(step[..., None] * -torch.exp(own["A"]))
    into = (step * u)[..., None] * (u @ own["B"])[..., None, :]

    def select(h, keep, into, C):
        h = torch.addcmul(into, keep, h)
        return h, torch.bmm(h, C[..., None]).squeeze(-1)

    after = lambda y: ((y + u * own["D"]) * F.silu(z)) @ p["Wo"]
    return (keep, into, u @ own["C"]), zeros(x, *own["A"].shape), select, after

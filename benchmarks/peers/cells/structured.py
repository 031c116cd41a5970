"""Cells whose matrix keeps lengths, or whose step is that of an oscillator. The matrix is made once."""

import torch

from .parts import gates, zeros


def turned(p, x, Q):
    """modReLU of x Wx + h Q."""

    def step(h, drive):
        z = torch.addmm(drive, h, Q)
        h = torch.sign(z) * torch.relu(torch.abs(z) + p["b"])
        return h, h

    return (x @ p["Wx"],), zeros(x, len(p["b"])), step


def orthogonal(p, x):
    return turned(p, x, torch.matrix_exp(p["A"] - p["A"].t()))


def cayley(p, x):
    n = len(p["b"])
    one, S = torch.eye(n), p["A"] - p["A"].t()
    signs = torch.ones(n)
    signs[: n // 2] = -1
    return turned(p, x, torch.linalg.solve(one + S, one - S) * signs)


def householder(p, x):
    V = p["A"]
    products = V @ V.t()
    T = torch.triu(products, 1) + torch.diag(products.diagonal() / 2)
    rest = torch.linalg.solve_triangular(T, V, upper=True)
    return turned(p, x, torch.eye(V.shape[1]) - V.t() @ rest)


def unitary(p, x):
    S, T = p["A"] - p["A"].t(), p["B"] + p["B"].t()
    U = torch.matrix_exp(torch.cat((torch.cat((S, T), 1), torch.cat((-T, S), 1))))
    n = len(p["b"])

    def step(h, drive):
        z = torch.addmm(drive, h, U).unflatten(1, (2, n))
        length = torch.sqrt(z.square().sum(1, keepdim=True) + 1e-5)
        h = (z * (torch.relu(length + p["b"]) / length)).flatten(1)
        return h, h

    return (gates(x, p["Wx"]).flatten(-2),), zeros(x, 2 * n), step


def antisymmetric(p, x, dt=0.01, diffusion=0.01):
    n = len(p["b"])
    M = p["W"] - p["W"].t() - diffusion * torch.eye(n)

    def step(h, drive):
        h = torch.add(h, torch.tanh(torch.addmm(drive, h, M)), alpha=dt)
        return h, h

    return (x @ p["Wx"] + p["b"],), zeros(x, n), step


def coRnn(p, x, dt=0.042, stiffness=2.7, damping=4.7):
    W = torch.cat((p["W"], p["Wv"]))

    def step(state, drive):
        y, v = state
        force = torch.tanh(torch.addmm(drive, torch.cat((y, v), 1), W))
        v = v + dt * (force - stiffness * y - damping * v)
        y = torch.add(y, v, alpha=dt)
        return (y, v), y

    size = len(p["b"])
    return (x @ p["Wx"] + p["b"],), (zeros(x, size), zeros(x, size)), step


def uniCornn(p, x, dt=0.19, stiffness=30.65):
    scale = dt * torch.sigmoid(p["c"])

    def step(state, drive):
        y, v = state
        force = torch.add(torch.tanh(torch.addcmul(drive, p["w"], y)), y, alpha=stiffness)
        v = torch.addcmul(v, scale, force, value=-1)
        y = torch.addcmul(y, scale, v)
        return (y, v), y

    size = len(p["b"])
    return (x @ p["Wx"] + p["b"],), (zeros(x, size), zeros(x, size)), step

"""PyTorch, as a contender: pytorch.py CASE VARIANT FILE. See contender.ts for what is said.

Each at its best: the fused cells where PyTorch has one; for a user's cell a loop with the input's
projection hoisted by hand, `unbind` instead of indexing, and fused element-wise calls; Adam for all
parameters in one call (`foreach`). The runner sets one thread and generous malloc thresholds.
"""

import json
import sys
import time

import cells
import numpy
import torch
from torch.nn import functional as F

MOVE = 0.3


def read(path):
    """Named tensors of a safetensors file."""
    kinds = {"F32": numpy.float32, "I32": numpy.int32}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    named = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        numbers = numpy.frombuffer(data[start:end], dtype=kinds[entry["dtype"]])
        named[name] = torch.from_numpy(numbers.copy()).reshape(entry["shape"])
    return named


def trained(*tensors):
    return [torch.nn.Parameter(tensor.clone()) for tensor in tensors]


def fused(kind, n):
    """nn.LSTM or nn.GRU with our weights, as a function of x [time, batch, input]."""
    size = n["Wh"].shape[0]
    layer = kind(n["Wx"].shape[0], size)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(n["Wx"].t())
        layer.weight_hh_l0.copy_(n["Wh"].t())
        layer.bias_ih_l0.copy_(n["b"])
        layer.bias_hh_l0.zero_()
    if "bh" in n:  # a GRU: only the part within the reset is a parameter of its own
        with torch.no_grad():
            layer.bias_hh_l0[2 * size :] = n["bh"]
        keep = torch.zeros(3 * size)
        keep[2 * size :] = 1
        layer.bias_hh_l0.register_hook(keep.mul)
    else:
        layer.bias_hh_l0.requires_grad_(False)
    return [p for p in layer.parameters() if p.requires_grad], lambda x: layer(x)[0]


def leaky(n, _):
    U, W, b = trained(n["Wx"], n["Wh"], n["b"])

    def loop(x):
        steps = torch.addmm(b, x.flatten(0, 1), U).view(*x.shape[:2], -1).unbind(0)
        h = torch.zeros_like(steps[0])
        outputs = []
        for step in steps:
            h = torch.lerp(h, torch.tanh(torch.addmm(step, h, W)), MOVE)
            outputs.append(h)
        return torch.stack(outputs)

    return [U, W, b], loop


def tiring_loop(x, U, W, b, p, fade: float = 0.1):
    steps = torch.addmm(b, x.flatten(0, 1), U).view(x.shape[0], x.shape[1], -1).unbind(0)
    h = torch.zeros_like(steps[0])
    e = torch.zeros_like(h)
    outputs = []
    for step in steps:
        drive = torch.addmm(step, h, W)
        h = torch.lerp(h, torch.tanh(drive), torch.sigmoid(drive * p - e))
        e = torch.lerp(e, h * h, fade)
        outputs.append(h)
    return torch.stack(outputs)


def tiring(n, variant):
    params = trained(n["Wx"], n["Wh"], n["b"], n["p"])
    loop = torch.jit.script(tiring_loop) if variant == "script" else tiring_loop
    return params, lambda x: loop(x, *params)


CELLS = {
    "lstm-a": lambda n, _: fused(torch.nn.LSTM, n),
    "lstm-a-forward": lambda n, _: fused(torch.nn.LSTM, n),
    "small": lambda n, _: fused(torch.nn.LSTM, n),
    "gru-a": lambda n, _: fused(torch.nn.GRU, n),
    "leaky-a": leaky,
    "leaky-small": leaky,
    "gated-custom": tiring,
}


def cell_of(case, variant, n):
    """Parameters, and the cell as a function of x [time, batch, input]."""
    if not case.startswith("cells/"):
        return CELLS[case](n, variant)
    names = [name for name in n if name.startswith("cell.")]
    params = trained(*(n[name] for name in names))
    named = {name[len("cell.") :]: param for name, param in zip(names, params)}
    return params, cells.loop(case.split("/")[1].removesuffix("-steps"), named)


def training(case, variant, n):
    """A training step, which returns its loss."""
    params, cell = cell_of(case, variant, n)
    Wo, bo = trained(n["Wo"], n["bo"])
    adam = torch.optim.Adam([*params, Wo, bo], lr=1e-3, foreach=True)
    x, y = n["x"], n["y"] if case == "small" else n["y"].long()

    def loss_of(h):
        if case == "small":
            return F.mse_loss(torch.addmm(bo, h[-1], Wo).squeeze(1), y)
        return F.cross_entropy(torch.addmm(bo, h.flatten(0, 1), Wo), y)

    def step():
        adam.zero_grad(set_to_none=True)
        loss = loss_of(cell(x))
        loss.backward()
        adam.step()
        return loss.item()

    return step


def forward(case, variant, n):
    """Logits of all moments, without a gradient."""
    _, cell = cell_of(case, variant, n)

    def step():
        with torch.inference_mode():
            return torch.addmm(n["bo"], cell(n["x"]).flatten(0, 1), n["Wo"])

    return step


def stream(n):
    """One moment after another through nn.LSTMCell."""
    cell = torch.nn.LSTMCell(n["Wx"].shape[0], n["Wh"].shape[0])
    with torch.no_grad():
        cell.weight_ih.copy_(n["Wx"].t())
        cell.weight_hh.copy_(n["Wh"].t())
        cell.bias_ih.copy_(n["b"])
        cell.bias_hh.zero_()
    moments = n["x"].flatten(0, 1)[:256].unsqueeze(1).unbind(0)
    size = n["Wh"].shape[0]
    state = torch.zeros(1, size), torch.zeros(1, size)
    at = 0

    def step():
        nonlocal state, at
        with torch.inference_mode():
            state = cell(moments[at % len(moments)], state)
        at += 1
        return state[0]

    return step


def output_fields(y):
    return {"mean": y.mean().item(), "rms": y.square().mean().sqrt().item()}


def clocked(step, count=1):
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) * 1e3 / count


def median(values):
    return sorted(values)[len(values) // 2]


def turn(step, seconds, expected):
    """As in contender.ts."""
    together = max(1, round(0.5 / expected))
    end = time.perf_counter() + seconds
    if expected < seconds * 500:
        while end - time.perf_counter() > seconds * 0.8:
            clocked(step, together)
    times = [clocked(step, together)]
    while time.perf_counter() < end:
        times.append(clocked(step, together))
    return {"ms": median(times), "runs": len(times) * together}


def prepare(case, variant, n):
    """The step, what is compared, and what its first call cost beyond a later one."""
    if case == "stream":
        step = stream(n)
        first = clocked(step)
        for _ in range(6):
            step()
        return step, output_fields(step()), first - clocked(step)
    if case == "lstm-a-forward":
        step = forward(case, variant, n)
        first = clocked(step)
        return step, output_fields(step()), first - clocked(step)
    step = training(case, variant, n)
    losses, times = [], []
    for _ in range(10):
        times.append(clocked(lambda: losses.append(step())))
    return step, {"loss0": losses[0], "loss9": losses[9]}, times[0] - median(times[1:])


def say(value):
    print(json.dumps(value), flush=True)


def main(case, variant, path):
    torch.set_num_threads(1)
    step, check, start_ms = prepare(case, variant, read(path))
    expected = clocked(step)
    say({"ready": True, "version": torch.__version__, "startMs": start_ms, "check": check})
    for line in sys.stdin:
        answer = turn(step, float(line), expected)
        expected = answer["ms"]
        say(answer)


main(*sys.argv[1:])

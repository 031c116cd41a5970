"""The cells of ../../cells.ts in PyTorch, as the best loop that a user writes: what needs no state is
done for all moments before the loop, and what no state needs after it (hoisted and sunk by hand).

Each function takes the parameters p by the names of ours and the inputs x [time, batch, input], and
gives what the loop reads at each moment ([time, batch, ...] each), the state before it, and the step:
(state, *moment) -> (state, output). Where something is left to do for all moments, a fourth function
makes the outputs of what the step says. A cell is added by one function of the name of its row.
"""

import torch

from . import attention, continuous, gated, highways, linear, matrix, structured

FILES = (gated, matrix, continuous, linear, highways, structured, attention)


def loop(name, p):
    """The cell of that name as a function of x [time, batch, input]."""
    cell = next(vars(file)[name] for file in FILES if name in vars(file))

    def run(x):
        moments, state, step, *after = cell(p, x)
        outputs = []
        for moment in zip(*(t.unbind(0) for t in moments)):
            state, output = step(state, *moment)
            outputs.append(output)
        return after[0](torch.stack(outputs)) if after else torch.stack(outputs)

    return run

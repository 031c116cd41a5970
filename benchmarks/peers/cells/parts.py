"""What several cells are made of."""


def gates(x, W):
    """x [..., in] times W [in, gates, size] -> [..., gates, size]."""
    return (x @ W.flatten(1)).unflatten(-1, W.shape[1:])


def zeros(x, *shape):
    """A first state for every sample of x [time, batch, input]."""
    return x.new_zeros(x.shape[1], *shape)

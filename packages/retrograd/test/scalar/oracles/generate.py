"""Writes the table that the expansions in double precision are held against: one JSON file per
function, rows [x, high, low] (pow: [x, p, high, low]) with high + low the value to 30 digits.

    python3 generate.py [points per function]

Everything is summed with the decimal module of Python, at 60 digits and more; nothing here shares
code or constants with the library.
"""
import json
import math
import random
import sys
from decimal import Decimal as D, getcontext
from pathlib import Path

getcontext().prec = 60
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 150
TINY, SUBNORMAL, LARGEST = 2.0**-1022, 5e-324, sys.float_info.max


def series(first, ratio):
    """first + first·ratio(1) + first·ratio(1)·ratio(2) + …"""
    total, term, k = first, first, 1
    while term and abs(term) > abs(total).scaleb(-getcontext().prec - 2):
        term *= ratio(k)
        total += term
        k += 1
    return total


def arctan_of_inverse(n):
    total, power, k = D(0), D(1) / n, 1
    while power > D(10) ** -160:
        total += power / k if k % 4 == 1 else -power / k
        power /= n * n
        k += 2
    return total


getcontext().prec = 160
PI = 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239))
getcontext().prec = 60


def expm1(x):
    return series(x, lambda k: x / (k + 1)) if abs(x) < 1 else x.exp() - 1


def log1p(x):
    if abs(x) > D("0.01"):
        return (1 + x).ln()
    return sum(((-1) ** (k + 1) * x**k / k for k in range(1, 40)), D(0))


def sin(x):
    getcontext().prec = 160
    turns = (x / PI).to_integral_value()
    r = x - turns * PI
    value = series(r, lambda k: -r * r / (2 * k * (2 * k + 1)))
    getcontext().prec = 60
    return +(-value if int(turns) % 2 else value)


def cos(x):
    getcontext().prec = 160
    shifted = x + PI / 2
    getcontext().prec = 160
    turns = (shifted / PI).to_integral_value()
    r = shifted - turns * PI
    value = series(r, lambda k: -r * r / (2 * k * (2 * k + 1)))
    getcontext().prec = 60
    return +(-value if int(turns) % 2 else value)


def tanh(x):
    t = expm1(2 * x) if abs(x) < 100 else None
    return t / (t + 2) if t is not None else D(1).copy_sign(x)


def erf(x):
    if abs(x) > 7:
        return D(1).copy_sign(x)
    getcontext().prec = 140
    terms, term, k = x, x, 0
    while abs(term) > abs(x).scaleb(-130):
        k += 1
        term *= -x * x / k
        terms += term / (2 * k + 1)
    value = 2 * terms / PI.sqrt()
    getcontext().prec = 60
    return +value


def logistic(x):
    return 1 / (1 + (-x).exp())


def softplus(x):
    return max(x, D(0)) + log1p((-abs(x)).exp())


def spread(low, high, signs=(1,)):
    """Numbers whose logarithms are even between those of low and high."""
    return lambda: random.choice(signs) * math.exp(random.uniform(math.log(low), math.log(high)))


def near(multiple):
    """The neighbours of random multiples of an irrational number: hard for argument reduction."""
    def draw():
        x = float(random.randint(1, 700) * multiple)
        return random.choice([x, math.nextafter(x, 0), math.nextafter(x, 1e9), -x])
    return draw


BOTH = (1, -1)
LN2, HALF_PI = D(2).ln(), PI / 2
FUNCTIONS = {
    "exp": (lambda x: x.exp(), [spread(1e-3, 708, BOTH), near(LN2 / 2), lambda: random.uniform(-745, -705)],
            [SUBNORMAL, -SUBNORMAL, 1e-20, 709.782712893384, -745.1332191019411, -745.1, -708.4]),
    "expm1": (expm1, [spread(1e-9, 40, BOTH), spread(1e-300, 709, BOTH), near(LN2 / 2)],
              [SUBNORMAL, -SUBNORMAL, 709.782712893384, -40.0, 0.3465735902799726]),
    "log": (lambda x: x.ln(), [spread(1e-300, 1e300), spread(0.5, 2), lambda: 1 + random.gauss(0, 1e-6)],
            [SUBNORMAL, TINY, TINY / 3, 1e-310, LARGEST, math.nextafter(1, 0), math.nextafter(1, 2), 2.0, 0.5,
             math.sqrt(2), math.sqrt(0.5)]),
    "log1p": (log1p, [spread(1e-18, 1e18), spread(1e-9, 0.999, (-1,)), lambda: math.expm1(random.gauss(0, 1))],
              [SUBNORMAL, -SUBNORMAL, math.nextafter(-1, 0), LARGEST, 2.0**-53, -(2.0**-53), 2.0**-52, 1e-16]),
    "sin": (sin, [spread(1e-9, 10, BOTH), spread(1, 1e5, BOTH), near(HALF_PI)], [SUBNORMAL, -SUBNORMAL, 1e5, 99999.5, 355.0]),
    "cos": (cos, [spread(1e-9, 10, BOTH), spread(1, 1e5, BOTH), near(HALF_PI)], [SUBNORMAL, 1e-9, 1e5, 99999.5, 355.0]),
    "tanh": (tanh, [spread(1e-9, 20, BOTH), spread(0.05, 2, BOTH), spread(1e-300, 1, BOTH)],
             [SUBNORMAL, -SUBNORMAL, 0.17328679513998632, 0.5493061443340549, 19.1, -19.1, 22.0]),
    "logistic": (logistic, [spread(1e-9, 40, BOTH), lambda: random.uniform(-745, -30), lambda: random.uniform(-10, 10)],
                 [-745.1, -744.0, -708.4, -710.0, 36.8, 1e-300, SUBNORMAL]),
    "softplus": (softplus, [spread(1e-9, 40, BOTH), lambda: random.uniform(-745, -30), lambda: random.uniform(-10, 10)],
                 [-745.1, -708.4, 1e10, 1e-300, LARGEST]),
    "erf": (erf, [spread(1e-9, 6, BOTH), lambda: random.uniform(-2, 2), spread(1e-300, 1, BOTH)],
            [SUBNORMAL, 1.0, math.nextafter(1, 0), 5.9, -6.1]),
}


def exact(value):
    """value as the sum of two doubles."""
    high = float(value)
    low = float(value - D(high)) if math.isfinite(high) else 0.0
    return [high, low]


def write(name, rows):
    lines = ",\n".join(json.dumps(row) for row in rows)
    Path(__file__).with_name(f"{name}.json").write_text(f"[\n{lines}\n]\n")


def powers():
    """Bases around 1 and far from it, exponents up to 32, results that neither vanish nor overflow."""
    while True:
        x = random.choice([spread(1e-30, 1e30), spread(0.5, 2), lambda: 1 + random.gauss(0, 1e-3)])()
        p = random.choice([spread(1e-3, 32, BOTH), lambda: float(random.randint(-20, 20))])()
        if abs(p * math.log(x)) < 700:
            yield x, p


for name, (function, sources, special) in FUNCTIONS.items():
    random.seed(name)
    points = special + [random.choice(sources)() for _ in range(COUNT - len(special))]
    write(name, [[x, *exact(function(D(x)))] for x in sorted(points)])
random.seed("pow")
draws = powers()
write("pow", [[x, p, *exact((D(p) * D(x).ln()).exp())] for x, p in (next(draws) for _ in range(COUNT))])

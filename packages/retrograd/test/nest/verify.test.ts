/** The verifier refuses what no compiler should emit, and says which kernel and which buffer. */
import { describe, expect, test } from "vitest";
import {
  at,
  type Buffer,
  type Item,
  type Kernel,
  type Schedule,
  type Stmt,
  type Value,
} from "../../src/nest/nest.ts";
import { verify } from "../../src/nest/verify.ts";

let ids = 0;
const buffer = (name: string, length: number, kind: Buffer["kind"] = "temporary"): Buffer => ({
  id: ids++,
  name,
  dtype: "float32",
  length,
  kind,
  depth: 0,
});
const load = (buffer: Buffer, where = at(0, ["i", 1]), lanes = 1, stride = 1): Value => ({
  kind: "load",
  buffer,
  at: where,
  stride,
  dtype: "float32",
  lanes,
});
const store = (buffer: Buffer, value: Value, where = at(0, ["i", 1])): Stmt => ({
  kind: "store",
  buffer,
  at: where,
  value,
});
const over = (count: number, body: readonly Stmt[], index = "i", step = 1): Stmt => ({
  kind: "for",
  index,
  count,
  step,
  body,
});
const kernel = (body: readonly Stmt[], reads: Buffer[], writes: Buffer[]): Item => ({
  kind: "kernel",
  kernel: {
    name: "k",
    body,
    reads: reads.map((buffer) => ({ buffer })),
    writes: writes.map((buffer) => ({ buffer })),
    flops: 0,
    note: "",
  } satisfies Kernel,
});
const timeLoop = (count: number, body: Item[]): Item => ({
  kind: "loop",
  index: "t",
  count,
  reverse: false,
  body,
  name: "scan",
});
const schedule = (main: Item[], buffers: Buffer[], setup: Item[] = []): Schedule => ({
  setup,
  main,
  buffers,
  notes: [],
});

const x = buffer("x", 8, "input");
const y = buffer("y", 8, "output");
const history = buffer("history", 12);
const number: Value = { kind: "number", value: 1, dtype: "float32", lanes: 1 };
const local = (name: string): Value => ({ kind: "local", name, dtype: "float32", lanes: 1 });
const copy = (body: readonly Stmt[], reads = [x], writes = [y]) =>
  schedule([kernel(body, reads, writes)], [x, y, history]);

describe("what is in bounds passes", () => {
  const good: Record<string, Schedule> = {
    "element by element": copy([over(8, [store(y, load(x))])]),
    "from the other end": copy([over(8, [store(y, load(x, at(7, ["i", -1])))])]),
    "in lanes": copy([over(8, [store(y, load(x, at(0, ["i", 1]), 4))], "i", 4)]),
    "a vector that reads past the end, into the slack of its place": copy([
      over(8, [store(y, load(x, at(0, ["i", 1]), 4), at(0))]),
    ]),
    "a triangle": copy([
      over(8, [{ ...over(8, [store(y, load(x))]), from: at(7, ["j", -1]) } as Stmt], "j"),
    ]),
    "rows of a history": schedule(
      [
        kernel([over(4, [store(history, number)])], [], [history]),
        timeLoop(2, [
          kernel(
            [
              over(4, [
                store(history, load(history, at(0, ["t", 4], ["i", 1])), at(4, ["t", 4], ["i", 1])),
              ]),
            ],
            [history],
            [history],
          ),
        ]),
      ],
      [history],
    ),
  };
  test.each(Object.entries(good))("%s", (_, s) => {
    expect(() => verify(s)).not.toThrow();
  });
});

describe("refused", () => {
  const dynamic = { index: load(x, at(0)), stride: 4, count: 3 };
  const bad: Record<string, [Schedule, string]> = {
    "a load past the end": [
      copy([over(8, [store(y, load(x, at(1, ["i", 1])))])]),
      "kernel k reaches [1, 8] of x, which has 8 elements",
    ],
    "a load before the beginning": [
      copy([over(8, [store(y, load(x, at(6, ["i", -1])))])]),
      "kernel k reaches [-1, 6] of x, which has 8 elements",
    ],
    "lanes far apart": [
      copy([store(y, load(x, at(0), 4, 3), at(0))]),
      "kernel k reaches [0, 9] of x, which has 8 elements",
    ],
    "a store past the end": [
      copy([over(9, [store(y, number)])], []),
      "kernel k reaches [0, 8] of y, which has 8 elements",
    ],
    "a vector store past the end": [
      copy([over(8, [store(y, { ...number, lanes: 4 }, at(2, ["i", 1]))], "i", 4)], []),
      "kernel k reaches [2, 9] of y, which has 8 elements",
    ],
    "a row past the last time step": [
      schedule(
        [timeLoop(3, [kernel([store(history, number, at(4, ["t", 4]))], [], [history])])],
        [history],
      ),
      "kernel k reaches [4, 12] of history, which has 12 elements",
    ],
    "a row that the data choose, past the last one": [
      copy([store(y, { ...load(x, at(0)), dynamic: { ...dynamic } } as Value, at(0))]),
      "kernel k reaches [0, 8] of x, which has 8 elements",
    ],
    "a loop that begins before its buffer": [
      copy(
        [over(8, [{ ...over(8, [store(y, number)]), from: at(2, ["j", -1]) } as Stmt], "j")],
        [],
      ),
      "kernel k: index i begins below 0",
    ],
    "an index without a loop": [
      copy([store(y, load(x, at(0, ["j", 1])), at(0))]),
      "kernel k: index j has no loop around it",
    ],
    "the value of an index without a loop": [
      copy([
        store(
          y,
          { kind: "index", at: at(0, ["j", 1]), stride: 0, dtype: "int32", lanes: 1 },
          at(0),
        ),
      ]),
      "kernel k: index j has no loop around it",
    ],
    "a local before it is made": [
      copy([store(y, local("a"), at(0)), { kind: "let", name: "a", value: number }], []),
      "kernel k: local a is used before it is made",
    ],
    "a local of another block": [
      copy([over(2, [{ kind: "let", name: "a", value: number }]), store(y, local("a"), at(0))], []),
      "kernel k: local a is used before it is made",
    ],
    "setting a local that is not there": [
      copy([{ kind: "set", name: "sum", value: number }], []),
      "kernel k: local sum is used before it is made",
    ],
    "a read that is not declared": [
      copy([store(y, load(x, at(0)), at(0))], []),
      "kernel k reads x and does not say so",
    ],
    "a write that is not declared": [
      copy([store(y, number, at(0))], [], []),
      "kernel k writes y and does not say so",
    ],
    "reading what nobody has written": [
      copy([store(y, load(history, at(0)), at(0))], [history]),
      "kernel k reads history before anything is written there",
    ],
    "reading what is written afterwards": [
      schedule(
        [
          timeLoop(3, [
            kernel([store(y, load(history, at(0)), at(0))], [history], [y]),
            kernel([store(history, number, at(0))], [], [history]),
          ]),
        ],
        [y, history],
      ),
      "kernel k reads history before anything is written there",
    ],
    "a condition that nobody computes": [
      schedule([{ kind: "while", condition: [], flag: buffer("flag", 1), body: [] }], []),
      "while reads flag before anything is written there",
    ],
  };
  test.each(Object.entries(bad))("%s", (_, [s, message]) => {
    expect(() => verify(s)).toThrow(message);
  });
});

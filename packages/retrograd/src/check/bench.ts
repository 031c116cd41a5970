/**
 * Where a model is tried out: run with these inputs or those, as a whole or in pieces, and compared
 * with itself. Equal means equal up to rounding; a mistake is many powers of ten larger.
 */
import { jit, type TargetName } from "../jit/jit.ts";
import { targetNamed } from "../jit/target.ts";
import { workOf } from "../jit/work.ts";
import { isFloat } from "../scalar/dtype.ts";
import { concrete, float64, type Tensor, tensor } from "../tensor/tensor.ts";
import { leavesOf, mapTree } from "../tensor/tree.ts";
import { traceTree } from "../transform/function.ts";
import type { Runs, Subject } from "./subject.ts";

/** Numbers of one leaf of what a model gave. */
export interface Leaf {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}
export interface Outcome {
  readonly output: readonly Leaf[];
  readonly state: readonly Leaf[];
  /** The state as the next run takes it. */
  readonly next: any;
}
export interface Trial extends Runs {
  readonly params?: any;
  readonly inputs?: any;
}
/** Where two leaves are furthest apart, relative to the largest number in them. */
export interface Apart {
  readonly relative: number;
  readonly leaf: string;
  /** Row-major place. */
  readonly at: number;
}

/** Scalar operations of a run above which it is compiled. */
const HEAVY = 1.5e5;

export class Bench {
  readonly subject: Subject;
  /** Relative difference that is rounding. */
  readonly tolerance: number;
  /** What it runs on: a large model is worth compiling, a small one is not. */
  readonly target: TargetName;
  readonly #compiled: (train: boolean) => (...args: any[]) => any;
  readonly #known = new Map<string, unknown>();

  constructor(subject: Subject) {
    this.subject = subject;
    this.tolerance = subject.exact ? 1e-8 : 1e-4;
    const { graph } = traceTree((p, x) => subject.run(p, x), [subject.params, subject.inputs]);
    this.target = workOf(graph) > HEAVY ? (targetNamed("auto").name as TargetName) : "reference";
    const kept = new Map<boolean, (...args: any[]) => any>();
    this.#compiled = (train) => {
      if (!kept.has(train)) kept.set(train, this.#program(train));
      return kept.get(train)!;
    };
  }

  #program(train: boolean): (...args: any[]) => any {
    const { run } = this.subject;
    return jit(
      (params: any, inputs: any, { state, lengths, key }: Runs) =>
        run(params, inputs, {
          train,
          ...(state !== undefined && { state }),
          ...(lengths && { lengths }),
          ...(key && { key }),
        }),
      { target: this.target },
    );
  }

  run(trial: Trial): Outcome {
    return outcome(this.#call(this.#compiled(trial.train ?? false), trial));
  }
  /** The model on its inputs as they are, which most rules compare with. */
  get plain(): Outcome {
    return this.once("plain", () => this.run({}));
  }
  /** What was found out before under this name. */
  once<T>(name: string, find: () => T): T {
    if (!this.#known.has(name)) this.#known.set(name, find());
    return this.#known.get(name) as T;
  }
  /** The same, traced anew: what JavaScript remembers from the last trace shows. */
  again(trial: Trial = {}): Outcome {
    return outcome(this.#call(this.#program(trial.train ?? false), trial));
  }

  #call(program: (...args: any[]) => any, { params, inputs, train: _, ...rest }: Trial): any {
    const { subject } = this;
    return program(params ?? subject.params, inputs ?? subject.inputs, rest);
  }

  /** Which leaves of the output are over time: their axis grows with the inputs. */
  get overTime(): readonly boolean[] {
    return this.once("over time", () => {
      const { subject, timeAxis } = this;
      const shapes = (inputs: any) => {
        const show = (p: any, x: any) => ({ output: subject.run(p, x).output });
        return traceTree(show, [subject.params, inputs]).graph.outputs.map((t) => t.shape);
      };
      const [long, short] = [shapes(subject.inputs), shapes(this.part(0, subject.time - 1))];
      return long.map((shape, k) => shape[timeAxis] === short[k][timeAxis] + 1);
    });
  }
  get timeAxis(): number {
    return this.subject.kind === "model" ? 1 : 0;
  }

  /** Some steps of the inputs, of some rows. */
  part(from: number, to: number, rows?: readonly [number, number]): any {
    const { kind, inputs } = this.subject;
    return mapTree(inputs, (t: Tensor) =>
      kind === "model" ? t.slice(rows ?? null, [from, to]) : t.slice([from, to]),
    );
  }

  /** The inputs with other numbers where `f` says so. */
  altered(f: (row: number, step: number) => boolean, inputs = this.subject.inputs): any {
    const isModel = this.subject.kind === "model";
    return mapTree(inputs, (t: Tensor) => {
      const [rows, time] = isModel ? t.shape : [1, t.shape[0]];
      const inner = t.size / (rows * time);
      const other = otherThan(t);
      const data = t.data.map((x: number, i: number) => {
        const step = Math.floor(i / inner);
        return f(Math.floor(step / time), step % time) ? other(x, i) : x;
      });
      return concrete(data as never, { shape: t.shape, dtype: t.dtype });
    });
  }

  /** Where two outcomes differ by more than rounding, in the places that count. */
  apart(
    a: readonly Leaf[],
    b: readonly Leaf[],
    counts: (leaf: Leaf, at: number) => boolean = () => true,
  ): Apart | undefined {
    let worst: Apart | undefined;
    a.forEach((leaf, k) => {
      const size = Math.max(1e-3, largest(leaf.data), largest(b[k].data));
      leaf.data.forEach((x, at) => {
        if (!counts(leaf, at)) return;
        const y = b[k].data[at];
        const relative = Object.is(x, y) ? 0 : Math.abs(x - y) / size;
        const off = Number.isNaN(relative) ? Infinity : relative;
        if (off > this.tolerance && off > (worst?.relative ?? 0))
          worst = { relative: off, leaf: leaf.name, at };
      });
    });
    return worst;
  }
}

const largest = (x: Float64Array): number =>
  x.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 0);

/** Another number than the one that is there: of whole numbers one that occurs. */
function otherThan(t: Tensor): (x: number, at: number) => number {
  if (isFloat(t.dtype)) return (x, at) => 1.5 - x + 0.3 * Math.sin(at);
  if (t.dtype === "bool") return (x) => 1 - x;
  const known = [...new Set(t.data as Int32Array)].sort((a, b) => a - b);
  if (known.length === 1) return (x) => (x === 0 ? 1 : 0);
  return (x) => known[(known.indexOf(x) + 1) % known.length];
}

const leavesFrom = (tree: any, group: string): Leaf[] =>
  leavesOf<Tensor>(tree).map(([path, t]) => ({
    name: path ? `${group} "${path}"` : group,
    shape: t.shape,
    data: float64(t),
  }));

const outcome = ({ output, state }: { output: any; state: any }): Outcome => ({
  output: leavesFrom(output, "output"),
  state: leavesFrom(state, "state"),
  next: state,
});

/** Lengths for each row: every second one shorter. */
export function shorter(rows: number, time: number): { lengths: number[]; tensor: Tensor } {
  const lengths = Array.from({ length: rows }, (_, b) => (b % 2 ? Math.ceil(time / 2) : time));
  return { lengths, tensor: tensor(Int32Array.from(lengths), { shape: [rows] }) };
}

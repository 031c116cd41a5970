/**
 * What this machine and engine can do at best, measured by loops written by hand: multiply-adds on
 * vectors that never leave the registers, and reading memory of a given size. A case is held against
 * these, so that its figure means the same on every machine.
 */
import {
  ADD_I32,
  type Bytes,
  float32,
  I32,
  int,
  localGet,
  localSet,
  localTee,
  module,
  simd,
  V128,
  VOID,
} from "../packages/retrograd/src/targets/wasm/encode.ts";
import { hasRelaxed } from "../packages/retrograd/src/targets/wasm/index.ts";
import { nativeLoops } from "./native.ts";

const SPLAT = simd(0x13);
const MUL = simd(0xe6);
const ADD = simd(0xe4);
const RELAXED_MADD = simd(0x105);
const LOAD = [...simd(0x00), 2, 0];
const STORE = [...simd(0x0b), 2, 0];
const LESS_UNSIGNED = 0x49;
const BRANCH_IF = [0x0d, 0];
const END = 0x0b;

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1];

/** An instance of one function of one number, over a memory of so many bytes. */
function instantiate(locals: readonly number[], code: Bytes, bytes: number): (n: number) => void {
  const source = { parameters: 1, locals, code, name: "f" };
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) + 1 });
  const bytecode = new WebAssembly.Module(module([source], new Map([["f", 0]])));
  const { exports } = new WebAssembly.Instance(bytecode, { m: { m: memory } });
  return (exports as { f(n: number): void }).f;
}

const INDEX = 1;
/** for (INDEX = 0; INDEX < parameter; INDEX += step) body */
const loop = (body: Bytes, step: number): Bytes => [
  ...[0x03, VOID, ...body],
  ...[...localGet(INDEX), ...int(step), ADD_I32, ...localTee(INDEX)],
  ...[...localGet(0), LESS_UNSIGNED, ...BRANCH_IF, END],
];
/** The accumulators, which are locals from `first`, added and stored, so that none is idle. */
const storeSum = (first: number, count: number): Bytes => {
  const sum: Bytes = [];
  for (let i = 0; i < count; i++) sum.push(...localGet(first + i), ...(i ? ADD : []));
  return [...int(0), ...sum, ...STORE];
};

/** n ↦ n rounds of multiply-adds into `accumulators` vectors that do not wait for each other. */
function multiplyAdds(accumulators: number): (n: number) => void {
  const first = INDEX + 1;
  const factor = localGet(first + accumulators);
  const other = localGet(first + accumulators + 1);
  const code: Bytes = [];
  for (let i = 0; i < accumulators + 2; i++)
    code.push(...float32(0.5 + i / 100), ...SPLAT, ...localSet(first + i));
  const body: Bytes = [];
  for (let i = 0; i < accumulators; i++) {
    const own = localGet(first + i);
    // The accumulator is the factor: x ← x·a + b stays finite however often it is done.
    const one = hasRelaxed()
      ? [...own, ...factor, ...other, ...RELAXED_MADD]
      : [...own, ...factor, ...MUL, ...other, ...ADD];
    body.push(...one, ...localSet(first + i));
  }
  code.push(...loop(body, 1), ...storeSum(first, accumulators));
  return instantiate([I32, ...Array<number>(accumulators + 2).fill(V128)], code, 0);
}

const FLOPS_OF_VECTOR = 8;
const SLICE_MS = 20;

/** Milliseconds of n rounds. */
function time(f: (n: number) => void, n: number): number {
  const start = performance.now();
  f(n);
  return performance.now() - start;
}

/** A slice of at least 20 ms: GFLOP/s of independent multiply-adds. */
export type Slice = () => number;

function slicer(f: (rounds: number) => void, flops: number): Slice {
  for (let i = 0; i < 20; i++) f(100_000); // the engine replaces its first code meanwhile
  let rounds = 1e6;
  return () => {
    for (;;) {
      const ms = time(f, rounds);
      if (ms >= SLICE_MS) return (rounds * flops) / ms / 1e6;
      rounds = Math.ceil((rounds * 1.3 * SLICE_MS) / Math.max(ms, 1));
    }
  };
}

const slicers = (target: string): Slice[] =>
  target === "native"
    ? nativeLoops().multiplyAdds.map(({ run, flops }) => slicer(run, flops))
    : [8, 10, 12].map((n) => slicer(multiplyAdds(n), n * FLOPS_OF_VECTOR));

const best = new Map<string, Slice>();
/** The ceiling: with as many accumulators as this engine is fastest with. */
export function ceilingSlice(target: string): number {
  const known = best.get(target);
  if (known) return known();
  const [first] = slicers(target)
    .map((slice) => ({ slice, rate: median([slice(), slice(), slice()]) }))
    .sort((a, b) => b.rate - a.rate);
  best.set(target, first.slice);
  return first.slice();
}

/** GB/s of reading `bytes` again and again, with eight accumulators. */
export function bandwidth(bytes: number, target: string): number {
  const { read, size } = target === "native" ? nativeReader(bytes) : wasmReader(bytes);
  const repeats = Math.max(3, Math.ceil(5e8 / size));
  const pass = () => {
    for (let i = 0; i < repeats; i++) read();
  };
  pass();
  const seconds = () => time(pass, 0) / 1e3;
  return (repeats * size) / median([seconds(), seconds(), seconds()]) / 1e9;
}

interface Reader {
  readonly size: number;
  read(): void;
}
function nativeReader(bytes: number): Reader {
  const numbers = new Float32Array(Math.ceil(bytes / 1024) * 256).fill(1);
  return { size: numbers.byteLength, read: () => nativeLoops().read(numbers) };
}
function wasmReader(bytes: number): Reader {
  const accumulators = 8;
  const step = accumulators * 16;
  const size = Math.ceil(bytes / step) * step;
  const first = INDEX + 1;
  const body: Bytes = [];
  for (let i = 0; i < accumulators; i++) {
    const address = [...localGet(INDEX), ...int(16 * i), ADD_I32];
    body.push(...address, ...LOAD, ...localGet(first + i), ...ADD, ...localSet(first + i));
  }
  const code = [
    ...int(0),
    ...localSet(INDEX),
    ...loop(body, step),
    ...storeSum(first, accumulators),
  ];
  const f = instantiate([I32, ...Array<number>(accumulators).fill(V128)], code, size + step);
  return { size, read: () => f(size) };
}

/**
 * The bytes of a Wasm module: numbers, sections, and the few instructions that are not
 * arithmetic.
 */
export type Bytes = number[];

export const unsigned = (n: number): Bytes => {
  const out: Bytes = [];
  for (let x = n >>> 0; ; x >>>= 7) {
    if (x < 128) {
      out.push(x);
      return out;
    }
    out.push((x & 127) | 128);
  }
};
export const signed = (n: number): Bytes => {
  const out: Bytes = [];
  for (let x = n | 0; ; x >>= 7) {
    if (x >= -64 && x < 64) {
      out.push(x & 127);
      return out;
    }
    out.push((x & 127) | 128);
  }
};
export const vector = (items: readonly Bytes[]): Bytes => [
  ...unsigned(items.length),
  ...items.flat(),
];
export const section = (id: number, bytes: Bytes): Bytes => [
  id,
  ...unsigned(bytes.length),
  ...bytes,
];
export const text = (s: string): Bytes => vector([...new TextEncoder().encode(s)].map((b) => [b]));

export const I32 = 0x7f,
  F32 = 0x7d,
  F64 = 0x7c,
  V128 = 0x7b,
  VOID = 0x40;
export const localGet = (i: number): Bytes => [0x20, ...unsigned(i)];
export const localSet = (i: number): Bytes => [0x21, ...unsigned(i)];
export const localTee = (i: number): Bytes => [0x22, ...unsigned(i)];
export const int = (n: number): Bytes => [0x41, ...signed(n)];
export const ADD_I32 = 0x6a,
  MUL_I32 = 0x6c;
export const simd = (op: number): Bytes => [0xfd, ...unsigned(op)];
export const float32 = (x: number): Bytes => [0x43, ...new Uint8Array(Float32Array.of(x).buffer)];
export const float64 = (x: number): Bytes => [0x44, ...new Uint8Array(Float64Array.of(x).buffer)];

export const globalGet = (i: number): Bytes => [0x23, ...unsigned(i)];
/** A 64-bit integer. */
export const long = (n: number | bigint): Bytes => {
  const out: Bytes = [0x42];
  for (let x = BigInt(n); ; x >>= 7n) {
    const low = Number(x & 127n);
    if (x >= -64n && x < 64n) return [...out, low];
    out.push(low | 128);
  }
};

/** Bytes of a page of memory. */
export const PAGE = 65536;

const sharedImports = (pages: number): Bytes[] => [
  [...text("m"), ...text("m"), 2, 3, ...unsigned(pages), ...unsigned(pages)],
  ...["origin", "shard"].map((name) => [...text("m"), ...text(name), 3, I32, 0]),
];

export interface Function {
  readonly parameters: number;
  readonly locals: readonly number[];
  readonly code: Bytes;
  readonly name: string;
}

/**
 * A module of functions without results, over one imported memory.
 * @param shared  pages of a memory that threads share; with it the module imports two globals, the
 *                byte at which its arena begins and the number of its shard
 */
export function module(
  functions: readonly Function[],
  exported: ReadonlyMap<string, number>,
  shared?: number,
): Uint8Array<ArrayBuffer> {
  const arities = [...new Set(functions.map((f) => f.parameters))];
  const types = arities.map((n) => [0x60, ...vector(Array.from({ length: n }, () => [I32])), 0]);
  const bodies = functions.map(({ locals, code }) => {
    const runs: [number, number][] = [];
    for (const type of locals) {
      const last = runs[runs.length - 1];
      if (last && last[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    const body = [...vector(runs.map(([n, type]) => [...unsigned(n), type])), ...code, 0x0b];
    return [...unsigned(body.length), ...body];
  });
  const names = vector(functions.map((f, i) => [...unsigned(i), ...text(f.name)]));
  const nameSection = [...text("name"), 1, ...unsigned(names.length), ...names];
  const parts = [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, vector(types)),
    section(2, vector(shared ? sharedImports(shared) : [[...text("m"), ...text("m"), 2, 0, 0]])),
    section(3, vector(functions.map((f) => unsigned(arities.indexOf(f.parameters))))),
    section(7, vector([...exported].map(([name, i]) => [...text(name), 0, ...unsigned(i)]))),
    section(10, vector(bodies)),
    section(0, nameSection),
  ];
  return new Uint8Array(parts.flat());
}

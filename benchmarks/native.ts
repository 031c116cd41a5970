/**
 * What the machine can do at best outside WebAssembly: the two loops of ceiling.ts as C, compiled the
 * way the native target compiles its programs.
 */
import { compiler, libraryOf } from "../packages/retrograd/src/node/native/compiler.ts";

const ACCUMULATORS = [8, 12, 16, 24];
const STREAMS = 8;

const each = (count: number, f: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => f(i)).join(" ");

/** n rounds of multiply-adds into vectors that do not wait for each other. */
const multiplyAdds = (n: number): string => `
void multiply_adds_${n}(float *at, int rounds) {
  const V a = *(V *)at, b = *(V *)(at + LANES);
  V ${Array.from({ length: n }, (_, i) => `x${i} = a + ${i}.0f`).join(", ")};
  for (int r = 0; r < rounds; r++) {
    ${each(n, (i) => `x${i} = x${i} * a + b;`)}
    /* Otherwise the compiler may see through the loop. */
    __asm__ volatile("");
  }
  *(V *)at = ${Array.from({ length: n }, (_, i) => `x${i}`).join(" + ")};
}`;

const source = (vectorBytes: number): string => `
#define LANES ${vectorBytes / 4}
typedef float V __attribute__((vector_size(${vectorBytes}), aligned(4)));
${ACCUMULATORS.map(multiplyAdds).join("\n")}

float read_all(const float *at, int count) {
  V ${Array.from({ length: STREAMS }, (_, i) => `x${i} = {0}`).join(", ")};
  for (int i = 0; i + ${STREAMS} * LANES <= count; i += ${STREAMS} * LANES) {
    ${each(STREAMS, (i) => `x${i} += *(const V *)(at + i + ${i} * LANES);`)}
  }
  const V sum = ${Array.from({ length: STREAMS }, (_, i) => `x${i}`).join(" + ")};
  return sum[0];
}
`;

export interface NativeLoops {
  /** Ways to do multiply-adds, each with the operations of a round. */
  readonly multiplyAdds: readonly { readonly flops: number; run(rounds: number): void }[];
  read(numbers: Float32Array): void;
}

let known: NativeLoops | undefined;
export function nativeLoops(): NativeLoops {
  if (known) return known;
  const cc = compiler()!;
  const library = libraryOf(cc, source(cc.can.vectorBytes));
  const lanes = cc.can.vectorBytes / 4;
  const numbers = new Float32Array(2 * lanes).fill(0.5);
  const read = library.func("float read_all(const float *at, int count)");
  known = {
    multiplyAdds: ACCUMULATORS.map((n) => {
      const f = library.func(`void multiply_adds_${n}(float *at, int rounds)`);
      return { flops: 2 * n * lanes, run: (rounds: number) => f(numbers, rounds) };
    }),
    read: (data) => void read(data, data.length),
  };
  return known;
}

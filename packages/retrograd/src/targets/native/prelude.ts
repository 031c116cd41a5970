/**
 * What every printed program begins with: vector types as wide as the machine's registers, and the
 * few functions that take more than an operator. They are written with the vector types of GCC
 * and Clang alone, lane by lane where C has no operator; the compiler joins the lanes again.
 */

/** The head of a program whose vectors have so many bytes. */
export function prelude(vectorBytes: number): string {
  const four = vectorBytes / 4,
    eight = vectorBytes / 8;
  return [
    `/* Vectors of ${four} floats. Types that end in _at are vectors anywhere in memory. */`,
    ...["float", "int", "double", "long"].flatMap((name) => vector(name, vectorBytes)),
    `typedef unsigned uint_v ${attributes(vectorBytes)};`,
    `typedef unsigned long long ulong_v ${attributes(vectorBytes)};`,
    ...["float", "int", "double"].map(
      (name) => `typedef ${name} ${name}_at __attribute__((may_alias));`,
    ),
    `typedef __UINTPTR_TYPE__ address;`,
    `#define HELPER static inline __attribute__((always_inline))`,
    // Each function by itself, as in Wasm: compile time stays linear in their number.
    `#ifdef __clang__
#define KERNEL static __attribute__((noinline))
#define EXACT
#define APART _Pragma("clang fp contract(off)")
#else
#define KERNEL static __attribute__((noipa))
#define EXACT __attribute__((optimize("fp-contract=off")))
#define APART
#endif
/* GCC finds blends and extremes in a loop over lanes, Clang in the bits of masks. A bound that GCC
   knows to be a constant becomes a mask before it is seen to make an extreme: it is kept secret. */
#ifdef __clang__
#define CHOSEN(type, lanes, each, bits) return (type)(bits);
#else
#define CHOSEN(type, lanes, each, bits) \\
  type y; \\
  for (int l = 0; l < lanes; l++) y[l] = each; \\
  return y;
#endif
#if defined(__x86_64__) && !defined(__clang__)
#define SECRET(x) __asm__("" : "+v"(x));
#else
#define SECRET(x)
#endif`,
    ...construction("float", four),
    ...construction("int", four),
    ...construction("double", eight),
    ...functions({ float: "float", int: "int", uint: "uint", f: "f", lanes: four }),
    ...functions({ float: "double", int: "long", uint: "ulong", f: "", lanes: eight }),
    toInteger("float"),
    toInteger("double"),
    `HELPER int_v float_v_to_int(float_v x) {
  const float_v top = float_v_of(2147483648.0f);
  const int_v above = x >= top, below = x < -top;
  const float_v inside = float_v_select(~(above | below) & (x == x), x, (float_v){0});
  const int_v y = __builtin_convertvector(inside, int_v);
  return (above & 2147483647) | (below & (-2147483647 - 1)) | (~(above | below) & y);
}`,
  ].join("\n");
}

const attributes = (bytes: number): string => `__attribute__((vector_size(${bytes})))`;
function vector(name: string, bytes: number): string[] {
  const width = name === "long" || name === "double" ? 8 : 4,
    type = name === "long" ? "long long" : name;
  return [
    `typedef ${type} ${name}_v ${attributes(bytes)};`,
    `typedef ${type} ${name}_v_at __attribute__((vector_size(${bytes}), aligned(${width}), may_alias));`,
  ];
}

/** A vector of one number, and one whose lanes lie `step` bytes apart. */
function construction(name: string, lanes: number): string[] {
  const each = (lane: (l: number) => string) => Array.from({ length: lanes }, (_, l) => lane(l));
  return [
    `HELPER ${name}_v ${name}_v_of(${name} x) {
  return (${name}_v){${each(() => "x").join(", ")}};
}`,
    `HELPER ${name}_v ${name}_v_every(address p, long step) {
  return (${name}_v){
    ${each((l) => `*(const ${name}_at *)(p + ${l} * step)`).join(",\n    ")}};
}`,
  ];
}

interface Names {
  readonly float: string;
  readonly int: string;
  readonly uint: string;
  /** What C's functions end in. */
  readonly f: string;
  readonly lanes: number;
}

/** What floats of one width need, as numbers and in lanes. */
function functions({ float, int, uint, f, lanes }: Names): string[] {
  const v = `${float}_v`;
  const [word, unsigned] =
    float === "float" ? ["int", "unsigned"] : ["long long", "unsigned long long"];
  const [bits, bias, digits] = float === "float" ? [31, 127, 23] : [63, 1023, 52];
  const magic = float === "float" ? `12582912.0f` : `6755399441055744.0`;
  const one = float === "float" ? "0x3f800000" : "0x3ff0000000000000";
  const low = float === "float" ? "0x7fffff" : "0xfffffffffffff";
  const byLane = (name: string) => `HELPER ${v} ${v}_${name}(${v} x) {
  ${v} y;
  for (int l = 0; l < ${lanes}; l++) y[l] = __builtin_${name}${f}(x[l]);
  return y;
}`;
  return [
    ...["sqrt", "floor", "ceil", "rint"].map(byLane),
    `HELPER ${v} ${v}_select(${int}_v c, ${v} a, ${v} b) {
  CHOSEN(${v}, ${lanes}, c[l] ? a[l] : b[l], (c & (${int}_v)a) | (~c & (${int}_v)b))
}
HELPER ${int}_v ${int}_v_select(${int}_v c, ${int}_v a, ${int}_v b) {
  return (c & a) | (~c & b);
}
/* The bound where x is beyond it, else x, which lets NaN through: one instruction. */
HELPER ${v} ${v}_at_least(${v} x, ${v} low) {
  SECRET(low)
  CHOSEN(${v}, ${lanes}, x[l] < low[l] ? low[l] : x[l],
         ((x < low) & (${int}_v)low) | (~(x < low) & (${int}_v)x))
}
HELPER ${v} ${v}_at_most(${v} x, ${v} high) {
  SECRET(high)
  CHOSEN(${v}, ${lanes}, high[l] < x[l] ? high[l] : x[l],
         ((high < x) & (${int}_v)high) | (~(high < x) & (${int}_v)x))
}
HELPER ${v} ${v}_abs(${v} x) { return (${v})((${uint}_v)x & ~((${unsigned})1 << ${bits})); }
/* Extremes keep NaN and put -0 below 0: of equal numbers the bits are joined. */
HELPER ${v} ${v}_min(${v} a, ${v} b) {
  const ${v} least = ${v}_select(a == b, (${v})((${int}_v)a | (${int}_v)b), ${v}_at_most(b, a));
  return ${v}_select(a == a, least, a);
}
HELPER ${v} ${v}_max(${v} a, ${v} b) {
  const ${v} most = ${v}_select(a == b, (${v})((${int}_v)a & (${int}_v)b), ${v}_at_least(b, a));
  return ${v}_select(a == a, most, a);
}
HELPER ${float} ${float}_from(${word} x) {
  union { ${word} i; ${float} x; } both = {.i = x};
  return both.x;
}
HELPER ${word} ${float}_bits(${float} x) {
  union { ${float} x; ${word} i; } both = {.x = x};
  return both.i;
}
HELPER ${float} ${float}_min(${float} a, ${float} b) {
  if (a == b) return ${float}_from(${float}_bits(a) | ${float}_bits(b));
  return a < b ? a : a > b ? b : a + b;
}
HELPER ${float} ${float}_max(${float} a, ${float} b) {
  if (a == b) return ${float}_from(${float}_bits(a) & ${float}_bits(b));
  return a > b ? a : a < b ? b : a + b;
}
/* n + 1.5 2^${digits - 1} has n in its low bits; shifted, they are the exponent. */
HELPER ${float} ${float}_pow2(${float} n) {
  const ${unsigned} bits = (${unsigned})${float}_bits(n + (${magic} + ${bias}));
  return ${float}_from((${word})(bits << ${digits}));
}
HELPER ${v} ${v}_pow2(${v} n) {
  return (${v})((${uint}_v)(n + (${magic} + ${bias})) << ${digits});
}
HELPER ${float} ${float}_exponent(${float} x) {
  return (${float})((${float}_bits(x) >> ${digits}) - ${bias});
}
HELPER ${v} ${v}_exponent(${v} x) {
  return __builtin_convertvector(((${int}_v)x >> ${digits}) - ${bias}, ${v});
}
HELPER ${float} ${float}_fraction(${float} x) {
  return ${float}_from((${float}_bits(x) & ${low}) | ${one});
}
HELPER ${v} ${v}_fraction(${v} x) { return (${v})(((${int}_v)x & ${low}) | ${one}); }`,
  ];
}

/** Towards zero; out of range saturates, NaN gives 0. */
const toInteger = (float: string): string => `HELPER int ${float}_to_int(${float} x) {
  return x >= 2147483648.0 ? 2147483647
    : x <= -2147483648.0 ? -2147483647 - 1 : x == x ? (int)x : 0;
}`;

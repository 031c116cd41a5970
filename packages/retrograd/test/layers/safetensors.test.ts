/** safetensors: what is written comes back, and nothing that is damaged comes in. */

import fc from "fast-check";
import { lstm } from "retrograd/cells";
import {
  decodeSafetensors,
  dense,
  dropout,
  encodeSafetensors,
  sequential,
  treeOf,
  unroll,
} from "retrograd/layers";
import { describe, expect, test } from "vitest";
import * as random from "../../src/ops/random.ts";
import { sizeOf, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { flatten, paths } from "../../src/tensor/tree.ts";

/** A file from a header and as many bytes of numbers. */
function file(header: unknown, size = 0, claimed?: bigint): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + size);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const row = (dtype: string, shape: unknown, from: unknown, to: unknown) => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

const types = fc.constantFrom(
  "float32" as const,
  "float64" as const,
  "int32" as const,
  "bool" as const,
);
const anyTensor = fc
  .tuple(types, fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }))
  .chain(([dtype, shape]) =>
    fc
      .array(dtype === "int32" ? fc.integer() : dtype === "bool" ? fc.nat(1) : fc.double(), {
        minLength: sizeOf(shape),
        maxLength: sizeOf(shape),
      })
      .map((values) => tensor(values.flat() as number[], { dtype, shape })),
  );

test("what is written comes back, to the bit", () => {
  const name = fc.string({ minLength: 1 }).filter((s) => s !== "__metadata__");
  fc.assert(
    fc.property(
      fc.dictionary(name, anyTensor),
      fc.dictionary(fc.string(), fc.string()),
      (tensors, metadata) => {
        const found = decodeSafetensors(encodeSafetensors(tensors, metadata));
        expect(Object.keys(found.tensors).sort()).toEqual(Object.keys(tensors).sort());
        expect({ ...found.metadata }).toEqual({ ...metadata });
        for (const [key, t] of Object.entries(tensors)) {
          expect(found.tensors[key].dtype).toBe(t.dtype);
          expect(found.tensors[key].shape).toEqual(t.shape);
          expect([...found.tensors[key].data]).toEqual([...t.data]);
        }
      },
    ),
  );
});

test("numbers are aligned, and a file at an odd place in a buffer is read", () => {
  const bytes = encodeSafetensors({ a: tensor([true]), b: tensor([1.5], { dtype: "float64" }) });
  const text = new TextDecoder().decode(bytes.subarray(8));
  expect(text.indexOf("}}")).toBeGreaterThan(0);
  expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  expect(decodeSafetensors(shifted.subarray(3)).tensors.b.item()).toBe(1.5);
});

test("half precision and bfloat16 are widened", () => {
  const bytes = file({ h: row("F16", [6], 0, 12), b: row("BF16", [4], 12, 20) }, 20);
  const view = new DataView(bytes.buffer, bytes.length - 20);
  [0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x8000].forEach((bits, k) =>
    view.setUint16(2 * k, bits, true),
  );
  [0x3f80, 0xc049, 0xff80, 0x0001].forEach((bits, k) => view.setUint16(12 + 2 * k, bits, true));
  const { h, b } = decodeSafetensors(bytes).tensors;
  expect([...h.data]).toEqual([1, -2, 65504, 2 ** -24, Infinity, -0]);
  expect([...b.data]).toEqual([1, -3.140625, -Infinity, 2 ** -133]);
});

test("a tree of parameters comes back as that tree", () => {
  const model = sequential(dropout(0.1), unroll(lstm({ size: 3, input: 2 })), dense(2));
  const params = model.init(random.key(0));
  const back = treeOf(decodeSafetensors(encodeSafetensors(params)).tensors);
  expect(paths(back)).toEqual(paths(params));
  expect(back[0]).toEqual({});
  const x = random.normal(random.key(1), [1, 3, 2]);
  expect(model.apply(back, x).toArray()).toEqual(model.apply(params, x).toArray());
});

test("a tree of names is data: it sets no prototype, and no name makes a long list", () => {
  const t = tensor([1]);
  const tree = treeOf(
    Object.fromEntries([
      ["__proto__.polluted", t],
      ["9999999999.W", t],
    ]),
  );
  expect(({} as any).polluted).toBeUndefined();
  expect(Array.isArray(tree)).toBe(false);
  expect(flatten(treeOf({ "3.W": t }))).toHaveLength(1);
  expect(() => treeOf({ a: t, "a.b": t })).toThrow(/lies within/);
  expect(() => treeOf({ "a.b": t, a: t })).toThrow(/holds others/);
});

const good = () => encodeSafetensors({ w: tensor([1, 2, 3]), n: tensor([1], { dtype: "int32" }) });
const damagedFiles: [string, () => Uint8Array][] = [
  ["empty", () => new Uint8Array(0)],
  ["seven bytes", () => new Uint8Array(7)],
  ["a header longer than the file", () => file({}, 0, 1000n)],
  ["a header of 2^63 bytes", () => file({}, 0, 2n ** 63n)],
  ["not JSON", () => file('{"w": ')],
  ["bytes that are not UTF-8", () => file("{}", 0).map((b, k) => (k > 7 ? 0xff : b))],
  ["a list", () => file([])],
  ["deeply nested", () => file("[".repeat(100_000))],
  [
    "a name twice",
    () =>
      file(
        '{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}',
        8,
      ),
  ],
  [
    "a field twice",
    () => file('{"w":{"dtype":"F32","dtype":"I32","shape":[],"data_offsets":[0,4]}}', 4),
  ],
  ["an unknown dtype", () => file({ w: row("F8", [1], 0, 1) }, 1)],
  ["no dtype", () => file({ w: { shape: [1], data_offsets: [0, 4] } }, 4)],
  ["a row that is a number", () => file({ w: 3 })],
  ["a negative size", () => file({ w: row("F32", [-1, -1], 0, 4) }, 4)],
  ["a size that is a text", () => file({ w: row("F32", ["1"], 0, 4) }, 4)],
  [
    "sizes whose product overflows",
    () => file({ w: row("F32", [2 ** 52, 2 ** 52, 2 ** 52], 0, 4) }, 4),
  ],
  [
    "a shape that is larger than its bytes",
    () => file({ w: row("F32", [1_000_000_000], 0, 4) }, 4),
  ],
  ["a shape that is smaller than its bytes", () => file({ w: row("F32", [1], 0, 8) }, 8)],
  ["offsets beyond the end", () => file({ w: row("F32", [4], 0, 16) }, 8)],
  ["offsets in the wrong order", () => file({ w: row("F32", [1], 4, 0) }, 4)],
  ["three offsets", () => file({ w: { dtype: "F32", shape: [1], data_offsets: [0, 4, 8] } }, 8)],
  ["a fractional offset", () => file({ w: row("F32", [1], 0.5, 4.5) }, 8)],
  ["tensors that overlap", () => file({ a: row("F32", [2], 0, 8), b: row("F32", [2], 4, 12) }, 12)],
  ["a hole", () => file({ a: row("F32", [1], 0, 4), b: row("F32", [1], 8, 12) }, 12)],
  ["bytes at the end", () => file({ a: row("F32", [1], 0, 4) }, 9)],
  ["metadata that are not texts", () => file({ __metadata__: { a: 1 } })],
  ["cut off in the numbers", () => good().subarray(0, good().length - 2)],
  ["cut off in the header", () => good().subarray(0, 40)],
];

describe("damaged files", () => {
  test.each(damagedFiles)("%s", (_, make) => {
    expect(() => decodeSafetensors(make())).toThrowErrorMatchingSnapshot();
  });

  test("any byte changed or cut off is refused with our message, or read as numbers", () => {
    const whole = good();
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const bytes = cut ? whole.slice(0, at) : whole.slice().fill(value, at, at + 1);
        try {
          const { tensors } = decodeSafetensors(bytes);
          const total = Object.values(tensors).reduce((n: number, t: Tensor) => n + t.size, 0);
          expect(total).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toMatchObject({ code: "weights-damaged" });
        }
      }),
      { numRuns: 500 },
    );
  });

  test("something that is not bytes", () => {
    expect(() => decodeSafetensors("a path" as never)).toThrowErrorMatchingSnapshot();
    expect(() => encodeSafetensors({ __metadata__: tensor([1]) })).toThrowErrorMatchingSnapshot();
  });
});

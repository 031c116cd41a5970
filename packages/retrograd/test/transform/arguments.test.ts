/** What is no tensor, and what is no list, is refused by its place and with its cure. */
import { expect, test } from "vitest";
import { grad, jit, jvp, ones, scan, tensor, zeros } from "../../src/index.ts";
import { batch } from "../../src/transform/api.ts";

const told = (f: () => unknown): string => {
  try {
    return String(f());
  } catch (error) {
    return String(error);
  }
};
const loose = <T>(f: T) => f as any;
const step = loose((state: unknown, output: unknown) => ({ state, output }));

test("numbers in place of tensors", () => {
  const all = [
    () => loose(scan)(step, { h: zeros([]) }, [1, 2, 3, 4]),
    () => loose(scan)(step, { h: 0 }, zeros([3])),
    () => loose(scan)(() => ({ state: { h: 0 } }), { h: zeros([]) }, zeros([3])),
    () => loose(grad)((x: any) => x)(3),
    () => loose(grad)((x: any) => x.a)({ a: [[1], [2]] }),
    () => loose(grad)((x: any) => x)(new Float32Array(3)),
    () => loose(grad)((x: any) => x)("abc"),
    () => jit((x: any, n: any) => x.mul(n))(ones([3]), 3 as any),
    () => loose(batch)((x: any, n: any) => x.mul(n))(ones([3]), true),
    () => loose(jvp)((x: any) => x, [tensor(3)], [1]),
  ];
  expect(all.map(told).join("\n")).toMatchInlineSnapshot(`
    "RetrogradError: inputs of scan: given [1, 2, 3, …]; expected a tensor, or objects or arrays of tensors.
      Wrap it: tensor([1, 2, 3, …]).   (not-a-tensor)
    RetrogradError: state.h of scan: given 0; expected a tensor, or objects or arrays of tensors.
      Wrap it: tensor(0).   (not-a-tensor)
    RetrogradError: h of the next state of scan: given 0; expected a tensor, or objects or arrays of tensors.
      Wrap it: tensor(0).   (not-a-tensor)
    RetrogradError: argument 0 of grad: given 3; expected a tensor, or objects or arrays of tensors.
      Wrap it: tensor(3).   (not-a-tensor)
    RetrogradError: argument 0.a of grad: given [[1], [2]]; expected a tensor, or objects or arrays of tensors.
      Wrap it: tensor([[1], [2]]).   (not-a-tensor)
    RetrogradError: argument 0 of grad: given Float32Array; expected a tensor, or objects or arrays of tensors.
      Wrap it: tensor(Float32Array).   (not-a-tensor)
    RetrogradError: argument 0 of grad: given "abc"; expected a tensor, or objects or arrays of tensors.
      Give tensors, as in { h: zeros([3]) }.   (not-a-tensor)
    RetrogradError: argument 1 of jit: given 3; expected a tensor, or objects or arrays of tensors.
      Wrap it: tensor(3).   (not-a-tensor)
    RetrogradError: argument 1 of batch: given true; expected a tensor, or objects or arrays of tensors.
      Wrap it: tensor(true).   (not-a-tensor)
    RetrogradError: tangent 0 of jvp: given 1; expected a tensor, or objects or arrays of tensors.
      Wrap it: tensor(1).   (not-a-tensor)"
  `);
});

test("no list where a list is wanted, nothing where a step is", () => {
  const all = [
    () => loose(jvp)((x: any) => x, tensor(3), tensor(1)),
    () => loose(jvp)((x: any) => x, [tensor(3)], tensor(1)),
    () => loose(batch)((x: any) => x, { axes: 0 })(ones([3])),
    () => loose(scan)(() => undefined, { h: zeros([]) }, zeros([3])),
  ];
  expect(all.map(told).join("\n")).toMatchInlineSnapshot(`
    "RetrogradError: jvp: given arguments outside a list; expected lists: jvp(f, [x], [dx]).
      Give lists: jvp(f, [x], [dx]).   (bad-argument)
    RetrogradError: jvp: given tangents outside a list; expected lists: jvp(f, [x], [dx]).
      Give lists: jvp(f, [x], [dx]).   (bad-argument)
    RetrogradError: batch: given axes 0; expected a list with one entry of axes per argument.
      Give a list with one entry of axes per argument.   (bad-argument)
    RetrogradError: the step of scan: given undefined; expected { state, output }, or [state, output].
      Give { state, output }, or [state, output].   (bad-argument)"
  `);
});

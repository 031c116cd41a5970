/** A program that native.test.ts runs twice at once: it compiles, runs and prints. */
import "../../src/node/native/index.ts";
import { jit } from "../../src/jit/jit.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import "../../src/ops/index.ts";
import "../../src/ops/methods.ts";

const halved = jit((x: ReturnType<typeof tensor>) => x.mul(0.5), { target: "native" });
console.log(halved(tensor([0.5])).data[0]);

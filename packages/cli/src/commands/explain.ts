/**
 * retrograd explain RUN: the layers of a model, and what the compiler made of its training step.
 */
import { random, resident, type Tensor, tensor, zeros } from "retrograd";
import { graph } from "retrograd/graph";
import { describe } from "retrograd/layers";
import { type ModelConfig, methodOf, networkOf } from "retrograd/tasks";
import {
  adam,
  crossEntropy,
  type Fed,
  firstCarry,
  fitted,
  mse,
  trainingStep,
} from "retrograd/train";
import { EXIT, fail } from "../failure.ts";
import { readConfig } from "../run/config.ts";
import type { Terminal } from "../show/terminal.ts";

interface ExplainFlags {
  readonly json?: boolean;
  readonly graph?: string;
  readonly unroll?: string;
}

export async function explainCommand(
  terminal: Terminal,
  flags: ExplainFlags,
  folder: string,
): Promise<number> {
  const config = await readConfig(folder);
  const { model, input } = networkOf(config);
  const layers = describe(model, input === undefined ? {} : { input });
  if (flags.graph !== undefined) {
    terminal.out(`${graphOf(config, flags.graph, flags.unroll)}\n`);
    return EXIT.fine;
  }
  const program = programOf(config);
  if (flags.json)
    terminal.out(`${JSON.stringify({ type: "summary", task: config.task, layers, program })}\n`);
  else terminal.out(`\n${layers}\n\nThe training step, compiled:\n\n${program}\n`);
  return EXIT.fine;
}

/** The graph of the model over one window. @throws "option-value" */
function graphOf(config: ModelConfig, form: string, unroll: string | undefined): string {
  const steps = unroll === undefined ? 0 : Number(unroll);
  if (!Number.isInteger(steps) || steps < 0 || steps > 16)
    fail("option-value", {
      ...{ option: "--unroll", given: JSON.stringify(unroll) },
      expected: "a whole number from 0 to 16",
    });
  const { model, input } = networkOf(config);
  const params = model.init(random.key(0), input === undefined ? {} : { input });
  const { inputs } = zerosFor(config, input);
  const view = graph((p: any, x: Tensor) => model.apply(p, x), params, inputs);
  if (form === "text") return view.text();
  if (form === "dot") return view.dot({ unroll: steps });
  if (form === "svg") return view.svg({ unroll: steps });
  return fail("option-value", {
    ...{ option: "--graph", given: JSON.stringify(form) },
    expected: "text, dot or svg",
  });
}

/** The training step of a config, compiled for a batch of zeros. */
function programOf(config: ModelConfig): string {
  const { model, input } = networkOf(config);
  const { batch, rate, clip } = config.learning;
  const params = model.init(random.key(0), input === undefined ? {} : { input });
  const isText = config.task === "language";
  const options = {
    ...{ model, optimizer: adam(rate), clip: { norm: clip }, key: random.key(0) },
    loss: isText ? crossEntropy() : mse(),
    method: methodOf(config),
  };
  const batchOfZeros = zerosFor(config, input);
  const method = fitted(options, params, batchOfZeros);
  const step = { ...options, method };
  const run = resident(trainingStep(step), firstCarry(step, params, batch));
  run.call(batchOfZeros, tensor(rate));
  return method.plan ? `${method.plan}\n${run.explain()}` : run.explain();
}

function zerosFor(config: ModelConfig, input: number | undefined): Fed {
  const { window, learning } = config;
  const rows = [learning.batch, window];
  if (config.task === "language")
    return {
      inputs: zeros(rows, { dtype: "int32" }),
      targets: zeros(rows, { dtype: "int32" }),
      mask: zeros(rows),
      start: zeros([learning.batch], { dtype: "bool" }),
    };
  const wanted = [learning.batch, config.horizon * config.roles.target.length];
  return { inputs: zeros([...rows, input!]), targets: zeros(wanted), mask: zeros(wanted) };
}

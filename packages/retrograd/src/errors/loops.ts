/** Messages of loops whose end is not known beforehand: conditions, fixed points, rounds. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";

export const loopMessages = {
  "not-converged": {
    text: (o: {
      solver: string;
      steps: number;
      residual: number;
      tolerance: number;
      radius: number;
    }) =>
      `fixedPoint: after ${o.steps} evaluations (${o.solver}) the residual is ${o.residual.toPrecision(2)}, above ${o.tolerance}; the Jacobian there has spectral radius ${o.radius.toPrecision(3)}.`,
    cure: (o: { radius: number }) =>
      o.radius < 1
        ? `Allow more steps or a larger tolerance, or take anderson() or broyden().`
        : `From radius 1 on the step pulls to no point: shrink its weights, or add jacobianPenalty() to the loss.`,
  },
  "weak-attraction": {
    text: (o: { radius: number }) =>
      o.radius < 1
        ? `fixedPoint: the Jacobian at the point has spectral radius ${o.radius.toPrecision(3)}, near 1: it attracts weakly, and its gradient is large.`
        : `fixedPoint: the Jacobian at the point has spectral radius ${o.radius.toPrecision(3)}: the point repels, so a loop never ends there, and its gradient is not that of a loop.`,
    cure: () => `Shrink the weights of the step, or add jacobianPenalty() to the loss.`,
  },
  "rounds-short": {
    text: (o: { method: string; rounds: number; change: number; limit: number }) =>
      `parallelScan: after ${o.rounds} rounds (${o.method}) a state still changes by ${o.change.toPrecision(2)}, more than ${o.limit}.`,
    cure: (o: { method: string }) =>
      o.method === "deer"
        ? `Allow more rounds, as many as there are moments at most, or use scan: the step does not contract.`
        : `Allow more rounds, take method: "deer", or use scan: the step does not contract enough.`,
  },
  "not-differentiable": {
    text: (o: { op: string; reason: string; cure: string }) =>
      `${o.op} has no derivative here: ${o.reason}.`,
    cure: (o: { cure: string }) => o.cure,
  },
} as const;

const messages = { ...compilerMessages, ...loopMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

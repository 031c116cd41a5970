/**
 * Schedules: how the learning rate moves, as a factor on the optimizer's own. A schedule is a pure
 * function of the step and of a small plain state, so that it is saved with a run.
 */
import { checkOptions } from "../errors.ts";
import { checkSettings } from "./settings.ts";

export interface Schedule<S = any> {
  readonly name: string;
  /** State before the first step: plain data. */
  readonly initial: S;
  /** Factor on the learning rate of step `step` = 0, 1, … */
  factor(step: number, state: S): number;
  /** The state after a validation of this loss (smaller is better). */
  observe?(state: S, loss: number): S;
}

/** A number of steps has no default. @throws "bad-argument" */
const checkSteps = (where: string, steps: Readonly<Record<string, number>>): void => {
  const given = Object.entries(steps).map(([name, value]) => [name, value ?? Number.NaN]);
  checkSettings(where, Object.fromEntries(given), "a whole number above 0");
};

/** The optimizer's own rate throughout. */
export const constantRate = (): Schedule<null> => ({
  name: "constant",
  initial: null,
  factor: () => 1,
});

/**
 * From near 0 to 1 in `steps` equal parts, then `next`, counted from there.
 *   (step + 1) / steps   while step < steps
 */
export function warmUp<S>(steps: number, next: Schedule<S> = constantRate() as any): Schedule<S> {
  checkSteps("warmUp", { steps });
  const { observe } = next;
  return {
    name: `warmUp(${steps}, ${next.name})`,
    initial: next.initial,
    factor: (step, state) => (step < steps ? (step + 1) / steps : next.factor(step - steps, state)),
    ...(observe ? { observe: (state: S, loss: number) => observe(state, loss) } : {}),
  };
}

/**
 * Half a cosine from 1 down to `floor` at `steps`, where it stays.
 *   floor + (1 − floor)·(1 + cos(π·step/steps))/2
 * Source: Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5, one period.
 */
export function cosine(steps: number, options: { floor?: number } = {}): Schedule<null> {
  checkOptions("cosine", options, ["floor"]);
  const { floor = 0 } = options;
  checkSteps("cosine", { steps });
  return {
    name: `cosine(${steps}, floor ${floor})`,
    initial: null,
    factor: (step) =>
      floor + ((1 - floor) * (1 + Math.cos(Math.PI * Math.min(1, step / steps)))) / 2,
  };
}

/** Multiplied by `factor` after every `every` steps. */
export function stepDown(every: number, options: { factor?: number } = {}): Schedule<null> {
  checkOptions("stepDown", options, ["factor"]);
  const { factor = 0.1 } = options;
  checkSteps("stepDown", { every });
  return {
    name: `stepDown(${every}, factor ${factor})`,
    initial: null,
    factor: (step) => factor ** Math.floor(step / every),
  };
}

export interface PlateauState {
  factor: number;
  /** Smallest loss so far; null before the first validation. */
  best: number | null;
  /** Validations since then. */
  waited: number;
}
export interface PlateauOptions {
  factor?: number;
  /** Validations without a better loss that are borne. */
  patience?: number;
  /** Relative improvement that counts: better is below best·(1 − threshold). */
  threshold?: number;
  /** Factor below which it never falls. */
  floor?: number;
}

/** Multiplied by `factor` when more than `patience` validations in a row brought nothing better. */
export function plateau(options: PlateauOptions = {}): Schedule<PlateauState> {
  checkOptions("plateau", options, ["factor", "patience", "threshold", "floor"]);
  const { factor = 0.1, patience = 10, threshold = 1e-4, floor = 0 } = options;
  return {
    name: `plateau(factor ${factor}, patience ${patience}, threshold ${threshold}, floor ${floor})`,
    initial: { factor: 1, best: null, waited: 0 },
    factor: (_, state) => state.factor,
    observe(state, loss) {
      if (state.best === null || loss < state.best - Math.abs(state.best) * threshold)
        return { ...state, best: loss, waited: 0 };
      if (state.waited < patience) return { ...state, waited: state.waited + 1 };
      return { ...state, factor: Math.max(floor, state.factor * factor), waited: 0 };
    },
  };
}

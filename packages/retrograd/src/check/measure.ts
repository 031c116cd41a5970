/** What every way says of a gradient at a point, place by place, and how far it is off. */
import { type Slope, slopeOf } from "./differences.ts";
import { type Direction, directionOf, moved, norm } from "./direction.ts";
import type { Objective, Place } from "./objective.ts";
import { type Evaluator, evaluatorOf, type Numbers } from "./program.ts";
import { frozen } from "./stops.ts";
import type { Reverse, Way, Ways } from "./ways.ts";

/** Largest disagreement that is rounding: derivative rules are exact, differences nearly so. */
export const ALIKE = 1e-6;
/** Differences that are less sure than this decide nothing. */
export const ROUGH = 1e-3;
/** Places whose derivative is smaller than this part of the largest one are not zoomed into. */
const LEAST = 1e-5;

export interface Measured {
  readonly place: Place;
  /** |found − derivative| / size, of each way; of the differences, how unsure they are. */
  readonly off: ReadonlyMap<Way, number>;
  /** Disagreement that is rounding here. */
  readonly tolerance: number;
  readonly slope: Slope;
  /** Size of the derivative, which disagreements are relative to. */
  readonly size: number;
}

/** How much of the derivative stopGradient takes away, and where it takes most. */
export interface Stopped {
  readonly relative: number;
  readonly where: string;
}

export function measure(
  { graph, places }: Objective,
  ways: Ways,
  args: Numbers,
): { rows: readonly Measured[]; stopped: Stopped } {
  const gradients = new Map([...ways.reverse].map(([way, f]) => [way, f(args)] as const));
  const said = places.map((place) => sayings(place, ways, args, gradients));
  const largest = Math.max(...said.map(({ size }) => size));
  const slopes = slopesOf(ways.value, args, said, largest);
  const rows = said.map((row, k) => judged(row, slopes[k], largest));
  const nothing = { relative: 0, where: "" };
  const doubtful = rows.some(({ off, tolerance }) =>
    [...off.values()].some((x) => !(x <= tolerance)),
  );
  const stops = doubtful ? frozen(graph, args) : undefined;
  if (!stops) return { rows, stopped: nothing };
  // The derivative that the gradient is meant to be: what is stopped does not move.
  const held = evaluatorOf(stops.graph, 12 * places.length);
  const own = slopesOf((x) => held([...x, ...stops.values]), args, said, largest);
  const stopped = places.map(({ name }, k) => {
    const size = Math.max(said[k].size, LEAST * largest);
    return { relative: Math.abs(slopes[k].value - own[k].value) / size, where: name };
  });
  const most = stopped.reduce((a, b) => (b.relative > a.relative ? b : a));
  return {
    rows: said.map((row, k) => judged(row, own[k], largest)),
    stopped: most.relative > ALIKE ? most : nothing,
  };
}

/** What the ways that have rules say of one place. */
interface Sayings {
  readonly place: Place;
  readonly direction: Direction;
  /** ⟨gradient, direction⟩ */
  readonly values: ReadonlyMap<Way, number>;
  /** The numbers of the gradient at this place. */
  readonly parts: ReadonlyMap<Reverse, Float64Array>;
  readonly size: number;
}

function sayings(
  place: Place,
  { wrt, forward }: Ways,
  args: Numbers,
  gradients: ReadonlyMap<Reverse, Numbers>,
): Sayings {
  const direction = directionOf(place, args);
  const values = new Map<Way, number>();
  const parts = new Map<Reverse, Float64Array>();
  for (const [way, gradient] of gradients) {
    let total = 0;
    const seen = [...place.parts].map(([k, takes]) => {
      const own = gradient[wrt.indexOf(k)];
      const by = direction.get(k)!;
      own.forEach((x, i) => void (takes(i) && (total += x * by[i])));
      return own.filter((_, i) => takes(i));
    });
    values.set(way, total);
    parts.set(way, joined(seen));
  }
  if (forward) {
    const tangents = args.map((x, k) => direction.get(k) ?? new Float64Array(x.length));
    values.set("forward", forward([...args, ...tangents])[0][0]);
  }
  const norms = [...parts.values()].map(norm);
  const size = Math.max(0, ...norms, ...[...values.values()].map(Math.abs));
  return { place, direction, values, parts, size };
}

function slopesOf(
  value: Evaluator,
  args: Numbers,
  rows: readonly Sayings[],
  largest: number,
): Slope[] {
  const [[at]] = value(args);
  return rows.map(({ direction, size }) => {
    const phi = (t: number) => value(moved(args, direction, t))[0][0];
    return slopeOf(phi, at, Math.max(size, LEAST * largest));
  });
}

function judged({ place, values, parts, size }: Sayings, slope: Slope, largest: number): Measured {
  const scale = Math.max(size, Math.abs(slope.value), LEAST * largest) || 1;
  const off = new Map<Way, number>();
  for (const [way, value] of values) off.set(way, Math.abs(value - slope.value) / scale);
  // Whole gradients, against the one that the differences confirm most closely.
  const [base] = [...parts.keys()].sort((a, b) => off.get(a)! - off.get(b)!);
  for (const [way, part] of parts) {
    const apart = norm(part.map((x, i) => x - parts.get(base)![i]));
    off.set(way, Math.max(off.get(way)!, apart / scale));
  }
  const error = slope.error / scale;
  off.set("differences", error);
  return { place, off, slope, size: scale, tolerance: ALIKE + Math.min(error, ROUGH) };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

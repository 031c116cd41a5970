/**
 * What stands where a value is missing. Each policy fills the values in place and leaves the mask
 * of what was truly observed. The usual one looks back only: interpolating fills a cell from values
 * after it, which tells a forecaster about the future it is to forecast.
 */

/**
 * - `forward` (usual): the last observed value; steps before all features have one are cut off
 * - `interpolate`: the line between the neighbours in time; the nearest value at both ends
 * - `drop`: steps with a missing value are left out, and the rest drawn together
 * - `refuse`: a missing value is an error
 */
export type MissingPolicy = "forward" | "interpolate" | "drop" | "refuse";

/** Values of a series on its grid: `values` and `observed` are [time, features], `times` [time]. */
export interface Steps {
  times: Float64Array;
  /** NaN where missing, before a policy has filled it. */
  values: Float64Array;
  /** 1 where the value was observed, 0 where it is missing or filled. */
  observed: Uint8Array;
}

/** Apply a policy; `refuse` is the caller's, who knows the lines. */
export function fillMissing(steps: Steps, features: number, policy: MissingPolicy): Steps {
  const holds = (t: number, f: number) => steps.observed[t * features + f] === 1;
  const length = steps.times.length;
  if (policy === "drop") {
    const full = (t: number) => everyFeature(features, (f) => holds(t, f));
    return take(steps, features, Array.from({ length }, (_, t) => t).filter(full));
  }
  for (let f = 0; f < features; f++) {
    if (policy === "interpolate") interpolate(steps, features, f);
    else for (let t = 1; t < length; t++) if (!holds(t, f)) copyValue(steps, features, f, t - 1, t);
  }
  let start = 0;
  const begun = (t: number) =>
    everyFeature(features, (f) => !Number.isNaN(steps.values[t * features + f]));
  while (start < length && !begun(start)) start++;
  return slice(steps, features, start);
}

function interpolate({ times, values, observed }: Steps, features: number, f: number): void {
  const known: number[] = [];
  for (let t = 0; t < times.length; t++) if (observed[t * features + f]) known.push(t);
  let next = 0;
  for (let t = 0; t < times.length && known.length > 0; t++) {
    while (next < known.length && known[next] < t) next++;
    if (known[next] === t) continue;
    const after = known[Math.min(next, known.length - 1)];
    const before = known[Math.max(next - 1, 0)];
    const [a, b] = [values[before * features + f], values[after * features + f]];
    const part = after === before ? 0 : (times[t] - times[before]) / (times[after] - times[before]);
    values[t * features + f] = a + (b - a) * part;
  }
}

function copyValue({ values }: Steps, features: number, f: number, from: number, to: number): void {
  values[to * features + f] = values[from * features + f];
}

function everyFeature(features: number, holds: (f: number) => boolean): boolean {
  for (let f = 0; f < features; f++) if (!holds(f)) return false;
  return true;
}

function slice({ times, values, observed }: Steps, features: number, start: number): Steps {
  return {
    times: times.slice(start),
    values: values.slice(start * features),
    observed: observed.slice(start * features),
  };
}

function take(steps: Steps, features: number, kept: readonly number[]): Steps {
  const values = new Float64Array(kept.length * features);
  kept.forEach((t, k) => {
    values.set(steps.values.subarray(t * features, (t + 1) * features), k * features);
  });
  const times = Float64Array.from(kept, (t) => steps.times[t]);
  return { times, values, observed: new Uint8Array(values.length).fill(1) };
}

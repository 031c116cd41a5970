/**
 * The eigenvalues ±iω and eigenvectors of a real skew-symmetric matrix, in float64. Reflections
 * make it tridiagonal; the phases 1, i, −1, −i … turn that into i times a symmetric tridiagonal
 * matrix, whose eigenvalues are distinct and come by the implicit QL iteration.
 * Source: Ward and Gray 1978, doi:10.1145/355791.355798; QL: Dubrulle, Martin and Wilkinson 1968,
 * doi:10.1007/BF02165404.
 */

/** Half of a spectrum: vectors[k] belongs to i·frequencies[k], its conjugate to the negative. */
export interface Rotations {
  /** Positive, ascending. */
  readonly frequencies: readonly number[];
  /** Of length 1, orthogonal to each other and to their conjugates. */
  readonly vectors: readonly { readonly re: Float64Array; readonly im: Float64Array }[];
}

/**
 * @param size  even, so that no eigenvalue need be 0
 * @param of    entry (i, j); of(j, i) = −of(i, j)
 */
export function skewEigen(size: number, of: (i: number, j: number) => number): Rotations {
  const { below, basis } = tridiagonal(size, of);
  const { values, vectors } = symmetricTridiagonal(below);
  // Eigenvalue m of the symmetric matrix stands for −i m of the skew one.
  const turning = values.map((_, k) => k).filter((k) => values[k] < 0);
  turning.sort((a, b) => values[b] - values[a]);
  return {
    frequencies: turning.map((k) => -values[k]),
    vectors: turning.map((k) => ({
      re: combine(basis, vectors[k], 0),
      im: combine(basis, vectors[k], 1),
    })),
  };
}

/** The real (0) or imaginary (1) part of Σⱼ iʲ z[j] basis[j]. */
function combine(basis: readonly Float64Array[], z: Float64Array, part: 0 | 1): Float64Array {
  const sum = new Float64Array(z.length);
  for (let j = part; j < z.length; j += 2) {
    const weight = j % 4 < 2 ? z[j] : -z[j];
    for (let i = 0; i < sum.length; i++) sum[i] += weight * basis[j][i];
  }
  return sum;
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/**
 * S = Q T Qᵀ with T skew and tridiagonal.
 * @returns  below[k] = T[k + 1, k], and the columns of Q
 */
function tridiagonal(size: number, of: (i: number, j: number) => number) {
  const rows = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (_, j) => of(i, j)),
  );
  const q = Array.from({ length: size }, (_, i) => new Float64Array(size).fill(1, i, i + 1));
  for (let k = 0; k + 2 < size; k++) {
    const v = Float64Array.from(rows, (row, i) => (i > k ? row[k] : 0));
    v[k + 1] += Math.sqrt(dot(v, v)) * (v[k + 1] < 0 ? -1 : 1);
    const square = dot(v, v);
    if (square === 0) continue;
    // (1 − β v vᵀ) S (1 − β v vᵀ) = S − w vᵀ + v wᵀ, where w = β S v, because vᵀ S v = 0.
    const w = Float64Array.from(rows, (row) => (2 / square) * dot(row, v));
    rows.forEach((row, i) => {
      for (let j = 0; j < size; j++) row[j] += v[i] * w[j] - w[i] * v[j];
    });
    for (const row of q) {
      const along = (2 / square) * dot(row, v);
      for (let j = k + 1; j < size; j++) row[j] -= along * v[j];
    }
  }
  const below = Float64Array.from({ length: size }, (_, k) => (k + 1 < size ? rows[k + 1][k] : 0));
  const basis = q.map((_, j) => Float64Array.from(q, (row) => row[j]));
  return { below, basis };
}

/**
 * Eigenvalues and eigenvectors of the symmetric matrix with zeros on its diagonal and `below` beside
 * it, by QL with implicit shifts.
 * @param below  as long as the diagonal; its last entry is 0
 */
function symmetricTridiagonal(below: Float64Array) {
  const size = below.length;
  const d = new Float64Array(size);
  const e = below.slice();
  const z = Array.from(d, (_, i) => new Float64Array(size).fill(1, i, i + 1));
  const small = Number.EPSILON * e.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  for (let first = 0; first < size; first++)
    for (;;) {
      let last = first;
      while (Math.abs(e[last]) > small) last++;
      if (last === first) break;
      sweep(d, e, z, first, last);
    }
  return { values: [...d], vectors: z };
}

/** One QL sweep over the block first … last, whose neighbours it does not touch. */
function sweep(
  d: Float64Array,
  e: Float64Array,
  z: readonly Float64Array[],
  first: number,
  last: number,
): void {
  const half = (d[first + 1] - d[first]) / (2 * e[first]);
  const shift = e[first] / (half + Math.hypot(half, 1) * (half < 0 ? -1 : 1));
  let g = d[last] - d[first] + shift;
  let [sine, cosine, moved] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = sine * e[i];
    const b = cosine * e[i];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] -= moved;
      e[last] = 0;
      return;
    }
    [sine, cosine] = [f / r, g / r];
    const at = d[i + 1] - moved;
    const step = (d[i] - at) * sine + 2 * cosine * b;
    moved = sine * step;
    d[i + 1] = at + moved;
    g = cosine * step - b;
    rotate(z[i], z[i + 1], sine, cosine);
  }
  d[first] -= moved;
  e[first] = g;
  e[last] = 0;
}

function rotate(a: Float64Array, b: Float64Array, sine: number, cosine: number): void {
  for (let k = 0; k < a.length; k++) {
    const x = b[k];
    b[k] = sine * a[k] + cosine * x;
    a[k] = cosine * a[k] - sine * x;
  }
}

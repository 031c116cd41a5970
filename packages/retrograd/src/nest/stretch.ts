/** Parts of an axis: equal ones are walked by a loop, so code does not grow with their number. */

/** `count` parts of `size` that lie behind each other from `start` on. */
export interface Stretch {
  readonly start: number;
  readonly size: number;
  readonly count: number;
}

/** n in `parts` parts that differ by one at most, never a short tail: the longer ones first. */
export function evenly(n: number, parts: number): Stretch[] {
  const size = Math.floor(n / parts);
  const longer = n % parts;
  return [
    { start: 0, size: size + 1, count: longer },
    { start: longer * (size + 1), size, count: parts - longer },
  ].filter(({ count }) => count > 0);
}

/** n in equal parts of at most `most`, however much smaller: one piece of code for all of them. */
export function equally(n: number, most: number): Stretch {
  let size = Math.max(1, Math.min(n, most));
  while (n % size > 0) size--;
  return { start: 0, size, count: n / size };
}

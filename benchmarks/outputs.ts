/** Two figures of what a case computes, by which it is compared where there is no loss. */

/** @returns mean and root mean square of the numbers, the same in whatever order they come */
export function outputFields(numbers: ArrayLike<number>): { mean: number; rms: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < numbers.length; i++) {
    sum += numbers[i];
    squares += numbers[i] ** 2;
  }
  return { mean: sum / numbers.length, rms: Math.sqrt(squares / numbers.length) };
}

/**
 * Sums over ranks whose order is fixed. MPI may add in any order it likes, so it only moves numbers
 * here: every rank gets its part of all tensors from all ranks, adds it up in their order, and
 * sends the sums back to all.
 */
import type { Data } from "../../scalar/dtype.ts";
import type { Mpi, Pending } from "./library.ts";

type Numbers = Float32Array | Float64Array | Int32Array;

/** Places for as many numbers as the largest sum so far; their bytes never move. */
class Staging {
  #bytes = 0;
  #from = new ArrayBuffer(0);
  #to = new ArrayBuffer(0);
  /** Two places of at least so many bytes. */
  take(bytes: number): readonly [from: ArrayBuffer, to: ArrayBuffer] {
    if (bytes > this.#bytes) {
      this.#bytes = bytes;
      this.#from = new ArrayBuffer(bytes);
      this.#to = new ArrayBuffer(bytes);
    }
    return [this.#from, this.#to];
  }
}

export class Summing {
  readonly #mpi: Mpi;
  readonly #count: number;
  readonly #wait: (pending: Pending) => void;
  readonly #staging = new Staging();
  constructor(mpi: Mpi, count: number, wait: (pending: Pending) => void) {
    this.#mpi = mpi;
    this.#count = count;
    this.#wait = wait;
  }

  /** Add up tensors over all ranks, each in its place; those of one dtype together. */
  sum(values: readonly Data[]): void {
    const kinds = new Map<unknown, Numbers[]>();
    for (const x of values as Numbers[])
      kinds.set(x.constructor, [...(kinds.get(x.constructor) ?? []), x]);
    for (const list of kinds.values()) this.#sumAlike(list);
  }

  #sumAlike(list: readonly Numbers[]): void {
    const Kind = list[0].constructor as new (at: ArrayBuffer, from: number, n: number) => Numbers;
    const size = list[0].BYTES_PER_ELEMENT,
      words = size / 4,
      count = this.#count;
    const length = list.reduce((n, x) => n + x.length, 0),
      part = Math.ceil(length / count);
    const [from, to] = this.#staging.take(count * part * size);
    const given = new Kind(from, 0, count * part);
    let at = 0;
    for (const x of list) {
      given.set(x, at);
      at += x.length;
    }
    this.#wait(this.#mpi.exchange(from, to, part * words));
    const own = new Kind(from, 0, part),
      all = new Kind(to, 0, count * part);
    for (let i = 0; i < part; i++) {
      let sum = all[i];
      // Each addition is rounded to the dtype, as the sums of threads are.
      for (let k = 1; k < count; k++) {
        own[i] = sum + all[k * part + i];
        sum = own[i];
      }
      own[i] = sum;
    }
    this.#wait(this.#mpi.gather(from, to, part * words));
    at = 0;
    for (const x of list) {
      x.set(all.subarray(at, at + x.length));
      at += x.length;
    }
  }

  /** The parts of all ranks, one behind another. */
  join(part: Data): Data {
    const Kind = part.constructor as new (at: ArrayBuffer | number) => Numbers;
    const words = part.byteLength / 4; // in an arena also a bool takes one
    const all = new Kind(part.length * this.#count);
    if (words === 0) return all;
    const own = part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength);
    this.#wait(this.#mpi.gather(own as ArrayBuffer, all.buffer as ArrayBuffer, words));
    return all;
  }
}

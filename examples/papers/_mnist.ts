/**
 * MNIST as sequences: each image is read pixel by pixel, row after row. Files are in the IDX format,
 * packed, the images to learn from in four parts; what the labels are learned from and what they are
 * judged by never mix.
 * Source: LeCun et al. 1998, doi:10.1109/5.726791; as sequences: Le et al. 2015, arXiv:1504.00941.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Sources, uniforms } from "./_experiment.ts";

const parts = [0, 1, 2, 3].map((part) => `mnist/train-images-part${part}.idx3-ubyte.gz`);
const LABELS = "mnist/train-labels-idx1-ubyte.gz";
const TEST = {
  images: "mnist/t10k-images-idx3-ubyte.gz",
  labels: "mnist/t10k-labels-idx1-ubyte.gz",
};
export const mnistFiles: readonly string[] = [...parts, LABELS, TEST.images, TEST.labels];

const SIDE = 28;
/** Mean and deviation of the pixels of all images to learn from, on a scale from 0 to 1. */
const [MEAN, DEVIATION] = [0.1307, 0.3081];

/** How much of the images is used, and how. */
export interface Cut {
  /** Images to learn from. */
  readonly learned: number;
  /** Images that decide when to stop: of those that come to learn from, evenly spread over them. */
  readonly held: number;
  /** Images of the test, evenly spread over it. */
  readonly judged: number;
  /** Side of the squares of pixels that are replaced by their mean, 1 or 2. */
  readonly square: number;
  /** Images of a batch. */
  readonly rows: number;
}

/** Moments of a sequence. */
export const momentsOf = ({ square }: Pick<Cut, "square">): number => (SIDE / square) ** 2;

interface Images {
  /** Pixels, row by row, 28 × 28 each. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** The bytes of an IDX file behind its header: a type (8: bytes), a rank, and the sizes. */
function idx(path: string, rank: number): Uint8Array {
  const bytes = gunzipSync(readFileSync(path));
  const sizes = Array.from({ length: rank }, (_, k) => bytes.readUInt32BE(4 + 4 * k));
  const body = bytes.subarray(4 + 4 * rank);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (bytes.readUInt32BE(0) !== 0x800 + rank || body.length !== count)
    throw new Error(`${path} is no IDX file of ${rank} axes.`);
  return body;
}

const read = (folder: string, images: readonly string[], labels: string): Images => ({
  pixels: Buffer.concat(images.map((file) => idx(join(folder, file), 3))),
  labels: idx(join(folder, labels), 1),
});

/** x [rows, moments, 1]: pixels of the images at `places`, standardised; y [rows]: 0 to 9. */
function batch({ pixels, labels }: Images, places: readonly number[], square: number) {
  const side = SIDE / square;
  const x = new Float32Array(places.length * side * side);
  places.forEach((place, row) => {
    for (let k = 0; k < SIDE * SIDE; k++) {
      const [r, c] = [Math.floor(k / SIDE / square), Math.floor((k % SIDE) / square)];
      x[(row * side + r) * side + c] += pixels[place * SIDE * SIDE + k] / (255 * square ** 2);
    }
  });
  return {
    inputs: {
      data: x.map((pixel) => (pixel - MEAN) / DEVIATION),
      shape: [places.length, side * side, 1],
    },
    targets: { data: Int32Array.from(places, (place) => labels[place]), shape: [places.length] },
  };
}

/** In an order of which each is as likely. */
function shuffled(places: readonly number[], uniform: () => number): number[] {
  const order = [...places];
  for (let k = order.length - 1; k > 0; k--) {
    const other = Math.floor(uniform() * (k + 1));
    [order[k], order[other]] = [order[other], order[k]];
  }
  return order;
}

/** `count` of 0 … total − 1, evenly spread: neighbours in a file are often of one kind. */
const spread = (total: number, count: number): number[] =>
  Array.from({ length: count }, (_, k) => Math.floor((k * total) / count));

/** An epoch is one pass over the images to learn from, in an order of its own. */
export const mnist =
  ({ learned, held, judged, square, rows }: Cut) =>
  (seed: number, folder: string): Sources => {
    const known = read(folder, parts, LABELS);
    const unseen = read(folder, [TEST.images], TEST.labels);
    const heldOut = spread(known.labels.length, held);
    const kept = new Set(heldOut);
    const others = [...known.labels.keys()].filter((place) => !kept.has(place));
    const lessons = spread(others.length, learned).map((k) => others[k]);
    function* batches(images: Images, order: readonly number[]) {
      for (let from = 0; from < order.length; from += rows)
        yield batch(images, order.slice(from, from + rows), square);
    }
    return {
      training: { batches: (epoch) => batches(known, shuffled(lessons, uniforms(seed, epoch))) },
      validation: { batches: () => batches(known, heldOut) },
      test: { batches: () => batches(unseen, spread(unseen.labels.length, judged)) },
    };
  };

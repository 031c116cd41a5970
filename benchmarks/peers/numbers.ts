/**
 * The numbers of every case as a file, from the generator that our own cases draw on: what is
 * compared reads the same weights and data, in whatever language. Time comes first; matrices are
 * [in, gates · size].
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Tensor } from "retrograd";
import { decodeSafetensors, encodeSafetensors } from "retrograd/layers";
import { leavesOf } from "../../packages/retrograd/src/tensor/tree.ts";
import { timedCell } from "../cells.ts";
import {
  GATED,
  LARGE,
  LEAKY_SMALL,
  largeNumbers,
  type Sizes,
  SMALL,
  sequenceNumbers,
  smallNumbers,
} from "../numbers.ts";
import { shaped } from "../training.ts";
import { installFolder } from "./installed.ts";

export type Named = Record<string, Tensor>;

interface Parts {
  readonly x: Float32Array;
  readonly y: Float32Array | Int32Array;
  readonly cell: { Wx: Float32Array; Wh: Float32Array; b: Float32Array };
  readonly head: { W: Float32Array; b: Float32Array };
}

function named(sizes: Sizes, gates: number, { x, y, cell, head }: Parts): Named {
  const { time, batch, input, size, classes } = sizes;
  return {
    x: shaped(x, time, batch, input),
    y: shaped(y, y.length),
    Wx: shaped(cell.Wx, input, gates * size),
    Wh: shaped(cell.Wh, size, gates * size),
    b: shaped(cell.b, gates * size),
    Wo: shaped(head.W, size, classes),
    bo: shaped(head.b, classes),
  };
}

function large(): Named {
  const numbers = largeNumbers();
  return named(LARGE, 4, { ...numbers, cell: numbers.lstm });
}

/** The first three gates of the LSTM's numbers, and the bias within the reset. */
function gru(): Named {
  const { lstm, ...rest } = largeNumbers();
  const { input, size } = LARGE;
  const cell = {
    Wx: lstm.Wx.subarray(0, input * 3 * size),
    Wh: lstm.Wh.subarray(0, size * 3 * size),
    b: lstm.b.subarray(0, 3 * size),
  };
  return { ...named(LARGE, 3, { ...rest, cell }), bh: shaped(lstm.b.subarray(3 * size), size) };
}

function leaky(): Named {
  const { leaky: own, ...rest } = largeNumbers();
  return named(LARGE, 1, { ...rest, cell: { Wx: own.U, Wh: own.W, b: own.b } });
}

function gated(): Named {
  const numbers = sequenceNumbers(5, GATED, 1);
  return { ...named(GATED, 1, numbers), p: shaped(numbers.weights(GATED.size), GATED.size) };
}

function small(): Named {
  const numbers = smallNumbers();
  return named({ ...SMALL, classes: 1 }, 4, { ...numbers, cell: numbers.lstm });
}

/** A cell of the table: its parameters by their own names. */
function ofCell(name: string): Named {
  const [, cell, size] = name.split("/");
  const { sizes, params, x, y, head } = timedCell(cell.replace(/-steps$/, ""), size);
  const { time, batch, input, size: units, classes } = sizes;
  const own = leavesOf<Tensor>(params).map(([path, t]) => [`cell.${path}`, t]);
  return {
    x: shaped(x, time, batch, input),
    y: shaped(y, y.length),
    ...Object.fromEntries(own),
    Wo: shaped(head.W, units, classes),
    bo: shaped(head.b, classes),
  };
}

const NUMBERS: Readonly<Record<string, () => Named>> = {
  "lstm-a": large,
  "lstm-a-forward": large,
  stream: large,
  "gru-a": gru,
  "leaky-a": leaky,
  "leaky-small": () => named(LEAKY_SMALL, 1, sequenceNumbers(4, LEAKY_SMALL, 1)),
  "gated-custom": gated,
  small,
};

/** @param name  a case of comparisons.ts */
export const numbersOf = (name: string): Named => NUMBERS[name]?.() ?? ofCell(name);

const folder = new URL("numbers/", installFolder);
export const fileOf = (name: string): URL =>
  new URL(`${name.replaceAll("/", "-")}.safetensors`, folder);

/** Write the file of a case. */
export function writeNumbers(name: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(name), encodeSafetensors(numbersOf(name)));
}

export const readNumbers = (name: string): Named =>
  decodeSafetensors(readFileSync(fileOf(name))).tensors as Named;

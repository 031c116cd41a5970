/**
 * Factorisations, loops that data end, and what is made of them, as users call them. Few programs
 * need what they become, so the compiler learns of each when it is first called: a page that never
 * does does not carry them.
 */

import { fixedPoint as fixedPointOf } from "../loops/fixedPoint.ts";
import { parallelScan as parallelScanOf } from "../loops/parallelScan.ts";
import { whileLoop as whileLoopOf } from "../loops/while.ts";
import { emitCholesky, emitSolve } from "../nest/elimination.ts";
import { registerEmitter } from "../nest/emitters.ts";
import { emitQr } from "../nest/householder.ts";
import { emitWhile } from "../nest/while.ts";
import { cholesky as choleskyOf } from "../ops/cholesky.ts";
import { expm as expmOf } from "../ops/expm.ts";
import { qr as qrOf } from "../ops/qr.ts";
import { solve as solveOf } from "../ops/solve.ts";

const learnSolve = () => registerEmitter("solve", emitSolve);
const learnWhile = () => registerEmitter("while", emitWhile);

/** {@inheritDoc solveOf} */
export const solve: typeof solveOf = (...given) => {
  learnSolve();
  return solveOf(...given);
};

/** {@inheritDoc choleskyOf} */
export const cholesky: typeof choleskyOf = (...given) => {
  learnSolve(); // in its derivatives
  registerEmitter("cholesky", emitCholesky);
  return choleskyOf(...given);
};

/** {@inheritDoc qrOf} */
export const qr: typeof qrOf = (...given) => {
  learnSolve(); // in its derivatives
  registerEmitter("qr", emitQr);
  return qrOf(...given);
};

/** {@inheritDoc expmOf} */
export const expm: typeof expmOf = (...given) => {
  learnSolve();
  return expmOf(...given);
};

/** {@inheritDoc fixedPointOf} */
export const fixedPoint: typeof fixedPointOf = (...given) => {
  learnWhile();
  learnSolve(); // in Anderson's acceleration
  return fixedPointOf(...given);
};

/** {@inheritDoc whileLoopOf} */
export const whileLoop: typeof whileLoopOf = (...given) => {
  learnWhile();
  return whileLoopOf(...given);
};

/** {@inheritDoc parallelScanOf} */
export const parallelScan: typeof parallelScanOf = (...given) => {
  learnWhile(); // of its rounds
  return parallelScanOf(...given);
};

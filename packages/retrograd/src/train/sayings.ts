/** What a run has to say beside its progress, until its next event. */
import type { Notice } from "../errors.ts";
import type { MethodEvent, Position, WarningEvent } from "./events.ts";

type Saying = WarningEvent | MethodEvent;

export class Sayings {
  readonly #waiting: Saying[] = [];
  readonly #said = new Set<string>();

  add(saying: Saying): void {
    this.#waiting.push(saying);
  }
  warn(told: Notice, position: Position): void {
    this.add({ type: "warning", ...position, ...told });
  }
  /** What holds for many batches and programs is said of the first. */
  warnOnce(told: Notice, position: Position): void {
    if (!this.#said.has(told.code)) this.warn(told, position);
    this.#said.add(told.code);
  }

  /** All that waits, once. */
  *take(): Generator<Saying> {
    while (this.#waiting.length) yield this.#waiting.shift()!;
  }
}

/**
 * How a run is shown: to a person who watches, as a bar that is drawn again; to a file, as lines;
 * to a machine, as one JSON object a line.
 */
import type { TrainEvent } from "retrograd/train";
import { wrap } from "./columns.ts";
import { bytes, clock, count, figures, plural, short, sparkline } from "./numbers.ts";
import type { Terminal } from "./terminal.ts";

/** What is known before the first step. */
export interface Beginning {
  readonly folder: string;
  readonly task: "forecast" | "language";
  /** Steps of the whole run, and of an epoch. */
  readonly steps: number;
  readonly batches: number;
  readonly epochs: number;
  readonly parameters: number;
  /** What a step reads: so many sequences or characters. */
  readonly unit: string;
  readonly perStep: number;
  /** Threads that share each batch. */
  readonly shards: number;
  /** Steps made before, by a run that is resumed. */
  readonly done: number;
}

export interface View {
  /** Sentences for people. */
  say(...sentences: string[]): void;
  begin(beginning: Beginning): void;
  /** @param memory  of the training program, in bytes */
  event(event: TrainEvent, memory: number): void;
  /** Take the bar away. */
  pause(): void;
  /** The last thing: text for people, an object for machines. */
  finish(text: string, summary: Record<string, unknown>): void;
}

export const viewFor = (terminal: Terminal, json: boolean): View =>
  json ? jsonView(terminal) : terminal.live ? liveView(terminal) : plainView(terminal);

function jsonView({ out }: Terminal): View {
  const line = (o: object) => out(`${JSON.stringify(o)}\n`);
  return {
    say: (...sentences) => sentences.forEach((text) => line({ type: "note", text })),
    begin: (beginning) => line({ type: "begin", ...beginning }),
    event: line,
    pause: () => {},
    finish: (_, summary) => line({ type: "summary", ...summary }),
  };
}

/** Numbers about a run that is under way; losses of a text in bits, as its scores will be. */
class Pace {
  readonly beginning: Beginning;
  readonly started = performance.now();
  step: number;
  loss = Number.NaN;
  readonly validation: number[] = [];
  constructor(beginning: Beginning) {
    this.beginning = beginning;
    this.step = beginning.done;
  }
  take(event: TrainEvent): void {
    this.step = event.step;
    if (event.type !== "step" && event.type !== "validation") return;
    const loss = this.beginning.task === "language" ? event.loss / Math.LN2 : event.loss;
    if (event.type === "validation") this.validation.push(loss);
    else this.loss = Number.isNaN(this.loss) ? loss : 0.95 * this.loss + 0.05 * loss;
  }
  /** What the loss is called. */
  get name(): string {
    return this.beginning.task === "language" ? "bits" : "loss";
  }
  get seconds(): number {
    return (performance.now() - this.started) / 1000;
  }
  get rate(): number {
    return (this.step - this.beginning.done) / this.seconds;
  }
  /** Seconds left if all epochs are needed. */
  get left(): number {
    return (this.beginning.steps - this.step) / this.rate;
  }
  words(memory: number): string[] {
    const { perStep, unit } = this.beginning;
    return [
      `${short(this.rate).padStart(4)} steps/s`,
      `${short(this.rate * perStep).padStart(4)} ${unit}/s`,
      `${clock(this.left).padStart(5)} left`,
      bytes(Math.max(memory, process.memoryUsage.rss())),
    ];
  }
}

function sayTo({ out, columns }: Terminal) {
  return (...sentences: string[]) => {
    const width = Math.min(columns, 100);
    for (const text of sentences) out(`${wrap(text, width)}\n`);
  };
}

const beginText = ({ folder, parameters, steps, batches, epochs, shards, done }: Beginning) =>
  `${count(parameters)} parameters${shards > 1 ? ` on ${shards} shards` : ""}; at most ${plural(epochs, "epoch")} of ${plural(batches, "step")}` +
  `${done ? `, of ${count(steps)} steps ${count(done)} are done` : ""}. Folder: ${folder}`;

function plainView(terminal: Terminal): View {
  const { out } = terminal;
  const say = sayTo(terminal);
  let pace: Pace | undefined;
  let shown = 0;
  const line = (epoch: number, memory: number) => {
    if (!pace) return;
    const validation = pace.validation.at(-1);
    const { epochs, steps } = pace.beginning;
    // As wide as it can become: lines stand below each other.
    const wide = (n: number, most: number) => count(n).padStart(count(most).length);
    const words = [
      `epoch ${wide(epoch, epochs)}/${count(epochs)}`,
      `step ${wide(pace.step, steps)}`,
      `${pace.name} ${figures(pace.loss).padEnd(6)}`,
      ...(validation === undefined ? [] : [`validation ${figures(validation).padEnd(6)}`]),
      ...pace.words(memory),
    ];
    out(`  ${words.join("  ")}\n`);
    shown = performance.now();
  };
  return {
    say,
    begin(beginning) {
      pace = new Pace(beginning);
      say(beginText(beginning));
    },
    event(event, memory) {
      pace?.take(event);
      if (event.type === "warning") out(`  ! ${event.text}\n`);
      if (event.type === "method") out(`  ${event.text}\n`);
      if (event.type === "validation") line(event.epoch + 1, memory);
      else if (event.type === "step" && performance.now() - shown > 10_000 && shown > 0)
        line(event.epoch + 1, memory);
      shown ||= performance.now();
    },
    pause: () => {},
    finish: (text) => out(`${text}\n`),
  };
}

/** As many of the words as there is room for. */
function fitting(words: readonly string[], between: string, room: number): string {
  const count = words.findIndex((_, k) => words.slice(0, k + 1).join(between).length > room);
  return words.slice(0, count < 0 ? words.length : count).join(between);
}

/** Milliseconds between two drawings of the bar. */
const FRAME = 100;

function liveView(terminal: Terminal): View {
  const { out, paint } = terminal;
  const say = sayTo(terminal);
  let pace: Pace | undefined;
  let drawn = 0;
  const clear = () => {
    if (drawn) out("\r\x1b[J\x1b[?25h");
    drawn = 0;
  };
  const draw = (epoch: number, memory: number) => {
    if (!pace) return;
    const { beginning, step, loss, validation } = pace;
    const part = Math.min(1, step / beginning.steps);
    const width = terminal.columns < 64 ? 8 : 20;
    const full = Math.round(part * width);
    const bar = paint("cyan", "━".repeat(full)) + paint("dim", "─".repeat(width - full));
    const epochs = `epoch ${Math.min(epoch + 1, beginning.epochs)}/${beginning.epochs}`;
    const seen = validation.length ? [`validation ${figures(validation.at(-1))}`] : [];
    // A line that wraps could not be drawn again: what finds no room is left out.
    const room = terminal.columns - width - 4;
    const words = fitting([epochs, `${pace.name} ${figures(loss)}`, ...seen], "  ", room);
    const trend = sparkline(validation);
    const wide =
      !trend || words.length + trend.length + 2 > room ? "" : `  ${paint("cyan", trend)}`;
    const text = `  ${bar} ${words}${wide}`;
    const tail = paint("dim", `  ${fitting(pace.words(memory), " · ", room + width)}`);
    out(`${drawn ? "\r\x1b[1A" : "\x1b[?25l"}\x1b[J${text}\n${tail}`);
    drawn = performance.now();
  };
  process.once("exit", () => drawn && out("\x1b[?25h"));
  return {
    say(...sentences) {
      clearBar();
      say(...sentences);
    },
    begin(beginning) {
      pace = new Pace(beginning);
      say(beginText(beginning));
    },
    event(event, memory) {
      pace?.take(event);
      if (event.type === "warning" || event.type === "method") {
        clearBar();
        out(`  ${event.type === "method" ? "" : `${paint("yellow", "!")} `}${event.text}\n`);
      }
      if (!drawn || performance.now() - drawn > FRAME) draw(event.epoch, memory);
    },
    pause: clearBar,
    finish: (text) => {
      clearBar();
      out(`${text}\n`);
    },
  };
  /** The bar has two lines. */
  function clearBar() {
    if (drawn) out("\r\x1b[1A");
    clear();
  }
}

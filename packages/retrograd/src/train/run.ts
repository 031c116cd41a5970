/**
 * A run: the training loop as an async iterable of events. Nothing happens until it is iterated;
 * between two events everything is at rest, so it can be read, saved, stopped and gone on with.
 */

import { compilerMessages } from "../errors/compiler.ts";
import { fail, trainingMessages } from "../errors/training.ts";
import { type Notice, notice } from "../errors.ts";
import { type Resident, resident, type TargetName } from "../jit/jit.ts";
import { checkSkip } from "../layers/skip.ts";
import { key, split } from "../ops/random.ts";
import { overRanks, ranks } from "../targets/ranks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkInputs, checkLabels, type Fed, feed, inputOf, padRows, rowsFor } from "./batch.ts";
import { caution } from "./cautions.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Evaluation, Evaluator } from "./evaluate.ts";
import type { DoneReason, MethodEvent, Position, StepEvent, TrainEvent } from "./events.ts";
import type { Method } from "./method.ts";
import { notFinite } from "./notFinite.ts";
import { occasional } from "./onDemand.ts";
import type { Plan } from "./options.ts";
import { pacer } from "./pause.ts";
import { type Best, beginningOf, type Progress } from "./progress.ts";
import { Sayings } from "./sayings.ts";
import {
  type Carry,
  classesOf,
  firstCarry,
  rateOf,
  type StepOutputs,
  shardNumbers,
  stepShards,
  trainingStep,
} from "./step.ts";
import { type Store, storeOf } from "./store.ts";

/** The lower of two limits, where there is any. */
const lower = (a: number | undefined, b: number | undefined): number | undefined =>
  a !== undefined && b !== undefined ? Math.min(a, b) : (a ?? b);

type Events = AsyncGenerator<TrainEvent, void, void>;

export class Run implements AsyncIterable<TrainEvent> {
  readonly #plan: Plan;
  #progress: Progress;
  /** Read from a store, and not yet in the program. */
  #restored: Checkpoint | undefined;
  #program: Resident<Carry, StepOutputs> | undefined;
  /** As the plan says, until the first batch shows what it is to be fitted to. */
  #method: Method;
  #classes: number | undefined;
  #params: any;
  /** Arguments of every step behind the batch and the rate. */
  #last: readonly Tensor[] = [];
  /** Rows of every batch, with those that weigh nothing. */
  #rows = 0;
  #evaluate: Evaluator | undefined;
  #best: { readonly at: Best; readonly params: any } | undefined;
  readonly #sayings = new Sayings();
  #pause = pacer();
  #running = false;
  /** It is to end; and, where there are ranks, this one was told so and the others must hear it. */
  #stopping = false;
  #told = false;
  /** What the last checkpoint in the run's own store says. */
  #saved: Progress | undefined;

  constructor(plan: Plan, restored?: Checkpoint) {
    this.#plan = plan;
    this.#method = plan.method;
    this.#progress = restored?.progress ?? beginningOf(plan);
    this.#restored = restored;
    this.#saved = restored?.progress;
    for (const told of plan.notices) this.warn(told);
  }

  /** Updates made so far, and the epoch. */
  get position(): Position {
    return { step: this.#progress.step, epoch: this.#progress.epoch };
  }
  /** A copy of the parameters as they are now; undefined before the first batch. */
  get params(): any {
    return this.#program?.read().params;
  }
  /** The parameters of the smallest validation loss (or epoch loss), and where they were found. */
  get best(): { readonly at: Best; readonly params: any } | undefined {
    return this.#best;
  }
  /** What the compiler made of the training step. */
  explain(): string {
    const { plan } = this.#method;
    const made = this.#program?.explain() ?? "not compiled yet: iterate the run once";
    return plan ? `${plan}\n${made}` : made;
  }
  /** What it was told to run on, or what serves in its place. */
  get target(): TargetName {
    return this.#plan.target ?? "auto";
  }
  /** Memory of the training program, in bytes. */
  get peakBytes(): number {
    return this.#program?.peakBytes ?? 0;
  }
  /** End after the step that is under way, with a checkpoint. */
  stop(): void {
    this.#told = true;
    if (!ranks()) this.#stopping = true;
  }

  /** Write a checkpoint of this moment. @throws "folder-unknown", "disk-full" */
  async save(where: Store | string): Promise<void> {
    if (!this.#program)
      fail("bad-argument", {
        where: "save",
        given: "a run that has not begun",
        expected: "a run after its first event",
      });
    const store = storeOf(where);
    const { writeBest, writeLast } = await occasional();
    if (this.#best) await writeBest(store, this.#best.params, this.#best.at);
    await writeLast(store, this.#program.read(), this.#progress);
  }

  async *[Symbol.asyncIterator](): Events {
    if (this.#running)
      fail("bad-argument", {
        where: "train",
        given: "a run twice",
        expected: "one loop over a run",
      });
    this.#running = true;
    this.#stopping = false;
    this.#told = false;
    const { store } = this.#plan;
    let release: (() => Promise<void>) | undefined;
    let failed = false;
    try {
      release = await store?.lock?.();
      if (store && !this.#program) await (await occasional()).mustBeFree(store);
      yield* this.#epochs();
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      // A loop that was left early loses nothing; one that failed keeps its last good checkpoint.
      if (!failed) await this.#writeLast();
      await release?.();
      this.#running = false;
    }
  }

  async *#epochs(): Events {
    yield* this.#sayings.take();
    let reason = this.#ended();
    while (!reason) {
      yield* this.#batches();
      if (!this.#stopping && !this.#enough()) yield* this.#closeEpoch();
      reason = this.#ended();
      if (reason === "steps") yield* this.#validate();
    }
    yield* this.#checkpoint();
    yield { type: "done", ...this.position, reason, best: this.#progress.best };
  }

  /** The rest of an epoch, from where the run stands. */
  async *#batches(): Events {
    const { epoch } = this.#progress;
    const { data, loss } = this.#plan;
    let index = 0;
    for await (const batch of data.batches(epoch)) {
      if (index++ < this.#progress.batch) continue;
      const fed = feed(batch, loss.target);
      const told = caution(this.#method, fed, epoch, index - 1);
      if (told) this.#sayings.warnOnce(told, this.position);
      yield* this.#sayings.take();
      yield* this.#learn(fed);
      if (this.#stopping || this.#enough()) return;
    }
    if (index === 0) fail("no-batches", { what: "The data", epoch });
  }

  /** The windows of one batch, an update each. */
  async *#learn(fed: Fed): Events {
    const { loss, validateEvery, checkpoint, shards } = this.#plan;
    checkInputs(this.#plan.model, fed);
    if (!fed.start) checkSkip(this.#plan.model, fed.inputs.shape[1]);
    if (!this.#program) await this.#begin(fed);
    yield* this.#adapt(fed);
    const method = this.#method;
    yield* this.#sayings.take();
    if (this.#classes !== undefined) checkLabels(fed, this.#classes, loss.ignore);
    const padded = padRows(fed, this.#rows, this.#progress.rows);
    const parts = method.cut ? [...method.cut(padded, this.#progress.epoch)] : [padded];
    for (const part of parts.slice(this.#progress.window)) {
      if (shards > 1) await (await occasional()).prepareThreads(shards - 1);
      yield this.#step(part, parts.length, fed.inputs.shape[1]);
      yield* this.#sayings.take();
      const { step } = this.#progress;
      if (validateEvery && step % validateEvery === 0) yield* this.#validate();
      if (checkpoint?.every && step % checkpoint.every === 0) yield* this.#checkpoint();
      await this.#pause();
      this.#agree();
      if (this.#stopping || this.#enough()) return;
    }
  }

  /** What a method that adapts does in this epoch, judged by the first batch of it. */
  async *#adapt(batch: Fed): Events {
    const { adapts } = this.#plan.method;
    const { choice } = this.#progress;
    if (!adapts) return;
    if (this.#progress.batch + this.#progress.window === 0) {
      const { chosen } = await occasional();
      this.#progress = chosen(adapts, this.#plan, this.#progress, this.params, batch);
    }
    this.#method = adapts.with(this.#progress.choice!);
    if (this.#progress.choice !== choice) yield this.#chose();
  }

  /** @param parts, time  windows of the whole batch, and its steps */
  async #step(batch: Fed, parts: number, time: number): Promise<StepEvent> {
    const { optimizer, schedule } = this.#plan;
    const was = this.#progress;
    const rate = optimizer.rate * schedule.factor(was.step, was.schedule);
    const begin = performance.now();
    const out = this.#program!.call(batch, rateOf(rate, this.#params), ...this.#last);
    for (const told of this.#program!.remarks) this.#sayings.warnOnce(told, this.position);
    const [loss, norm, count] = [out.loss.item(), out.norm.item(), out.count.item()];
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      const carry = this.#program!.read();
      const failing = { plan: this.#plan, method: this.#method, carry, progress: was };
      await notFinite(failing, batch, loss, time);
    }
    const last = was.window + 1 === parts;
    this.#progress = {
      ...was,
      step: was.step + 1,
      batch: last ? was.batch + 1 : was.batch,
      window: last ? 0 : was.window + 1,
      sum: was.sum + loss * count,
      count: was.count + count,
    };
    return {
      type: "step",
      ...this.position,
      batch: was.batch,
      window: was.window,
      ...{ loss, norm, rate },
      milliseconds: performance.now() - begin,
    };
  }

  /** Parameters, program and restored values, once the first batch shows its shape. */
  async #begin(fed: Fed): Promise<void> {
    const { model, method, seed, loss, target, shards } = this.#plan;
    const { inputs } = fed;
    const params = this.#plan.params ?? model.init(split(key(seed))[0], inputOf(inputs));
    if (!this.#restored) this.#progress = { ...this.#progress, rows: inputs.shape[0] };
    const { rows } = this.#progress;
    this.#rows = rowsFor(rows, shards);
    const first = padRows(fed, this.#rows, rows);
    if (method.fit) {
      const { fitted } = await occasional();
      this.#method = fitted(this.#plan.step, params, first, { target });
    }
    if (this.#method.plan) this.#sayings.add(this.#chose());
    const step = { ...this.#plan.step, method: this.#method };
    const memoryLimit = lower(this.#plan.memoryLimit, this.#method.budget);
    const carry = firstCarry(step, params, this.#rows);
    this.#params = params;
    const several = shards > 1 ? { shards: stepShards(shards) } : {};
    if (shards > 1) this.#last = [shardNumbers(shards)];
    if (shards > rows) this.warn(notice(trainingMessages, "shards-idle", { shards, rows }));
    this.#program = resident(trainingStep(step), carry, { target, memoryLimit, ...several });
    if (this.#restored) this.#program.write(this.#restored.fill(carry));
    if (loss.target === "label") this.#classes = classesOf(step, params, fed);
  }

  /** Ranks end together, whichever of them was told to. */
  #agree(): void {
    if (overRanks(this.#told ? 1 : 0)) this.#stopping = true;
  }

  /** End of an epoch: its mean loss, validation, schedule, checkpoint. */
  async *#closeEpoch(): Events {
    const { validation, validateEvery, checkpoint } = this.#plan;
    const { sum, count, epoch } = this.#progress;
    const loss = sum / count;
    yield { type: "epoch", ...this.position, loss };
    if (!validation) yield* this.#assess(loss);
    else if (!validateEvery) yield* this.#validate();
    this.#progress = { ...this.#progress, epoch: epoch + 1, batch: 0, sum: 0, count: 0 };
    if (!checkpoint?.every) yield* this.#checkpoint();
  }

  async *#validate(): Events {
    const { validation, model, loss, metrics, target, memoryLimit, shards } = this.#plan;
    if (!validation) return;
    const scored = { model, loss, method: this.#method, metrics };
    const { evaluator } = await occasional();
    this.#evaluate ??= evaluator({ ...scored, target, memoryLimit, shards });
    const found: Evaluation = await this.#evaluate(this.params, validation);
    const best = Number.isFinite(found.loss) && this.#isBest(found.loss);
    yield { type: "validation", ...this.position, ...found, best };
    if (Number.isFinite(found.loss)) yield* this.#assess(found.loss);
    else {
      const where = { what: "The validation loss", step: undefined, op: "the validation data" };
      this.warn(notice(compilerMessages, "not-finite", where));
      yield* this.#sayings.take();
    }
  }

  #isBest = (loss: number): boolean => !this.#progress.best || loss < this.#progress.best.loss;

  /** Tell a loss to the schedule and to early stopping; keep the best parameters. */
  async *#assess(loss: number): Events {
    const { schedule, store } = this.#plan;
    const was = this.#progress;
    const best = this.#isBest(loss);
    this.#progress = {
      ...was,
      schedule: schedule.observe ? schedule.observe(was.schedule, loss) : was.schedule,
      best: best ? { ...this.position, loss } : was.best,
      waited: best ? 0 : was.waited + 1,
    };
    if (!best) return;
    this.#best = { at: this.#progress.best!, params: this.params };
    if (!store) return;
    const { writeBest } = await occasional();
    const name = await writeBest(store, this.#best.params, this.#best.at);
    yield { type: "checkpoint", ...this.position, kind: "best", name };
  }

  async *#checkpoint(): Events {
    const name = await this.#writeLast();
    if (name) yield { type: "checkpoint", ...this.position, kind: "last", name };
  }

  /** Gives the name that was written; undefined where nothing changed since the last one. */
  async #writeLast(): Promise<string | undefined> {
    const { store } = this.#plan;
    if (!store || !this.#program || this.#saved === this.#progress) return undefined;
    const { writeLast } = await occasional();
    const progress = { ...this.#progress, serial: this.#progress.serial + 1 };
    const name = await writeLast(store, this.#program.read(), progress);
    this.#progress = progress;
    this.#saved = progress;
    return name;
  }

  #enough = (): boolean => this.#progress.step >= (this.#plan.steps ?? Infinity);

  /** Why the run is over, if it is. */
  #ended(): DoneReason | undefined {
    const { epochs = Infinity, earlyStopping } = this.#plan;
    if (this.#enough()) return "steps";
    if (this.#progress.epoch >= epochs) return "epochs";
    if (earlyStopping && this.#progress.waited >= earlyStopping.patience) return "early-stopping";
    return this.#stopping ? "stopped" : undefined;
  }

  #chose = (): MethodEvent => ({ type: "method", ...this.position, text: this.#method.plan! });

  /** Say something as the next event. */
  warn(told: Notice): void {
    this.#sayings.warn(told, this.position);
  }

  /** Put what was restored in its place: a run that has just been read can be looked at. */
  async prepare(store: Store): Promise<void> {
    for await (const batch of this.#plan.data.batches(this.#progress.epoch)) {
      await this.#begin(feed(batch, this.#plan.loss.target));
      break;
    }
    const { best } = this.#progress;
    const params = best && (await (await occasional()).readBest(store, this.#params));
    if (best && params) this.#best = { at: best, params };
  }
}

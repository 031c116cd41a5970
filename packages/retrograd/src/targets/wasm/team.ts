/**
 * What a module of several shards has beside its kernels, as Wasm itself: the barrier where shards
 * wait for each other, the sums, and the loop in which a thread serves one call after another. All
 * arenas lie in one shared memory, behind a page of words that the threads speak through.
 */
import type { Collective } from "../../nest/nest.ts";
import { resolve } from "../../nest/nest.ts";
import { bytesOf, type DType } from "../../scalar/dtype.ts";
import {
  ADD_I32,
  type Bytes,
  type Function,
  globalGet,
  I32,
  int,
  localGet,
  localSet,
  localTee,
  long,
  MUL_I32,
  PAGE,
  simd,
  unsigned,
  V128,
  VOID,
} from "./encode.ts";
import { FIRST, SHARD, type Team } from "./shards.ts";

/** Bytes of the words of the team, each in a cache line of its own. */
export const TURN = 0,
  ARRIVED = 64,
  MET = 128,
  FAILED = 192,
  PATIENCE = 256;

/** Looks at a word before a thread goes to sleep: some tens of microseconds. */
const LOOKS = 20_000;
const SECOND = 1_000_000_000;
const FOREVER = 2 ** 31 - 1;

const [IF, LOOP, BLOCK, END, RETURN, TRAP, DROP, SELECT] = [4, 3, 2, 11, 15, 0, 0x1a, 0x1b];
const [EQUAL, UNEQUAL, LESS, AT_LEAST, SUBTRACT, DIVIDE] = [0x46, 0x47, 0x49, 0x4f, 0x6b, 0x6e];
const again = (depth: number): Bytes => [0x0c, depth];
const againIf = (depth: number): Bytes => [0x0d, depth];
const call = (f: number): Bytes => [0x10, ...unsigned(f)];
const atomic = (op: number, word: number): Bytes => [0xfe, op, 2, ...unsigned(word)];
const load = (word: number): Bytes => [...int(0), ...atomic(0x10, word)];
const store = (word: number, value: Bytes): Bytes => [...int(0), ...value, ...atomic(0x17, word)];
const wake = (word: number, count: number): Bytes => [
  ...[...int(0), ...int(count), ...atomic(0x00, word), DROP],
];

/** (place, old, seconds): until the word is another; a trap when a shard failed, or none came. */
function until(): Function {
  const [place, old, seconds, looks] = [0, 1, 2, 3];
  const code = [
    ...[LOOP, VOID],
    ...[...localGet(place), ...atomic(0x10, 0), ...localGet(old), UNEQUAL, IF, VOID, RETURN, END],
    ...[...load(FAILED), IF, VOID, TRAP, END],
    ...[...localGet(looks), ...int(1), ADD_I32, ...localTee(looks)],
    ...[...int(LOOKS), LESS, ...againIf(0)],
    ...[...localGet(place), ...localGet(old), ...long(SECOND), ...atomic(0x01, 0)],
    ...[...int(2), EQUAL, IF, VOID], // nobody came within the second
    ...[...localGet(seconds), ...int(1), SUBTRACT, ...localTee(seconds)],
    ...[...int(0), EQUAL, IF, VOID, TRAP, END, END],
    ...[...again(0), END],
  ];
  return { parameters: 3, locals: [I32], code, name: "until" };
}

/** All shards are here. */
function meet(until: number, shards: number): Function {
  const turn = 0;
  const code = [
    ...[...load(MET), ...localSet(turn)],
    ...[...int(0), ...int(1), ...atomic(0x1e, ARRIVED), ...int(shards - 1), EQUAL, IF, VOID],
    ...store(ARRIVED, int(0)),
    ...store(MET, [...localGet(turn), ...int(1), ADD_I32]),
    ...[...wake(MET, shards), RETURN, END],
    ...[...int(MET), ...localGet(turn), ...load(PATIENCE), ...call(until)],
  ];
  return { parameters: 0, locals: [I32], code, name: "meet" };
}

/** What a thread does: its part of one call after another. */
function serve(until: number, meet: number, run: number): Function {
  const turn = 0;
  const code = [
    ...[LOOP, VOID, ...int(TURN), ...localGet(turn), ...int(FOREVER), ...call(until)],
    ...[...load(TURN), ...localSet(turn), ...call(run), ...call(meet), ...again(0), END],
  ];
  return { parameters: 0, locals: [I32], code, name: "serve" };
}

const ADD: Record<string, number> = { float32: 0xe4, float64: 0xf0, int32: 0xae };

/**
 * (offset, length): this shard adds up its part of a buffer in the order of the shards, and writes
 * it to all arenas. The last vector may reach into the slack behind a buffer.
 */
function sumOf(dtype: DType, { shards, stride }: Team): Function {
  const [offset, length, at, end, part, sum] = [0, 1, 2, 3, 4, 5];
  const each = Array.from({ length: shards }, (_, k) => FIRST + k * stride);
  const memory = (op: number, arena: number): Bytes => [...simd(op), 0, ...unsigned(arena)];
  /** min(length, ⌊⌈length/16⌉ · k / shards⌋ · 16), as a place. */
  const placeOf = (k: Bytes): Bytes => [
    ...[...localGet(length), ...int(15), ADD_I32, ...int(16), DIVIDE, ...k, MUL_I32],
    ...[...int(shards), DIVIDE, ...int(16), MUL_I32, ...localTee(part), ...localGet(length)],
    ...[...localGet(part), ...localGet(length), LESS, SELECT],
    ...[...int(bytesOf(dtype)), MUL_I32, ...localGet(offset), ADD_I32],
  ];
  const code = [
    ...[...placeOf(globalGet(SHARD)), ...localSet(at)],
    ...[...placeOf([...globalGet(SHARD), ...int(1), ADD_I32]), ...localSet(end)],
    ...[BLOCK, VOID, LOOP, VOID, ...localGet(at), ...localGet(end), AT_LEAST, ...againIf(1)],
    ...each.flatMap((arena, k) => [
      ...[...localGet(at), ...memory(0x00, arena), ...(k ? simd(ADD[dtype]) : [])],
    ]),
    ...localSet(sum),
    ...each.flatMap((arena) => [...localGet(at), ...localGet(sum), ...memory(0x0b, arena)]),
    ...[...localGet(at), ...int(16), ADD_I32, ...localSet(at), ...again(0), END, END],
  ];
  return { parameters: 2, locals: [I32, I32, I32, V128], code, name: `add_up_${dtype}` };
}

/** The functions of a module for a team, to which those of its kernels are added. */
export class TeamFunctions {
  readonly functions: Function[] = [];
  readonly team: Team;
  readonly #until: number;
  readonly #sums = new Map<DType, number>();
  readonly meet: number;
  constructor(team: Team) {
    this.team = team;
    this.#until = this.functions.push(until()) - 1;
    this.meet = this.functions.push(meet(this.#until, team.shards)) - 1;
  }
  /** Of the memory of the team. */
  get pages(): number {
    return Math.ceil((FIRST + this.team.shards * this.team.stride) / PAGE);
  }

  /** All shards are here; each adds its part; all parts are there. */
  addUp({ buffers }: Collective): Bytes {
    const sums = buffers.flatMap((b) => {
      const { offset, length, dtype } = resolve(b);
      return [...int(offset!), ...int(length), ...call(this.#sumOf(dtype))];
    });
    return [...call(this.meet), ...sums, ...call(this.meet)];
  }
  #sumOf(dtype: DType): number {
    const id = this.#sums.get(dtype) ?? this.functions.push(sumOf(dtype, this.team)) - 1;
    this.#sums.set(dtype, id);
    return id;
  }
  /** @param run  the function of one call */
  serve = (run: number): number => this.functions.push(serve(this.#until, this.meet, run)) - 1;
}

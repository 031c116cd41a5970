/**
 * The plan: every buffer gets a fixed offset in one arena, and buffers that are never alive
 * together share places. The peak is known before anything runs.
 */
import { bytesOf } from "../scalar/dtype.ts";
import { type Buffer, type Item, resolve, type Schedule } from "./nest.ts";

/** Buffers begin at cache lines. */
const ALIGN = 64;

interface Life {
  buffer: Buffer;
  first: number;
  last: number;
  bytes: number;
}
interface Use {
  position: number;
  write: boolean;
  loops: readonly Span[];
}
interface Span {
  start: number;
  end: number;
}

/**
 * Give every buffer of the schedule its offset; returns the bytes of the arena.
 * @param slack  bytes behind each buffer, where a vector may read past the last column
 */
export function plan(schedule: Schedule, slack: number): number {
  const lives = lifetimes(schedule, slack).sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  const placed: Life[] = [];
  let size = 0;
  for (const life of lives) {
    const busy = placed
      .filter((p) => p.first <= life.last && life.first <= p.last)
      .sort((a, b) => a.buffer.offset! - b.buffer.offset!);
    let at = 0;
    for (const b of busy) {
      if (at + life.bytes <= b.buffer.offset!) break;
      at = Math.max(at, b.buffer.offset! + b.bytes);
    }
    life.buffer.offset = at;
    size = Math.max(size, at + life.bytes);
    placed.push(life);
  }
  return size;
}

function lifetimes(schedule: Schedule, slack: number): Life[] {
  const uses = new Map<Buffer, Use[]>();
  let position = 0;
  const use = (buffer: Buffer, write: boolean, loops: readonly Span[]) => {
    const b = resolve(buffer);
    if (!uses.has(b)) uses.set(b, []);
    uses.get(b)!.push({ position, write, loops });
  };
  const walk = (items: readonly Item[], loops: readonly Span[]): void => {
    for (const item of items) {
      if (item.kind === "kernel") {
        position++;
        for (const a of item.kernel.reads) use(a.buffer, false, loops);
        for (const a of item.kernel.writes) use(a.buffer, true, loops);
        continue;
      }
      if (item.kind === "collective") {
        position++;
        for (const b of item.buffers) {
          use(b, false, loops);
          use(b, true, loops);
        }
        continue;
      }
      const span: Span = { start: ++position, end: 0 },
        inside = [...loops, span];
      if (item.kind === "while") {
        walk(item.condition, inside);
        position++;
        use(item.flag, false, inside);
      }
      walk(item.body, inside);
      span.end = ++position;
    }
  };
  walk(schedule.setup, []);
  walk(schedule.main, []);
  const end = position + 1;
  const lives: Life[] = [];
  for (const buffer of schedule.buffers) {
    if (buffer.alias) continue;
    const aliases = schedule.buffers.filter((b) => resolve(b) === buffer);
    const kinds = new Set(aliases.map((b) => b.kind)),
      seen = uses.get(buffer) ?? [];
    const bytes = Math.ceil((buffer.length * bytesOf(buffer.dtype) + slack) / ALIGN) * ALIGN;
    if (kinds.has("resident") || kinds.has("constant"))
      lives.push({ buffer, first: 0, last: end, bytes });
    else if (seen.length || kinds.has("input") || kinds.has("output")) {
      const outside: Use[] = []; // filled before the run, or read after it
      if (kinds.has("input")) outside.push({ position: 0, write: true, loops: [] });
      if (kinds.has("output")) outside.push({ position: end, write: false, loops: [] });
      const [first, last] = span([...outside, ...seen], end);
      lives.push({ buffer, bytes, first, last });
    }
  }
  return lives;
}

/** From first to last use; a loop that holds only some of the uses is crossed whole. */
function span(uses: readonly Use[], end: number): [number, number] {
  if (uses.length === 0) return [0, end];
  let common = uses[0].loops.length;
  for (const u of uses)
    while (common > 0 && u.loops[common - 1] !== uses[0].loops[common - 1]) common--;
  let first = Infinity,
    last = 0;
  for (const u of uses) {
    const inner = u.loops[common];
    first = Math.min(first, inner ? inner.start : u.position);
    last = Math.max(last, inner ? inner.end : u.position);
  }
  const earliest = uses.reduce((a, b) => (b.position < a.position ? b : a));
  const home = uses[0].loops[common - 1];
  if (home && !earliest.write) return [home.start, home.end]; // carried from one turn to the next
  return [first, last];
}

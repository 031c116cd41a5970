/**
 * What a printed program of several shards has beside its kernels: threads, the barrier where they
 * wait for each other, and the sums. Threads begin and end with each call, which takes some
 * microseconds; in between they wait by looking, because another shard is never far behind.
 */
import type { Collective } from "../../nest/nest.ts";
import { resolve } from "../../nest/nest.ts";
import { bytesOf, type DType } from "../../scalar/dtype.ts";
import { numberType } from "./types.ts";

/** Looks at a barrier before a thread lets others have its core, and then before it sleeps. */
const LOOKS = 20_000,
  YIELDS = 1_000;

/** Arenas lie `stride` bytes apart; `started` is 1 when all threads are there, -1 when one failed. */
export const team = (shards: number): string => `#include <pthread.h>
#include <sched.h>
#include <time.h>
#define SHARDS ${shards}
typedef struct { address first; long stride; int started, arrived, turn; } team;
typedef struct { team *all; long shard; } member;
#if defined(__x86_64__) || defined(__i386__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE()
#endif
static void until(int *place, int other) {
  for (long looks = 0; __atomic_load_n(place, __ATOMIC_ACQUIRE) == other; looks++)
    if (looks < ${LOOKS}) PAUSE();
    else if (looks < ${LOOKS + YIELDS}) sched_yield();
    else nanosleep(&(struct timespec){0, 50000}, 0);
}
static void meet(team *all) {
  const int turn = __atomic_load_n(&all->turn, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&all->arrived, 1, __ATOMIC_ACQ_REL) < SHARDS) until(&all->turn, turn);
  else {
    all->arrived = 0;
    __atomic_store_n(&all->turn, turn + 1, __ATOMIC_RELEASE);
  }
}
/* The part of \`length\` elements that a shard adds up: whole cache lines. */
static long part_of(long length, long shard) {
  const long lines = (length + 15) / 16, end = lines * shard / SHARDS * 16;
  return end < length ? end : length;
}`;

/**
 * The sums of one type: each shard adds up its part of all arenas in their order, and writes it to
 * all. The last vector may reach into the slack behind a buffer.
 */
export function sumOf(dtype: DType, vectorBytes: number): string {
  const type = numberType(dtype),
    size = bytesOf(dtype);
  return `static void add_up_${type}(team *all, long offset, long length, long shard) {
  const long end = part_of(length, shard + 1);
  for (long i = part_of(length, shard); i < end; i += ${vectorBytes / size}) {
    const address at = all->first + offset + i * ${size};
    ${type}_v sum = *(${type}_v_at *)at;
    for (long k = 1; k < SHARDS; k++) sum += *(${type}_v_at *)(at + k * all->stride);
    for (long k = 0; k < SHARDS; k++) *(${type}_v_at *)(at + k * all->stride) = sum;
  }
}`;
}

/** All shards are here; each adds its part; all parts are there. */
export const addUp = ({ buffers }: Collective): string[] => [
  "meet(all);",
  ...buffers.map(
    (b) => `add_up_${numberType(b.dtype)}(all, ${resolve(b).offset}, ${resolve(b).length}, shard);`,
  ),
  "meet(all);",
];

/** `run`: 0, or what the system said when it would not give a thread. */
export const runShards = `static void *begin(void *given) {
  const member *own = given;
  until(&own->all->started, 0);
  if (own->all->started > 0)
    run_shard(own->all->first + own->shard * own->all->stride, own->all, own->shard);
  return 0;
}
int run(address first, long stride) {
  team all = {first, stride, 0, 0, 0};
  member members[SHARDS];
  pthread_t threads[SHARDS];
  int failed = 0, n = 1;
  for (; n < SHARDS; n++) {
    members[n] = (member){&all, n};
    if ((failed = pthread_create(&threads[n], 0, begin, &members[n]))) break;
  }
  __atomic_store_n(&all.started, failed ? -1 : 1, __ATOMIC_RELEASE);
  if (!failed) run_shard(first, &all, 0);
  while (--n > 0) pthread_join(threads[n], 0);
  return failed;
}`;

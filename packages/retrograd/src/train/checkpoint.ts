/**
 * Checkpoints: everything that the next step depends on, as one safetensors file. Two places are
 * written in turn, so that the one before the last is whole whatever happens to the last.
 */
import { fail, messages } from "../errors/files.ts";
import { type Notice, notice } from "../errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../layers/weights.ts";
import { showType, type Tensor } from "../tensor/tensor.ts";
import { leavesOf, rebuild } from "../tensor/tree.ts";
import type { Best, Progress } from "./progress.ts";
import { withoutPadding, withPadding } from "./rows.ts";
import type { Carry } from "./step.ts";
import type { Store } from "./store.ts";

/** Tensors by path. */
type Named = Readonly<Record<string, Tensor>>;

export interface Checkpoint {
  readonly progress: Progress;
  /** What was kept, in a carry as runs begin with. @throws "checkpoint-mismatch" */
  fill(first: Carry): Carry;
}

const BEST = "best.safetensors";
const places = ["last-0.safetensors", "last-1.safetensors"] as const;
const FORMAT = "retrograd checkpoint 1";

/** Write a checkpoint over the older of the two; gives its name. */
export async function writeLast(store: Store, carry: Carry, progress: Progress): Promise<string> {
  const name = places[progress.serial % 2];
  const tensors = Object.fromEntries(leavesOf<Tensor>(withoutPadding(carry, progress.rows)));
  await store.write(name, encode(tensors, { progress: JSON.stringify(progress) }));
  return name;
}

/** The newest whole checkpoint, and the names of damaged ones. */
interface Last<C = Checkpoint> {
  readonly checkpoint: C;
  readonly damaged: readonly string[];
}

async function readLast(store: Store): Promise<Last<Checkpoint | undefined>> {
  const damaged: string[] = [];
  let newest: Checkpoint | undefined;
  for (const name of places) {
    const bytes = await store.read(name);
    if (!bytes) continue;
    const found = decode(bytes);
    if (!found) damaged.push(name);
    else {
      const progress = JSON.parse(found.metadata.progress) as Progress;
      if (!newest || progress.serial > newest.progress.serial)
        newest = {
          progress,
          fill: (first) =>
            withPadding(fill(withoutPadding(first, progress.rows), found.tensors), first),
        };
    }
  }
  return { checkpoint: newest, damaged };
}

/** A new run does not write over an old one. @throws "folder-taken" */
export async function mustBeFree(store: Store): Promise<void> {
  const { checkpoint } = await readLast(store);
  if (checkpoint) fail("folder-taken", { folder: store.name, step: checkpoint.progress.step });
}

/** What a run goes on from. @throws "checkpoint-missing" */
export async function mustExist(store: Store): Promise<Last> {
  const { checkpoint, damaged } = await readLast(store);
  return checkpoint ? { checkpoint, damaged } : fail("checkpoint-missing", { where: store.name });
}

/** What to say of a run that goes on: damaged checkpoints, and settings that are not its own. */
export function remarks(store: Store, last: Last, settings: Progress["settings"]): Notice[] {
  const where = store.name;
  const damaged = last.damaged.map((name) =>
    notice(messages, "checkpoint-damaged", { name, where }),
  );
  const changed = Object.entries(last.checkpoint.progress.settings)
    .filter(([name, expected]) => settings[name] !== expected)
    .map(([name, expected]) =>
      notice(messages, "checkpoint-mismatch", { name, given: settings[name], expected }),
    );
  return [...damaged, ...changed];
}

/** The parameters of the best step, under their own names: a file for loadWeights. */
export async function writeBest(store: Store, params: any, best: Best): Promise<string> {
  const tensors = Object.fromEntries(leavesOf<Tensor>(params));
  await store.write(BEST, encode(tensors, { best: JSON.stringify(best) }));
  return BEST;
}

/** The parameters of the best step, in the tree of `like`; undefined when there are none. */
export async function readBest<P>(store: Store, like: P): Promise<P | undefined> {
  const bytes = await store.read(BEST);
  const found = bytes && decode(bytes);
  return found && fill(like, found.tensors);
}

/** The leaves of a checkpoint in the tree of `like`. @throws "checkpoint-mismatch" */
function fill<T>(like: T, tensors: Named): T {
  const leaves = leavesOf<Tensor>(like);
  const own = Object.fromEntries(leaves) as Partial<Named>;
  const show = (t: Tensor | undefined) => (t ? showType(t) : "none");
  const differing = Object.keys({ ...own, ...tensors }).filter(
    (name) => show(own[name]) !== show(tensors[name]),
  );
  // Another size says more than a tensor that is missing beside it.
  const name = differing.find((path) => own[path] && tensors[path]) ?? differing[0];
  if (name)
    fail("checkpoint-mismatch", {
      name,
      given: show(own[name]),
      expected: show(tensors[name]),
    });
  return rebuild(
    like,
    leaves.map(([path]) => tensors[path]),
  );
}

/** Bytes whose metadata hold a checksum of all the rest. */
function encode(tensors: Named, notes: Record<string, string>): Uint8Array {
  const metadata = { format: FORMAT, ...notes };
  const checksum = checksumOf(tensors, metadata);
  return encodeSafetensors(tensors, { ...metadata, checksum });
}

function decode(bytes: Uint8Array) {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const { checksum, ...rest } = metadata;
    if (rest.format !== FORMAT || checksum !== checksumOf(tensors, rest)) return undefined;
    return { tensors, metadata: rest };
  } catch {
    return undefined;
  }
}

/** CRC-32 of names, types, numbers and notes, in the order of names. */
function checksumOf(tensors: Named, notes: Record<string, string>): string {
  const text = new TextEncoder();
  let crc = ~0;
  const take = (bytes: Uint8Array) => {
    for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]) & 255];
  };
  for (const name of Object.keys(notes).sort()) take(text.encode(`${name}=${notes[name]};`));
  for (const name of Object.keys(tensors).sort()) {
    const t = tensors[name];
    const { data } = t;
    take(text.encode(`${name} ${showType(t)};`));
    take(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return (~crc >>> 0).toString(16);
}

const table = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

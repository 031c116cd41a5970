/**
 * The header of a safetensors file, read with suspicion: lengths, offsets, shapes and names are
 * checked against the bytes that are there, and against each other, before anyone uses them.
 */
import { fail } from "../errors/weights.ts";
import type { Shape } from "../tensor/tensor.ts";

export interface Entry {
  readonly name: string;
  readonly format: string;
  readonly shape: Shape;
  /** Bytes [from, to) after the header. */
  readonly from: number;
  readonly to: number;
}

export interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the numbers begin. */
  readonly start: number;
}

/** What the format allows a header to be. */
const LONGEST_HEADER = 100_000_000;
const AGAIN = "Copy or download the file again; this one is cut off or overwritten.";
const WRITER = "Write the file again with a library that follows the format of safetensors.";

export const damaged = (reason: string, cure: string): never =>
  fail("weights-damaged", { reason, cure });

/** @param widths  bytes of one number, for the formats that are known */
export function readHeader(bytes: Uint8Array, widths: ReadonlyMap<string, number>): Header {
  if (!(bytes instanceof Uint8Array))
    fail("bad-argument", {
      where: "decodeSafetensors",
      given: Object.prototype.toString.call(bytes),
      expected: "the bytes of a file, a Uint8Array",
    });
  if (bytes.length < 8) damaged(`there are ${bytes.length} bytes, fewer than 8`, AGAIN);
  const claimed = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (claimed > BigInt(bytes.length - 8) || claimed > BigInt(LONGEST_HEADER))
    damaged(`the header claims ${claimed} bytes, but ${bytes.length - 8} follow`, AGAIN);
  const start = 8 + Number(claimed);
  const header = parse(bytes.subarray(8, start));
  const { __metadata__: texts = {}, ...tensors } = header;
  const size = bytes.length - start;
  const entries = Object.entries(tensors).map(([name, row]) => entryOf(name, row, size, widths));
  checkCover(entries, size);
  return { entries, metadata: metadataOf(texts), start };
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  let text = "";
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    damaged("the header is not JSON", AGAIN);
  }
  if (!isObject(value)) damaged("the header is not a JSON object", WRITER);
  const twice = repeatedKey(text);
  if (twice !== undefined) damaged(`the name "${twice}" occurs twice`, WRITER);
  return value as Record<string, unknown>;
}

const isObject = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" && x !== null && !Array.isArray(x);

/**
 * The first key that an object of valid JSON has twice: JSON.parse would keep the last one
 * silently.
 */
function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const [part, isKey] = found;
    if (part === "{") open.push(new Set());
    else if (part === "[") open.push(undefined);
    else if (part === "}" || part === "]") open.pop();
    else if (isKey) {
      const key = JSON.parse(part.slice(0, -isKey.length)) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;

function entryOf(
  name: string,
  row: unknown,
  size: number,
  widths: ReadonlyMap<string, number>,
): Entry {
  const { dtype, shape, data_offsets: offsets } = isObject(row) ? row : {};
  const refuse = (reason: string, cure = WRITER) => damaged(`"${name}" ${reason}`, cure);
  const width = typeof dtype === "string" ? widths.get(dtype) : undefined;
  if (width === undefined)
    return refuse(
      `has the dtype ${JSON.stringify(dtype) ?? "none"}`,
      `Convert it to one of ${[...widths.keys()].join(", ")} before it is saved.`,
    );
  if (!Array.isArray(shape) || !shape.every(isCount))
    return refuse(`has the shape ${JSON.stringify(shape) ?? "none"}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return refuse(`has the offsets ${JSON.stringify(offsets) ?? "none"}`);
  const [from, to] = offsets as [number, number];
  if (from > to) return refuse(`ends at byte ${to}, before it begins at ${from}`);
  if (to > size) return refuse(`claims bytes up to ${to}, but ${size} follow the header`, AGAIN);
  const elements = (shape as number[]).reduce((n, d) => n * d, 1);
  if (elements * width !== to - from)
    return refuse(
      `has the shape [${shape.join(", ")}], which takes ${elements * width} bytes, ` +
        `but holds ${to - from}`,
    );
  return { name, format: dtype as string, shape: shape as number[], from, to };
}

/** Every byte belongs to one tensor. */
function checkCover(entries: readonly Entry[], size: number): void {
  const ordered = entries
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from || a.to - b.to);
  let at = 0;
  for (const { name, from, to } of ordered) {
    if (from < at) damaged(`"${name}" begins at byte ${from}, within another tensor`, WRITER);
    if (from > at) damaged(`bytes ${at} to ${from} belong to no tensor`, WRITER);
    at = to;
  }
  if (at < size) damaged(`${size - at} bytes at the end belong to no tensor`, AGAIN);
}

function metadataOf(texts: unknown): Record<string, string> {
  if (!isObject(texts) || !Object.values(texts).every((text) => typeof text === "string"))
    damaged("its metadata are not texts", WRITER);
  return texts as Record<string, string>;
}

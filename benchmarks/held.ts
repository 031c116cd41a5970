/** What a process holds before and after something was done many times. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that are held after garbage was collected: heap and buffers. */
export function held(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
const residentBytes = () => process.memoryUsage().rss;

/** Bytes before and after, once `warm` calls have made what is made once. */
export function around(run: () => void, warm: number, count: number) {
  for (let i = 0; i < warm; i++) run();
  const before = { held: held(), rss: residentBytes() };
  for (let i = warm; i < count; i++) run();
  return { before, after: { held: held(), rss: residentBytes() } };
}

/**
 * A linear recurrence step by step, or all moments at once? Both forms of an LRU (256 units, 256
 * features), forward and with its gradient, over lengths from 64 to 16,384:
 *
 *   npm run bench:parallel
 *
 * The form over all moments does about three times the elementwise work in log₂ T levels, which pays
 * where many cores share a level. The products of the LRU are the same in both: they leave the loop.
 * Prints a table with the lengths at which the curves cross and draws parallel.svg beside RESULTS.md.
 * About four minutes.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { compare, places } from "./compare.ts";
import { plot } from "./plot.ts";
import { tables } from "./table.ts";
import "retrograd/node";

const points = places.map((place) => {
  const point = compare(place);
  const { way, target, batch, time, ratio } = point;
  console.error(`${way}, ${target}, batch ${batch}, ${time} moments: ${ratio.toFixed(2)}`);
  return point;
});
writeFileSync(new URL("../parallel.svg", import.meta.url), plot(points));
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;
console.log(`Node ${process.version}, ${machine}: \`npm run bench:parallel\`\n`);
console.log(tables(points));

/** A process that begins a run in a folder, or goes on with the one that is there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import "../../src/node/index.ts";
import { train } from "../../src/train/index.ts";
import { optionsOf } from "./echoRun.ts";

const folder = process.argv[2];
const begun = existsSync(join(folder, "last-1.safetensors"));
const options = optionsOf({ folder });
const run = begun ? await train.resume(folder, options) : train(options);
for await (const event of run) if (event.type === "step") process.stdout.write(`${event.step}\n`);
process.stdout.write("done\n");

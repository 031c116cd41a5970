/** What a page's worker trains: the same lesson in one shard and in two, and one where it must not. */
import { allReduce, jit, prepareThreads, tensor } from "retrograd";
import { mse, sgd, train } from "retrograd/train";
import { smallRnn } from "../train/models.ts";
import { echo } from "../train/tasks.ts";

export async function losses(shards: number): Promise<(number | string)[]> {
  const said: (number | string)[] = [];
  const model = smallRnn({ input: 1, size: 4, output: 1 });
  const data = echo({ rows: 4, time: 6, batches: 3 });
  const rest = { validation: data, loss: mse(), optimizer: sgd(0.1), epochs: 2, shards };
  for await (const event of train({ model, data, ...rest })) {
    if (event.type === "step" || event.type === "validation") said.push(event.loss);
    if (event.type === "warning") said.push(event.code);
  }
  return said;
}

const shards = { count: 3, inputs: [0], outputs: null } as const;
const added = jit((x: ReturnType<typeof tensor>) => allReduce(x.sum()), { shards });
function tried(): number | string {
  try {
    return added(tensor([1, 2, 3, 4, 5, 6])).item();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
/** The sum of 1 to 6 in three shards, before and after their threads could begin. */
export async function sum(): Promise<(number | string)[]> {
  const before = tried();
  await prepareThreads(2);
  return [before, tried()];
}

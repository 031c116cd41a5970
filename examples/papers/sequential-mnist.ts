/**
 * Sequential MNIST: handwritten digits, told apart from their pixels one by one. What the first
 * strokes were must be kept over hundreds of moments, and set beside the last ones.
 *
 * On two cores: npm run papers -- sequential-mnist --shards 2
 */
import { block, lru, stack } from "retrograd/cells";
import { dense, meanOverTime, sequential, unroll } from "retrograd/layers";
import { adam, cosine, crossEntropy, metrics, warmUp } from "retrograd/train";
import type { Contender, Paper } from "./_experiment.ts";
import { type Cut, mnist, mnistFiles, momentsOf } from "./_mnist.ts";

interface Sizes {
  readonly size: number;
  readonly hidden: number;
  readonly rate: number;
  readonly epochs: number;
}

/** |λ| between 10 and 10,000 moments of memory. */
const RING = [0.9, 0.9999] as const;

/**
 * Two LRU blocks. Their units begin slow, with periods of eight pixels of the whole image and more:
 * strokes are a few pixels wide, and what lies below a pixel comes 28 later.
 */
function contender({ size, hidden, rate, epochs }: Sizes, { learned, rows, square }: Cut) {
  const phase = [0, (square * Math.PI) / 4] as const;
  const batches = learned / rows;
  const warm = Math.ceil(batches / 10);
  const settings = {
    ...{ size, hidden, layers: 2, ring: RING.join("–") },
    phase: phase.map((angle) => angle.toFixed(3)).join("–"),
    ...{ optimizer: "adam", rate, warmUp: warm, cosine: epochs * batches - warm, clip: 1 },
  };
  const layer = () => block(lru({ size, ring: RING, phase }), { hidden });
  return {
    name: "lru",
    model: sequential(
      dense(size, { input: 1 }),
      unroll(stack(layer(), layer())),
      meanOverTime(),
      dense(10),
    ),
    optimizer: adam(rate),
    schedule: warmUp(warm, cosine(settings.cosine)),
    clip: { norm: settings.clip },
    steps: epochs * batches,
    settings,
  } satisfies Contender;
}

export const paper: Paper = {
  name: "sequential-mnist",
  title: "Sequential MNIST",
  source:
    "Le et al. 2015, arXiv:1504.00941; LRU: Orvieto et al. 2023, arXiv:2303.06349; data: LeCun et " +
    "al. 1998, doi:10.1109/5.726791",
  files: mnistFiles,
  experiment(quick) {
    const cut: Cut = quick
      ? { learned: 1500, held: 500, judged: 1000, square: 2, rows: 50 }
      : { learned: 55000, held: 5000, judged: 10000, square: 1, rows: 50 };
    const sizes: Sizes = quick
      ? { size: 24, hidden: 24, rate: 1e-2, epochs: 5 }
      : { size: 64, hidden: 128, rate: 4e-3, epochs: 4 };
    const atLeast = quick ? 0.8 : 0.985;
    const { learned, judged, rows } = cut;
    return {
      claim:
        `${momentsOf(cut)} pixels one by one: two LRU blocks say at least ${100 * atLeast} % of ` +
        `${judged} digits`,
      size: { moments: momentsOf(cut), learned, judged, rows },
      contenders: [contender(sizes, cut)],
      seeds: [1],
      needed: 1,
      loss: crossEntropy(),
      metrics: [metrics.accuracy()],
      measure: "accuracy",
      mark: { atLeast },
      baseline: 0.1,
      data: mnist(cut),
    };
  },
};

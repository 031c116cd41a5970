/**
 * From one sequence to another: an encoder reads a word, and a decoder that attends to what was
 * read says it backwards. No letter of the answer stands where it stood, so a memory of the order
 * is needed, and the attention shows where the decoder looks.
 */
import { tensor } from "retrograd";
import { additiveAttention, bidirectional, gru } from "retrograd/cells";
import {
  beam,
  continued,
  dense,
  embedding,
  encoderDecoder,
  generate,
  greedy,
  linearTruth,
  sequential,
  unroll,
} from "retrograd/layers";
import { adam, crossEntropy, train } from "retrograd/train";

const steps = process.argv.includes("--quick") ? 400 : 1000;
const LETTERS = "·abcdefghij"; // the first one ends a word, and comes before it
const [ROWS, LONGEST] = [32, 8];

/** Words of 3 to 8 letters, the same ones for the same seed. */
function words(seed: number): string[] {
  let state = seed + 1;
  const below = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const letter = () => LETTERS[1 + below(LETTERS.length - 1)];
  return Array.from({ length: ROWS }, () =>
    Array.from({ length: 3 + below(LONGEST - 2) }, letter).join(""),
  );
}
const codes = (word: string): number[] => [...word].map((letter) => LETTERS.indexOf(letter));
const reversed = (word: string): string => [...word].reverse().join("");
const filled = (rows: number[][], length: number, by: number) =>
  rows.map((row) => [...row, ...Array<number>(length - row.length).fill(by)]);

/** Sources filled up to one length, targets that end with the mark, and −1 where nothing is due. */
function batch(seed: number) {
  const all = words(seed);
  return {
    inputs: tensor(filled(all.map(codes), LONGEST, 0), { dtype: "int32" }),
    lengths: all.map((word) => word.length),
    targets: filled(
      all.map((word) => [...codes(reversed(word)), 0]),
      LONGEST + 1,
      -1,
    ),
  };
}

const model = encoderDecoder(
  sequential(embedding(LETTERS.length, 16), unroll(bidirectional(gru({ size: 24 })))),
  {
    embedding: embedding(LETTERS.length, 16),
    cell: gru({ size: 48 }),
    attention: additiveAttention({ size: 32 }),
    head: dense(LETTERS.length),
  },
  { sampling: linearTruth(steps, { floor: 0.5 }) },
);
const data = {
  *batches(epoch: number) {
    for (let k = 0; k < 50; k++) yield batch(50 * epoch + k);
  },
};
const loss = crossEntropy({ ignore: -1 });
const run = train({ model, data, loss, optimizer: adam(1e-2), clip: { norm: 1 }, steps });
for await (const event of run)
  if (event.type === "epoch")
    console.log(`after ${event.step} updates: ${event.loss.toFixed(3)} nats a letter`);

const source = (word: string) => tensor(codes(word), { dtype: "int32" });
const letters = (said: number[]) => said.map((code) => LETTERS[code]).join("");
const end = { until: 0, length: LONGEST + 1 };

// Words that it has not seen: one of them by a beam, and all of them by the likeliest letters.
const unseen = words(-1000);
const best = generate(model, run.params, { source: source(unseen[0]), ...end, sampling: beam(4) });
console.log(`${unseen[0]} → ${letters(best)}`);
const live = model.stream(run.params);
const right = unseen.filter((word) => {
  live.read(source(word));
  const said = continued(live, { start: 0, ...end, sampling: greedy() });
  return letters(said) === reversed(word);
});
console.log(
  `${right.length} of ${unseen.length} new words are right from their last to their first letter`,
);

// Where it looked for each letter that it said.
const word = "abcdefgh";
live.read(source(word));
for (const said of `·${reversed(word).slice(0, -1)}`) {
  const { data: scores } = live.push(LETTERS.indexOf(said));
  const shades = [...live.weights.data].map((w) => " ░▒▓█"[Math.min(4, Math.floor(w * 5))]);
  console.log(`${shades.join("")}  ${LETTERS[scores.indexOf(Math.max(...scores))]}`);
}
if (!(right.length > 0.7 * unseen.length)) throw new Error(`only ${right.length} words`);

/**
 * A character model of a few lines of text: an embedding, a GRU and a head, trained in windows, and
 * then asked to go on, one character at a time.
 */
import { gru } from "retrograd/cells";
import { dense, embedding, sequential, unroll } from "retrograd/layers";
import { adam, crossEntropy, train } from "retrograd/train";

const isQuick = process.argv.includes("--quick");
const text = `This is the house that Jack built.
This is the malt that lay in the house that Jack built.
This is the rat that ate the malt that lay in the house that Jack built.
This is the cat that killed the rat that ate the malt that lay in the house that Jack built.
This is the dog that worried the cat that killed the rat that ate the malt that lay in the house
that Jack built.
`;
const characters = [...new Set(text)].sort();
const codes = Int32Array.from(text, (c) => characters.indexOf(c));

const size = isQuick ? 48 : 96;
const kinds = characters.length;
const model = sequential(embedding(kinds, 16), unroll(gru({ size })), dense(kinds));

// Each row is a window of the text that begins anywhere; its targets are the characters after.
const [ROWS, TIME] = [16, 40];
const data = {
  *batches(epoch: number) {
    for (let index = 0; index < 20; index++) {
      const starts = Array.from(
        { length: ROWS },
        (_, row) => ((epoch * 20 + index) * 131 + row * 29) % (codes.length - TIME - 1),
      );
      const cut = (shift: number) =>
        Int32Array.from(starts.flatMap((at) => [...codes.slice(at + shift, at + shift + TIME)]));
      yield {
        inputs: { data: cut(0), shape: [ROWS, TIME] },
        targets: { data: cut(1), shape: [ROWS, TIME] },
      };
    }
  },
};

const run = train({
  ...{ model, data, loss: crossEntropy(), optimizer: adam(1e-2), clip: { norm: 1 } },
  steps: isQuick ? 200 : 400,
});
let bits = Infinity;
for await (const event of run) {
  if (event.type !== "epoch") continue;
  bits = event.loss / Math.LN2;
  if (event.epoch % 4 === 0)
    console.log(`${event.step} updates: ${bits.toFixed(2)} bits a character`);
}

const live = model.stream(run.params);
let next = 0;
const push = (code: number) => {
  const { data: scores } = live.push(code);
  next = scores.indexOf(Math.max(...scores));
};
let said = "This is the d";
for (const c of said) push(characters.indexOf(c));
for (let i = 0; i < 90; i++) {
  said += characters[next];
  push(next);
}
console.log(said);
// Characters drawn by their frequency cost about 4 bits.
if (!(bits < 1.5)) throw new Error(`${bits} bits a character: it did not learn the text`);

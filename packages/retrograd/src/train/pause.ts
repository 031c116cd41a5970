/** A training loop shares its thread: now and then it lets timers, events and messages through. */

/** Longest time between two pauses, in milliseconds: one frame of a page. */
const FRAME = 16;

type Immediate = { setImmediate?: (f: () => void) => void };

/** One turn of the event loop. A page's timers would wait 4 ms; a message does not. */
function turn(): Promise<void> {
  const { setImmediate } = globalThis as Immediate;
  if (setImmediate) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** A function to await between steps; it pauses when a frame has passed since it last did. */
export function pacer(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < FRAME) return undefined;
    return turn().then(() => {
      last = performance.now();
    });
  };
}

/** The page: trains on its own thread, which must never wait, and in a worker, and tells the test. */
import { losses } from "./lesson.ts";

const worker = new Worker("worker.js");
worker.onmessage = async ({ data }) => {
  const body = JSON.stringify({
    worker: data,
    page: await losses(2),
    isolated: crossOriginIsolated,
  });
  await fetch("found", { method: "POST", body });
};

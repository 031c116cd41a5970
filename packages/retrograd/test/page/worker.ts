/** The worker of the page. */
import { losses, sum } from "./lesson.ts";

const told = async () => ({ one: await losses(1), two: await losses(2), sum: await sum() });
told().then(
  (found) => postMessage(found),
  (error) => postMessage({ error: String(error) }),
);

/** Ctrl-C: the first asks for an end after the step that is under way, the second ends at once. */

/** Call `stop` at the first interruption; gives a function that undoes this. */
export function onInterrupt(stop: () => void): { readonly happened: boolean; release(): void } {
  let happened = false;
  const handle = () => {
    if (happened) process.exit(130);
    happened = true;
    stop();
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  return {
    get happened() {
      return happened;
    },
    release() {
      process.off("SIGINT", handle);
      process.off("SIGTERM", handle);
    },
  };
}

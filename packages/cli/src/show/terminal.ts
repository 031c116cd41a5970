/** Where the command speaks: two streams, whether a person watches them, and colours if so. */

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
export type Paint = keyof typeof CODES;

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether a person watches stdout, so that a line may be drawn again. */
  readonly live: boolean;
  readonly columns: number;
  paint(how: Paint, text: string): string;
  /** A line typed by the person; undefined where there is none. */
  ask?(question: string): Promise<string | undefined>;
}

export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const live = Boolean(stdout.isTTY) && env.TERM !== "dumb";
  const coloured = live && !env.NO_COLOR;
  // A reader that has left (retrograd … | head) is no error.
  for (const stream of [stdout, stderr])
    stream.on("error", (error: { code?: string }) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    live,
    get columns() {
      return stdout.columns || 80; // some terminals say 0
    },
    paint: (how, text) => (coloured ? `\x1b[${CODES[how]}m${text}\x1b[0m` : text),
    ...(live && process.stdin.isTTY && { ask }),
  };
}

async function ask(question: string): Promise<string | undefined> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const gone = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
  try {
    return await Promise.race([lines.question(question), gone]);
  } finally {
    lines.close();
  }
}

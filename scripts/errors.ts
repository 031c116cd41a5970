/**
 * docs/errors.md, from the catalogues of messages: npm run docs writes it, and a test holds it up
 * to date. Each message is asked for its sentence with data that says its own names.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../packages/retrograd/src/errors/", import.meta.url);
export const errorsPage = fileURLToPath(new URL("../docs/errors.md", import.meta.url));

interface Message {
  text(data: unknown): string;
  cure(data: unknown): string;
}
export interface Section {
  readonly title: string;
  /** What the catalogue's file says it is. */
  readonly about: string;
  readonly messages: Readonly<Record<string, Message>>;
}

/** The catalogues, in the order in which errors/index.ts joins them. */
export async function sections(): Promise<Section[]> {
  const files = readdirSync(folder).filter((name) => name !== "index.ts" && name.endsWith(".ts"));
  const order = readFileSync(new URL("index.ts", folder), "utf8");
  const place = (name: string) => order.indexOf(`...${name.slice(0, -3).replace(/s$/, "")}`);
  files.sort((a, b) => place(a) - place(b));
  return Promise.all(
    files.map(async (name) => {
      const source = readFileSync(new URL(name, folder), "utf8");
      const exported = await import(new URL(name, folder).href);
      const messages = Object.entries(exported).find(([key]) => /Messages$/.test(key))?.[1];
      const [, about = ""] = /^\/\*\*([\s\S]*?)\*\//.exec(source) ?? [];
      const title = name[0].toUpperCase() + name.slice(1, -3);
      const sentence = about.replace(/\s*\n \* ?/g, " ").trim();
      return { title, about: sentence, messages } as Section;
    }),
  );
}

/** Data whose every field, and all that is asked of it, says the name of the field. */
const stand = (name: string): any =>
  new Proxy(() => {}, {
    get(_, key) {
      if (key === Symbol.toPrimitive)
        return (hint: string) => (hint === "number" ? Number.NaN : `‹${name}›`);
      if (key === Symbol.iterator) return () => [stand(name)][Symbol.iterator]();
      if (key === "toJSON" || key === "toString" || key === "join") return () => `‹${name}›`;
      if (key === "length") return 2;
      if (key === "includes" || key === "startsWith" || key === "endsWith") return () => false;
      if (key === "codePointAt") return () => undefined;
      return () => stand(name);
    },
  });
const fields = new Proxy({}, { get: (_, key) => stand(String(key)) });

/** A sentence of a message; what is computed from its data is "…". */
export function sentence(say: (data: unknown) => string): string {
  const text = String(say(fields)).replace(/\s*\n\s*/g, " ");
  return String(say).includes("NaN") ? text : text.replaceAll("NaN", "…");
}

export async function renderErrors(): Promise<string> {
  const all = await sections();
  const parts = all.map(({ title, about, messages }) => {
    const entries = Object.entries(messages).map(
      ([code, { text, cure }]) => `### ${code}\n\n> ${sentence(text)}\n\n${sentence(cure)}\n`,
    );
    return `## ${title}\n\n${about}\n\n${entries.join("\n")}`;
  });
  const index = all.map(({ title, messages }) => {
    const codes = Object.keys(messages).map((code) => `[${code}](#${code})`);
    return `- **${title}**: ${codes.join(", ")}`;
  });
  return `# Errors

Every message that Retrograd can show, by its code, which stands at the end of the message and never
changes. What stands in ‹ › is filled in by what happened; what is in quotes is the message, and below it is the
cure. Made from \`packages/retrograd/src/errors/\` by \`npm run docs\`.

${index.join("\n")}

${parts.join("\n")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(errorsPage, await renderErrors());

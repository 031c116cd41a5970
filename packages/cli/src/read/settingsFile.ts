/** Settings from flags and from a config file, each checked by the same table. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { fail } from "../failure.ts";
import { type Given, type SettingName, settingNames, settings } from "../settings.ts";
import { unreadable } from "./bytes.ts";

const name = (setting: SettingName) => settings[setting].flag.split(" ")[0];

/** What commander read, by setting. @throws "option-value" */
export function settingsFromFlags(flags: Readonly<Record<string, unknown>>): Given {
  const given: Given = {};
  for (const setting of settingNames) {
    const text = flags[flagKey(setting)];
    if (text === undefined) continue;
    const { kind, schema, takes } = settings[setting];
    const value =
      kind === "number"
        ? toNumber(String(text))
        : kind === "text" && text === "none" && (setting === "time" || setting === "group")
          ? null
          : text;
    if (!schema.safeParse(value).success)
      fail("option-value", { option: name(setting), given: JSON.stringify(text), expected: takes });
    given[setting] = value;
  }
  return given;
}

const toNumber = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));

/** The name under which commander keeps a flag: --compile-for is compileFor. */
export function flagKey(setting: SettingName): string {
  const words = name(setting).replace(/^--(no-)?/, "");
  return words.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

const file = z.strictObject(
  Object.fromEntries(settingNames.map((key) => [key, settings[key].schema.optional()])),
);

/** The settings of a config file. @throws "config-json", "config-unknown", "config-value" */
export async function settingsFromFile(path: string): Promise<Given> {
  const text = await readFile(path, "utf8").catch((error) => unreadable(path, error));
  const found = file.safeParse(parse(text, path));
  if (found.success) return found.data as Given;
  for (const issue of found.error.issues) {
    if (issue.code === "unrecognized_keys")
      fail("config-unknown", { file: path, keys: issue.keys, known: settingNames });
    const key = issue.path.join(".");
    const setting = settings[issue.path[0] as SettingName];
    const expected = setting ? `it takes ${setting.takes}` : issue.message;
    fail("config-value", { file: path, key: key || "the file", reason: expected });
  }
  return {};
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail("config-json", { file: path, reason: (error as Error).message });
  }
}

import { readFile } from "node:fs/promises";
import { SekishoError } from "../errors.ts";

/**
 * The secret that a value of the configuration stands for: the first line of the file of `file:PATH`, the variable of
 * `env:NAME`, or the value itself.
 * @throws SekishoError CONFIG_INVALID when the file or variable is not there or empty; the message never holds the
 *   secret.
 */
export async function readSecret(value: string): Promise<string> {
  const [kind, name] = reference(value);
  if (kind === undefined) return value;
  const secret = kind === "env" ? process.env[name] : firstLine(await readSecretFile(value, name));
  if (secret === undefined || secret === "")
    throw new SekishoError("CONFIG_INVALID", `${value}: empty or not set`);
  return secret;
}

/** What may be shown of it: where it is, or `***` when it stands in the configuration itself. */
export function showSecret(value: string): string {
  return reference(value)[0] === undefined ? "***" : value;
}

/** Whether it says where the secret is, and is not the secret itself. */
export function isSecretReference(value: string): boolean {
  const [kind, name] = reference(value);
  return kind !== undefined && name !== "";
}

/** The file that it stands in, if it stands in one. */
export function secretFile(value: string): string | undefined {
  const [kind, name] = reference(value);
  return kind === "file" ? name : undefined;
}

function reference(value: string): readonly ["file" | "env", string] | readonly [undefined, string] {
  if (value.startsWith("file:")) return ["file", value.slice("file:".length)];
  if (value.startsWith("env:")) return ["env", value.slice("env:".length)];
  return [undefined, value];
}

async function readSecretFile(value: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SekishoError("CONFIG_INVALID", `${value}: ${reason}`, { cause });
  }
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").replace(/\r$/, "");
}

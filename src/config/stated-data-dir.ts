import { readFile } from "node:fs/promises";

/** The `data_dir` of a file that is no good as a configuration, as far as it can be told. */
export async function statedDataDir(file: string): Promise<string | undefined> {
  const { isMap, parseDocument } = await import("yaml");
  const text = await readFile(file, "utf8").catch(() => "");
  const { contents } = parseDocument(text, { prettyErrors: false });
  const value: unknown = isMap(contents) ? contents.get("data_dir") : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

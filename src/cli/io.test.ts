import { expect, onTestFinished, test, vi } from "vitest";
import { processHost } from "./io.ts";

function pretendTerminal(isTty: boolean, columns?: number): void {
  const { stdout } = process;
  const before = ["isTTY", "columns"].map(
    (name) => [name, Object.getOwnPropertyDescriptor(stdout, name)] as const,
  );
  onTestFinished(() => {
    for (const [name, descriptor] of before)
      if (descriptor === undefined) Reflect.deleteProperty(stdout, name);
      else Object.defineProperty(stdout, name, descriptor);
    vi.unstubAllEnvs();
  });
  Object.defineProperty(stdout, "isTTY", { value: isTty, configurable: true });
  Object.defineProperty(stdout, "columns", { value: columns, configurable: true });
}

test.each([
  ["a terminal", true, 120, undefined, 100, 120],
  ["a narrow terminal", true, 20, undefined, 40, 40],
  ["a terminal that does not tell its width", true, undefined, undefined, 80, 80],
  [
    "a pipe: names in tables are looked for by other programs, and cut as late as can be",
    false,
    undefined,
    undefined,
    80,
    160,
  ],
  ["a pipe of a width that the caller tells", false, undefined, "70", 70, 70],
] as const)("%s", (_, isTty, columns, told, forSentences, forTables) => {
  pretendTerminal(isTty, columns);
  vi.stubEnv("COLUMNS", told);
  expect(processHost()).toMatchObject({ isTty, columns: forSentences, tableColumns: forTables });
});

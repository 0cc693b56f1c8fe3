import { expect, test } from "vitest";
import { createLog, type LogLevel } from "./log.ts";

function lines(
  level: LogLevel,
  format: "text" | "json",
): { log: ReturnType<typeof createLog>; written: string[] } {
  const written: string[] = [];
  return { log: createLog({ level, format, write: (line) => written.push(line) }), written };
}

test("text: one line to read", () => {
  const { log, written } = lines("info", "text");
  log.child({ queueId: "4F1" }).warn("store unavailable", { reason: "disk is full", tries: 3 });
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARN {2}store unavailable queueId=4F1 reason="disk is full" tries=3\n$/,
  );
});

test("json: one object a line", () => {
  const { log, written } = lines("info", "json");
  log.error("no socket", { listen: "unix:/x" });
  expect(JSON.parse(written[0] ?? "")).toEqual({
    level: "error",
    time: expect.stringMatching(/Z$/),
    listen: "unix:/x",
    msg: "no socket",
  });
});

test.each([
  { level: "debug", is: 4 },
  { level: "info", is: 3 },
  { level: "warn", is: 2 },
  { level: "error", is: 1 },
] as const)("level $level writes $is of four", ({ level, is }) => {
  const { log, written } = lines(level, "text");
  for (const write of [log.debug, log.info, log.warn, log.error]) write("x");
  expect(written).toHaveLength(is);
});

test.each(["text", "json"] as const)("%s: secrets are never written", (format) => {
  const { log, written } = lines("info", format);
  log.info("connected", { password: "hunter2", imap: { user: "u", token: "hunter2" } });
  expect(written[0]).not.toContain("hunter2");
  expect(written[0]).toContain("***");
});

test("text: a stranger's words forge no line and steer no terminal", () => {
  const { log, written } = lines("info", "text");
  log.info("helo\u0085", { helo: "x\n2026 ERROR forged \u001b[2J\u009b2J\u2028" });
  expect(written[0]?.match(/\n/g)).toHaveLength(1);
  for (const char of ["\u001b", "\u0085", "\u009b", "\u2028"]) expect(written[0]).not.toContain(char);
});

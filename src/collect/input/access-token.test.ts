import { expect, test } from "vitest";
import { readAccessToken } from "./access-token.ts";

const shell = (script: string): readonly string[] => ["/bin/sh", "-c", script];

test("the first line is the token", async () => {
  expect(await readAccessToken(shell("echo ya29.A-b_c~/+=; echo more"))).toBe("ya29.A-b_c~/+=");
});

const bad = [
  { name: "nothing printed", command: shell("true"), says: "printed no token" },
  { name: "blanks within", command: shell("echo not a token"), says: "printed no token" },
  { name: "far too long", command: shell("head -c 20000 /dev/zero | tr '\\0' a"), says: "printed no token" },
  { name: "endless", command: shell("yes"), says: "exit code ERR_CHILD_PROCESS_STDIO_MAXBUFFER" },
  { name: "an exit code", command: shell("echo sorry >&2; exit 3"), says: "exit code 3: sorry" },
  { name: "no such program", command: ["/nowhere/token"], says: "ENOENT" },
  { name: "too slow", command: shell("sleep 60"), says: "no end in time" },
] as const;

test.each(bad)("$name", async ({ command, says }) => {
  await expect(readAccessToken(command, says === "no end in time" ? 100 : 20_000)).rejects.toThrow(says);
});

test("what was printed is in no error", async () => {
  const failing = readAccessToken(shell("echo secret-token; exit 1"));
  await expect(failing).rejects.toThrow(/^((?!secret-token).)*$/);
});

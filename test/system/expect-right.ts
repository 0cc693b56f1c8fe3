import { expect } from "vitest";
import type { DeliveredMessage } from "./delivered-message.ts";
import type { TestMessage } from "./messages.ts";

/** @param above Names of the fields above the MTA's own Received field. */
export function expectRight(copy: DeliveredMessage, message: TestMessage, above: readonly string[]): void {
  expect(copy.authservId).toBe("mx.rcpt.example");
  expect(copy.statements).toEqual(message.statements);
  expect(copy.above).toEqual(above);
  if (copy.rest.equals(message.kept)) return;
  // A difference in 50 MB is not to be printed whole.
  let at = 0;
  while (copy.rest[at] === message.kept[at]) at += 1;
  const around = (octets: Buffer): string => octets.toString("latin1", Math.max(0, at - 80), at + 200);
  expect(around(copy.rest)).toBe(around(message.kept));
}

/** Lines of the program's log that should not be there, but for expected ones. Tests run it as root. */
export function complaints(output = "", expected?: RegExp): string[] {
  const lines = output.split("\n").filter((line) => /WARN|ERROR|fault|sekisho:/.test(line));
  return lines.filter((line) => !/WARN +running as root/.test(line) && expected?.test(line) !== true);
}

import { z } from "zod";
import { toAsciiDomain } from "../core/domain-name.ts";
import { parseIp, parseNetwork } from "../core/ip.ts";
import type { NamedNetwork } from "./config.ts";
import type { ProblemCode } from "./problem.ts";

/**
 * A text that `parse` reads. `problem` is what to say when it cannot, or when the value is no text at all: it travels as
 * the message of a zod issue.
 */
export function read<T>(problem: ProblemCode, parse: (text: string) => T | undefined): z.ZodType<T, string> {
  return z
    .string({ error: (issue) => (issue.input === undefined ? undefined : problem) })
    .transform((text, ctx) => {
      const value = parse(text);
      if (value !== undefined) return value;
      ctx.addIssue({ code: "custom", message: problem });
      return z.NEVER;
    });
}

/** The A-labels of a name that is no address. */
export function readHostname(written: string): string | undefined {
  return parseIp(written) === undefined ? toAsciiDomain(written) : undefined;
}

export function readNetwork(written: string): NamedNetwork | undefined {
  const parsed = parseNetwork(written);
  return parsed === undefined ? undefined : { ...parsed, text: written };
}

export const text: z.ZodString = z
  .string()
  .min(1, "empty-text" satisfies ProblemCode)
  .max(1000);
export const network: z.ZodType<NamedNetwork, string> = read("bad-network", readNetwork);
export const domain: z.ZodType<string, string> = read("bad-domain", readHostname);
export const hostname: z.ZodType<string, string> = read("bad-hostname", readHostname);

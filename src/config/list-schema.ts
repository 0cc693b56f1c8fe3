import { z } from "zod";
import type { ListHostConfig, ListsConfig } from "./list-config.ts";
import type { ProblemCode } from "./problem.ts";
import { formatDuration, parseDuration } from "./quantity.ts";
import { formatAuthorPattern, parseAuthorPattern } from "./sign-schema.ts";
import { network, read } from "./written-value.ts";

function durationOrOff(minimum: number, maximum: number): z.ZodType<number, string> {
  return read("bad-duration", (text) => (text === "off" ? 0 : parseDuration(text))).refine(
    (ms) => ms === 0 || (ms >= minimum && ms <= maximum),
    {
      error: "out-of-range" satisfies ProblemCode,
      params: { minimum: formatDuration(minimum), maximum: formatDuration(maximum) },
    },
  );
}

const text = z
  .string()
  .min(1, "empty-text" satisfies ProblemCode)
  .max(200);

function readName(written: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(written) ? written : undefined;
}

/** RFC 2919 §3: the identifier, with or without its angle brackets. */
function readListId(written: string): string | undefined {
  const id = written.trim().replace(/^</, "").replace(/>$/, "").toLowerCase();
  return id === "" || id.length > 255 || /[\s<>]/.test(id) ? undefined : id;
}

const host = z
  .strictObject({
    name: read("bad-list-name", readName),
    addresses: z.array(read("bad-author", parseAuthorPattern)).min(1),
    socket: text.optional(),
    networks: z.array(network).prefault([]),
    list_id: read("bad-list-id", readListId).optional(),
    broken_signatures: z.enum(["remove", "rename", "keep"]).default("remove"),
    rewrite_from: z.enum(["policy", "always", "never"]).default("policy"),
    author: z.enum(["auto", "reply_to", "cc"]).default("auto"),
    display_name: text.optional(),
  })
  .refine(
    ({ socket, networks, list_id }) => socket !== undefined || networks.length > 0 || list_id !== undefined,
    { error: "bad-list-host" satisfies ProblemCode },
  );

const lists = z.strictObject({
  hosts: z.array(host).prefault([]),
  remember: durationOrOff(60_000, 90 * 86_400_000).prefault("7d"),
  batches: durationOrOff(1_000, 7 * 86_400_000).prefault("off"),
});

/** The section `lists`. */
export const listSchema: z.ZodType<ListsConfig, object> = lists.transform(toLists);

function toLists({ hosts, remember, batches }: z.output<typeof lists>): ListsConfig {
  return { hosts: hosts.map(toHost), rememberMs: remember, batchesMs: batches };
}

function toHost(given: z.output<typeof host>): ListHostConfig {
  return {
    name: given.name,
    addresses: given.addresses,
    ...(given.socket !== undefined && { socket: given.socket }),
    networks: given.networks,
    ...(given.list_id !== undefined && { listId: given.list_id }),
    brokenSignatures: given.broken_signatures,
    rewriteFrom: given.rewrite_from,
    author: given.author === "reply_to" ? "reply-to" : given.author,
    ...(given.display_name !== undefined && { displayName: given.display_name }),
  };
}

const listTexts = z.object({
  milter: z
    .object({ sockets: z.array(z.object({ listen: z.string(), role: z.string().optional() })) })
    .optional(),
  lists: z.object({
    hosts: z.array(z.object({ name: z.string(), socket: z.string().optional() })),
  }),
});

/** What is wrong between keys of `lists` and `milter`, read from the raw value: a path and what to say. */
export function listProblems(
  value: unknown,
): readonly { readonly path: readonly (string | number)[]; readonly problem: ProblemCode }[] {
  const given = listTexts.safeParse(value);
  if (!given.success) return [];
  // Of the usual role: mail from outside must not come by it.
  const sockets = (given.data.milter?.sockets ?? []).flatMap(({ listen, role }) =>
    role === "sign" ? [listen] : [],
  );
  const names = new Set<string>();
  return given.data.lists.hosts.flatMap(({ name, socket }, index) => {
    const path = ["lists", "hosts", index];
    const twice = names.has(name);
    names.add(name);
    return [
      ...(twice ? [{ path: [...path, "name"], problem: "bad-second-list" as const }] : []),
      ...(socket !== undefined && !sockets.includes(socket)
        ? [{ path: [...path, "socket"], problem: "bad-list-socket" as const }]
        : []),
    ];
  });
}

/** The section as the file has it, for `config show`. */
export function listForm({ hosts, rememberMs, batchesMs }: ListsConfig): object {
  return {
    hosts: hosts.map((one) => ({
      name: one.name,
      addresses: one.addresses.map(formatAuthorPattern),
      socket: one.socket,
      networks: one.networks.map((network) => network.text),
      list_id: one.listId,
      broken_signatures: one.brokenSignatures,
      rewrite_from: one.rewriteFrom,
      author: one.author === "reply-to" ? "reply_to" : one.author,
      display_name: one.displayName,
    })),
    remember: rememberMs === 0 ? "off" : formatDuration(rememberMs),
    batches: batchesMs === 0 ? "off" : formatDuration(batchesMs),
  };
}

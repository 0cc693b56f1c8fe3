import type { DnsResolver } from "../../core/dns/resolver.ts";
import type { IpAddress } from "../../core/ip.ts";
import type { SpfChange } from "../context.ts";
import { removeTxt } from "../record-change.ts";
import { changedDns } from "../try-change.ts";
import { type Observation, type ObservedContext, observe } from "./observe.ts";
import { changeRecord } from "./record-text.ts";

/** The record with the terms of `--add` in and those of `--drop` out, and what it would come to. */
export interface WhatIf {
  readonly record: string;
  /** Terms of `--drop` that the record has not. */
  readonly unknown: readonly string[];
  readonly after: Observation;
}

/** @returns undefined when there is no change to try, or not one record to change. */
export async function tryTerms(
  { add, drop }: SpfChange,
  before: Observation,
  context: ObservedContext,
  dns: DnsResolver,
  addresses: readonly IpAddress[],
): Promise<WhatIf | undefined> {
  const { root } = before.analysis;
  const [present, more] = root.records;
  if ((add.length === 0 && drop.length === 0) || more !== undefined) return undefined;
  const { record, unknown } = changeTerms(present?.text ?? "v=spf1", add, drop);
  const changes = [
    ...(present === undefined ? [] : [removeTxt(root.domain, present.strings)]),
    changeRecord("add", root.domain, record),
  ];
  return { record, unknown, after: await observe(context, changedDns(dns, changes), addresses) };
}

/**
 * Puts terms before the "all" or redirect of a record, ip4 and ip6 before everything, and takes others out, which are
 * found in any case of letters, with a "+" or without.
 */
export function changeTerms(
  record: string,
  add: readonly string[],
  drop: readonly string[],
): { readonly record: string; readonly unknown: readonly string[] } {
  const plain = (term: string): string => term.toLowerCase().replace(/^\+/, "");
  const [version = "v=spf1", ...words] = record.split(" ").filter((word) => word !== "");
  const dropped = new Set(drop.map(plain));
  const kept = words.filter((word) => !dropped.has(plain(word)));
  const present = new Set(words.map(plain));
  const added = add.flatMap((text) => text.split(" ")).filter((term) => term !== "");
  const isIp = (term: string): boolean => /^[-+?~]?ip[46]:/i.test(term);
  const end = kept.findIndex((word) => /^[-+?~]?all$|^(?:redirect|exp)=/i.test(word));
  const at = end < 0 ? kept.length : end;
  return {
    record: [
      version,
      ...added.filter(isIp),
      ...kept.slice(0, at),
      ...added.filter((term) => !isIp(term)),
      ...kept.slice(at),
    ].join(" "),
    unknown: drop.filter((term) => !present.has(plain(term))),
  };
}

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { systemClock } from "../../core/clock.ts";
import { memoryResolver } from "../../core/dns/memory.ts";
import { type IpAddress, parseIp } from "../../core/ip.ts";
import type { Log } from "../../log.ts";
import { openSourceNames } from "../../store/source-names.ts";
import { type NamingOptions, organizationalDomains, startNaming } from "./naming.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const sums = { messages: 1, dkim: 0, spf: 0, passed: 0, quarantined: 0, rejected: 0, estimated: 0 };
const source = {
  ...sums,
  ip: parseIp("192.0.2.1") as IpAddress,
  domain: "univ.example",
  firstSeen: 0,
  lastSeen: 0,
};

function options(more: Partial<NamingOptions> = {}): NamingOptions & { readonly told: string[] } {
  const told: string[] = [];
  const tell = (event: string): void => void told.push(event);
  const log = { debug: tell, info: tell, warn: tell, error: tell } as unknown as Log;
  const dataDir = temporaryFolder();
  const collect = {
    mailboxes: [],
    folders: [],
    keep: {},
    failure: { content: "headers" as const },
    geo: { asn: "/none.mmdb" },
    blocklists: ["dead.example"],
  };
  return {
    told,
    config: () => ({ dataDir, collect }),
    reports: async () => ({ sources: async () => [source] }),
    alone: (work) => work(),
    dns: memoryResolver({
      "1.2.0.192.in-addr.arpa": [{ PTR: "mx.example" }],
      "mx.example": [{ A: "192.0.2.1" }],
    }),
    clock: systemClock,
    log,
    ...more,
  };
}

test("a round comes by itself, some time after the start, and tells what is wrong", async () => {
  const given = options();
  const naming = startNaming(given);
  await vi.advanceTimersByTimeAsync(29_000);
  expect(given.told).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  await naming.close();
  expect(given.told).toEqual([
    "collect: the blocklist cannot be used",
    "collect: the database cannot be used",
    "collect: sources named",
  ]);
  const names = openSourceNames(given.config()?.dataDir ?? "");
  expect(names.get(["192.0.2.1"]).get("192.0.2.1")).toMatchObject({ result: "pass", name: "mx.example" });
  names.close();
});

test("while another process is at it, nothing is asked; the next round looks again", async () => {
  let isTaken = true;
  const given = options({ alone: async (work) => (isTaken ? false : work()) });
  const naming = startNaming(given);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(given.told).toEqual([]);
  isTaken = false;
  await vi.advanceTimersByTimeAsync(601_000);
  await naming.close();
  expect(given.told).toContain("collect: sources named");
});

test("a store that cannot be used ends no program, and is tried again", async () => {
  let tries = 0;
  const given = options({
    reports: () => {
      tries += 1;
      return Promise.reject(new Error("down"));
    },
  });
  const naming = startNaming(given);
  await vi.advanceTimersByTimeAsync(31_000);
  await vi.waitFor(() => expect(given.told).toEqual(["collect: sources could not be named"]));
  await vi.advanceTimersByTimeAsync(601_000);
  await naming.close();
  expect(tries).toBe(2);
});

test("after it is closed nothing is begun", async () => {
  const given = options();
  await startNaming(given).close();
  await vi.advanceTimersByTimeAsync(2_000_000);
  expect(given.told).toEqual([]);
});

test("organizational domains are those of the public suffix list", async () => {
  const organizational = await organizationalDomains();
  expect(organizational("mail.cs.univ.ac.jp")).toBe("univ.ac.jp");
  expect(organizational("mail.cs.univ.ac.jp")).toBe("univ.ac.jp");
  expect(organizational("a.b.example.com")).toBe("example.com");
});

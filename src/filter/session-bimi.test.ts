import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeMarkChain } from "../../test/certificates.ts";
import { startHttps, type TestHttps } from "../../test/https-server.ts";
import { sampleSvg } from "../../test/sample-svg.ts";
import { parseConfig } from "../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { type MemoryResolver, type MemoryZone, memoryResolver } from "../core/dns/memory.ts";
import type { MessageEdit } from "../milter/types.ts";
import { redact } from "../store/redact.ts";
import type { UnnumberedRecord } from "./compose-record.ts";
import { type OpenBimi, openBimi } from "./open-bimi.ts";
import { openFilterSession } from "./session.ts";

const svg = sampleSvg();
const chain = makeMarkChain(Buffer.from(svg), { mark: { dnsNames: ["a.example"] } });
const folder = mkdtempSync(join(tmpdir(), "sekisho-bimi-"));
const rootsFile = join(folder, "roots.pem");
writeFileSync(rootsFile, chain.root.pem);
let server: TestHttps;
const opened: OpenBimi[] = [];

beforeAll(async () => {
  server = await startHttps(["www.a.example"], (request, response) => {
    if (request.url === "/never.svg") return;
    response.end(request.url === "/mark.pem" ? chain.pem : svg);
  });
});
afterAll(async () => {
  for (const { close } of opened) close();
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Sent {
  readonly bimi: string;
  readonly record?: string;
  readonly ip?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly timeBudget?: string;
  readonly zone?: MemoryZone;
}
interface Got {
  readonly edits: readonly MessageEdit[];
  readonly record: UnnumberedRecord | undefined;
  readonly dns: MemoryResolver;
}

const from = ["From", " News <news@a.example>"] as const;

async function send(sent: Sent): Promise<Got> {
  const port = server.port;
  const record =
    sent.record ??
    `v=BIMI1; l=https://www.a.example:${port}/logo.svg; a=https://www.a.example:${port}/mark.pem`;
  const dns = memoryResolver({
    "a.example": [{ TXT: "v=spf1 ip4:192.0.2.25 -all" }],
    "_dmarc.a.example": [{ TXT: "v=DMARC1; p=reject" }],
    "default._bimi.a.example": [{ TXT: record }],
    "www.a.example": [{ A: "127.0.0.1" }],
    ...sent.zone,
  });
  const yaml = `
hostname: mx.rcpt.example
networks: { relays: [{ network: 198.51.100.20 }] }
milter: { time_budget: ${sent.timeBudget ?? "25s"} }
verify: { bimi: ${sent.bimi} }
`;
  const loaded = await parseConfig(yaml, { file: "test", hostname: "mx.rcpt.example" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const { config } = loaded;
  const services = { dns, clock: systemClock, ca: [server.ca], mayConnect: () => true };
  const bimi = await openBimi(config, services);
  opened.push(bimi);
  const records: UnnumberedRecord[] = [];
  const session = openFilterSession({
    config,
    socket: { listen: "inet:127.0.0.1:0", role: "verify", onFailure: "tempfail", mode: 0o660 },
    dns,
    clock: systemClock,
    dmarc: {},
    ...(bimi.options !== undefined && { bimi: bimi.options }),
    keep: (one) => records.push(one),
    lost: (error) => {
      throw error;
    },
  });
  const macros = new Map([["i", "4XyZ"]]);
  const client = { family: 4, address: sent.ip ?? "192.0.2.25", port: 4711 } as const;
  await session.connect?.({ hostname: "mail.a.example", client }, macros);
  await session.helo?.("mail.a.example", macros);
  await session.mail?.({ address: "bounce@a.example", parameters: [] }, macros);
  await session.recipient?.({ address: "b@rcpt.example", parameters: [] }, macros);
  for (const [name, value] of sent.fields ?? [from])
    await session.header?.(Buffer.from(name), Buffer.from(value), macros);
  await session.endOfHeaders?.(macros);
  const end = await session.endOfMessage?.(macros);
  return { edits: end?.edits ?? [], record: records[0], dns };
}

const written = ({ edits }: Got) =>
  edits.flatMap((edit) => (edit.kind === "insert-header" ? [[edit.name, edit.value] as const] : []));
const removed = ({ edits }: Got) =>
  edits.flatMap((edit) => (edit.kind === "delete-header" ? [`${edit.name} ${edit.occurrence}`] : []));
const result = (got: Got): string => {
  const value = written(got).find(([name]) => name === "Authentication-Results")?.[1] ?? "";
  return /bimi=[^;]*/.exec(value.replaceAll(/\n\s+/g, " "))?.[0].trim() ?? "none of it";
};
const roots = `roots: ${rootsFile}`;

describe("verify.bimi.mode", () => {
  test("off: nothing is asked and nothing said", async () => {
    const got = await send({ bimi: "{}" });
    expect(result(got)).toBe("none of it");
    expect(got.dns.asked.filter((name) => name.includes("_bimi"))).toEqual([]);
    expect(got.record?.results).not.toHaveProperty("bimi");
  });

  test("record: the record is found and told, and nothing passes", async () => {
    const got = await send({ bimi: "{ mode: record, headers: true }" });
    expect(result(got)).toBe('bimi=skipped reason="not-fetched" header.d=a.example header.selector=default');
    expect(got.record?.results?.bimi).toMatchObject({ result: "skipped", problem: "not-fetched" });
    expect(written(got).map(([name]) => name)).toEqual(["Authentication-Results"]);
  });

  test("fetch: logo and certificate are fetched and checked", async () => {
    const got = await send({ bimi: `{ mode: fetch, ${roots} }` });
    expect(result(got)).toMatch(
      /^bimi=pass header\.d=a\.example header\.selector=default policy\.authority=pass /,
    );
    expect(result(got)).not.toContain("indicator-hash");
    expect(got.record?.results?.bimi).toMatchObject({ result: "pass", evidence: "vmc" });
    expect(written(got).map(([name]) => name)).toEqual(["Authentication-Results"]);
  });

  test("roots that cannot be read stop the start", async () => {
    await expect(send({ bimi: `{ mode: fetch, roots: ${folder}/none.pem }` })).rejects.toThrow(
      /verify\.bimi\.roots.*there is no such file/,
    );
    const empty = join(folder, "empty.pem");
    writeFileSync(empty, "nothing\n");
    await expect(send({ bimi: `{ mode: fetch, roots: ${empty} }` })).rejects.toThrow(/no certificate in it/);
  });
});

describe("header fields (BIMI draft -10 §5, §7.7)", () => {
  test("are written above each other, ours of RFC 8601 at the top", async () => {
    const got = await send({ bimi: `{ mode: fetch, headers: true, ${roots} }` });
    // Each goes to the top, so that the last one stands there.
    expect(
      got.edits
        .filter(({ kind }) => kind === "insert-header")
        .every((edit) => "index" in edit && edit.index === 0),
    ).toBe(true);
    expect(written(got).map(([name]) => name)).toEqual([
      "BIMI-Logo-Preference",
      "BIMI-Indicator",
      "BIMI-Location",
      "Authentication-Results",
    ]);
    const indicator = written(got).find(([name]) => name === "BIMI-Indicator")?.[1] ?? "";
    expect(Buffer.from(indicator.replaceAll("\n ", ""), "base64").toString()).toBe(svg);
    expect(result(got)).toMatch(/policy\.indicator-hash=[0-9a-f]{8}/);
  });

  test("the record holds no picture", async () => {
    const got = await send({ bimi: `{ mode: fetch, headers: true, ${roots} }` });
    expect(got.record?.results?.bimi).not.toHaveProperty("indicator");
  });

  const forged = [
    from,
    ["BIMI-Location", " v=BIMI1; l=https://evil.example/x.svg"],
    ["bimi-indicator ", " PHN2Zy8+"],
    ["BIMI-Logo-Preference", " avp=personal;"],
    ["BIMI-Indicator", " PHN2Zy8+"],
    ["BIMI-Selector", " v=BIMI1; s=x"],
  ] as const;
  const all = [
    "BIMI-Indicator 2",
    "BIMI-Indicator 1",
    "BIMI-Location 1",
    "BIMI-Logo-Preference 1",
  ].toSorted();

  test.each([
    { who: "a stranger, off", bimi: "{}", ip: "192.0.2.25", is: all },
    { who: "a stranger, on", bimi: `{ mode: fetch, headers: true, ${roots} }`, ip: "192.0.2.25", is: all },
    { who: "this host", bimi: "{}", ip: "127.0.0.1", is: all },
    { who: "a relay of ours, off", bimi: "{}", ip: "198.51.100.20", is: [] },
    {
      who: "a relay of ours, and we write our own",
      bimi: `{ mode: fetch, headers: true, ${roots} }`,
      ip: "198.51.100.20",
      is: all,
    },
  ])("§5.6, §7.8: those that come by $who", async ({ bimi, ip, is }) => {
    const got = await send({ bimi, ip, fields: forged });
    expect(removed(got).toSorted()).toEqual(is);
    for (const { reason } of got.record?.removed ?? []) expect(reason).toBe("receivers-field");
  });
});

test("what takes too long is a temperror within the budget of the message", async () => {
  const uri = `https://www.a.example:${server.port}/never.svg`;
  const started = performance.now();
  const got = await send({
    bimi: "{ mode: fetch, require_evidence: false, timeout: 20s }",
    record: `v=BIMI1; l=${uri}`,
    timeBudget: "1100ms",
  });
  expect(result(got)).toContain('bimi=temperror reason="location-unavailable"');
  expect(performance.now() - started).toBeLessThan(18_000);
});

test("the selector of a local part is not kept unless local parts are", async () => {
  const got = await send({
    bimi: "{ mode: record }",
    record: "v=BIMI1; l=; lps=",
    zone: { "news._bimi.a.example": [{ TXT: "v=BIMI1; l=https://www.a.example/n.svg" }] },
  });
  expect(result(got)).toContain("header.selector=news");
  const { record } = got;
  expect(JSON.stringify(record?.results)).not.toContain("news");
  expect(record?.authenticationResults).toContain("header.selector=*");
  if (record === undefined) throw new Error("no record");
  const whole = {
    ...record,
    results: { ...record.results, bimi: { method: "bimi", result: "none", localPartSelector: "news" } },
  } as UnnumberedRecord;
  expect(redact(whole, ["mail_from"]).results?.bimi).toHaveProperty("localPartSelector", "news");
});

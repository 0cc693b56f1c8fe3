import type { MessageRecord } from "../src/store/record.ts";

/** A record for tests; `sequence` also sets the time (one a second) and the queue id. */
export function sampleRecord(sequence: number, changes: Partial<MessageRecord> = {}): MessageRecord {
  return {
    version: 1,
    id: { host: "mx1", boot: "00", sequence },
    at: new Date(Date.UTC(2026, 10, 1) + sequence * 1000).toISOString(),
    elapsedMs: 12,
    queueId: `Q${sequence}`,
    messageId: `<${sequence}@example.jp>`,
    socket: "inet:127.0.0.1:8891",
    client: { origin: "stranger", why: ["networks.none"], ip: "192.0.2.1" },
    envelope: { from: "example.jp", to: ["example.org"], recipients: 1, smtputf8: false },
    size: { headerOctets: 400, bodyOctets: 1000 },
    results: {
      dkim: [],
      dmarc: {
        method: "dmarc",
        result: "pass",
        domain: "example.jp",
        discovery: "treewalk",
        alignedDkim: [],
        alignedSpf: true,
      },
      dns: [{ name: "example.jp", type: "TXT", outcome: "answer", ttl: 300, ms: 2 }],
    },
    disposition: { action: "none", reasons: [] },
    removed: [],
    reply: "accept",
    ...changes,
  };
}

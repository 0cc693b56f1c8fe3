import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connectPacket, macroPacket, offerPacket, packet, splitPackets } from "../../test/milter-client.ts";
import {
  Conversation,
  type ConversationHost,
  type ConversationLimits,
  defaultLimits,
  MilterFault,
} from "./assemble.ts";
import type { EndOfMessage, MessageEdit, MilterReply, MilterSession, MilterStage } from "./types.ts";

const proceed: MilterReply = { kind: "continue" };
const everyStage: ReadonlySet<MilterStage> = new Set<MilterStage>([
  "connect",
  "helo",
  "mail",
  "recipient",
  "data",
  "header",
  "end-of-headers",
  "body",
  "end-of-message",
  "unknown",
]);
const onlyEnd: ReadonlySet<MilterStage> = new Set<MilterStage>(["end-of-message"]);

interface Setting {
  readonly answersAt?: ReadonlySet<MilterStage>;
  readonly limits?: Partial<ConversationLimits>;
  readonly version?: number;
  readonly actions?: number;
  readonly protocol?: number;
}

/** A conversation that has negotiated; what it wrote after that, what its session heard. */
class Talk {
  readonly conversation: Conversation;
  readonly heard: string[] = [];
  readonly faults: string[] = [];
  readonly dropped: string[] = [];
  ended: string | undefined;
  #octets: Buffer = Buffer.alloc(0);
  #ready: () => void = () => {};

  constructor(session: (talk: Talk) => MilterSession, setting: Setting = {}, negotiate = true) {
    const host: ConversationHost = {
      limits: { ...defaultLimits, ...setting.limits },
      wants: {},
      answersAt: setting.answersAt ?? everyStage,
      openSession: () => session(this),
      write: (octets) => {
        this.#octets = Buffer.concat([this.#octets, octets]);
      },
      ended: (reason) => {
        this.ended = reason;
      },
      ready: () => this.#ready(),
      negotiated: () => {},
      messageEnded: () => {},
      replied: () => {},
      fault: (error, stage) =>
        this.faults.push(`${stage}: ${error instanceof MilterFault ? error.code : String(error)}`),
      editsDropped: (edits) => this.dropped.push(...edits.map(({ edit, problem }) => `${edit}: ${problem}`)),
    };
    this.conversation = new Conversation(host);
    if (!negotiate) return;
    this.conversation.receive(offerPacket(setting));
    expect(this.codes()).toBe("O");
  }

  /** Sends packets; the commands of the answers to them, in order. */
  send(...packets: readonly Buffer[]): string {
    this.conversation.receive(Buffer.concat(packets));
    return this.codes();
  }

  /** The same where callbacks are pending: waits until all is answered. */
  async sendAndWait(...packets: readonly Buffer[]): Promise<string> {
    this.conversation.receive(Buffer.concat(packets));
    while (this.conversation.busy) {
      await new Promise<void>((resolve) => {
        this.#ready = resolve;
      });
    }
    return this.codes();
  }

  codes(): string {
    return this.take()
      .map(({ code }) => code)
      .join("");
  }

  take(): { code: string; data: Buffer }[] {
    const { packets } = splitPackets(this.#octets);
    this.#octets = Buffer.alloc(0);
    return packets;
  }
}

/** Hears everything and says "continue", but for what `over` changes. */
function listener(over: MilterSession = {}): (talk: Talk) => MilterSession {
  return (talk) => {
    const hear = (text: string): MilterReply => {
      talk.heard.push(text);
      return proceed;
    };
    return {
      connect: ({ hostname }) => hear(`connect ${hostname}`),
      helo: (name) => hear(`helo ${name}`),
      mail: ({ address }) => hear(`mail ${address}`),
      recipient: ({ address }) => hear(`recipient ${address}`),
      data: () => hear("data"),
      header: (name, value) => hear(`header ${name}:${value}`),
      endOfHeaders: () => hear("end-of-headers"),
      body: (chunk) => hear(`body ${chunk}`),
      endOfMessage: () => ({ edits: [], reply: hear("end-of-message") }),
      unknown: (command) => hear(`unknown ${command}`),
      abort: () => void hear("abort"),
      close: () => void hear("close"),
      ...over,
    };
  };
}

const connect = connectPacket("h");
const helo = packet("H", "h\0");
const mail = packet("M", "<a>\0");
const rcpt = packet("R", "<b>\0");
const data = packet("T");
const header = packet("L", "X\0 v\0");
const eoh = packet("N");
const body = packet("B", "text");
const end = packet("E");
const message = [mail, rcpt, data, header, eoh, body, end];

describe("C.2 the life of a message", () => {
  test("each event is heard and answered, in order", () => {
    const talk = new Talk(listener());
    expect(talk.send(connect, helo, ...message, packet("Q"))).toBe("ccccccccc");
    expect(talk.heard).toEqual([
      "connect h",
      "helo h",
      "mail a",
      "recipient b",
      "data",
      "header X: v",
      "end-of-headers",
      "body text",
      "end-of-message",
      "abort",
      "close",
    ]);
    expect(talk.ended).toBe("quit");
  });

  test("no answer to D, A, K and to a command that nobody knows", () => {
    const talk = new Talk(listener());
    expect(
      talk.send(macroPacket("C", { j: "mx" }), packet("A"), packet("K"), packet("Z", "x"), packet("D")),
    ).toBe("");
    expect(talk.ended).toBeUndefined();
  });

  test("E with data is body and end, with one answer", () => {
    const talk = new Talk(listener());
    expect(talk.send(mail, rcpt, packet("E", "rest"))).toBe("ccc");
    expect(talk.heard.slice(-3)).toEqual(["body rest", "end-of-message", "abort"]);
  });

  test("E with data: what the body answers ends the message", () => {
    const talk = new Talk(listener({ body: () => ({ kind: "reject" }) }));
    expect(talk.send(mail, rcpt, packet("E", "rest"))).toBe("ccr");
    expect(talk.heard).not.toContain("end-of-message");
  });

  test("E with data, and a body callback that takes its time", async () => {
    const talk = new Talk(listener({ body: async () => ({ kind: "skip" }) }));
    expect(await talk.sendAndWait(mail, rcpt, packet("E", "rest"))).toBe("ccc");
    expect(talk.heard).toContain("end-of-message");
  });
});

describe("C.4 no reply where none was negotiated", () => {
  test("NR for everything: one answer a message", () => {
    const talk = new Talk(listener(), { answersAt: onlyEnd });
    expect(talk.send(connect, helo, ...message, packet("U", "FOO\0"))).toBe("c");
    expect(talk.heard).toContain("header X: v");
  });

  test("an MTA that knows no NR: continue, the session's right to answer is the same", () => {
    const talk = new Talk(listener(), { answersAt: onlyEnd, version: 2, protocol: 0x7f });
    expect(talk.send(connect, helo, mail, rcpt, header, eoh, body, end)).toBe("cccccccc");
  });

  test("events without a callback, from an MTA that cannot leave them out", () => {
    const talk = new Talk(() => ({}), { version: 2, protocol: 0x7f });
    expect(talk.send(...message)).toBe("c".repeat(message.length));
  });

  test("an answer where none can be sent is a fault, given at the end of message", () => {
    const talk = new Talk(listener({ mail: () => ({ kind: "reject" }) }), { answersAt: onlyEnd });
    expect(talk.send(...message)).toBe("t");
    expect(talk.faults).toEqual(["mail: unexpected-answer"]);
    expect(talk.heard).toEqual(["abort"]);
  });
});

describe("C.4 SKIP", () => {
  const skipping = listener({ body: () => ({ kind: "skip" }) });
  const bodyAnswers: ReadonlySet<MilterStage> = new Set<MilterStage>(["end-of-message", "body"]);

  test("s once, further chunks are not looked at", () => {
    const talk = new Talk(skipping, { answersAt: bodyAnswers });
    expect(talk.send(mail, rcpt, body)).toBe("s");
    expect(talk.send(body, end)).toBe("cc");
  });

  test("continue to an MTA that does not know it", () => {
    const calls: string[] = [];
    const talk = new Talk(
      listener({
        body: () => {
          calls.push("body");
          return { kind: "skip" };
        },
      }),
      { answersAt: bodyAnswers, version: 2, protocol: 0x7f },
    );
    expect(talk.send(mail, rcpt, body, body, end)).toBe("ccccc");
    expect(calls).toHaveLength(1);
  });

  test("no answer under NR, but no further call either", () => {
    const talk = new Talk(skipping, { answersAt: onlyEnd });
    expect(talk.send(mail, rcpt, body, body, end)).toBe("c");
    expect(talk.faults).toEqual([]);
  });

  test("in the next message the body is looked at again", () => {
    const talk = new Talk(skipping, { answersAt: bodyAnswers });
    expect(talk.send(mail, rcpt, body, end, mail, rcpt, body)).toBe("scs");
  });

  test("elsewhere it is a fault", () => {
    const talk = new Talk(listener({ header: () => ({ kind: "skip" }) }));
    expect(talk.send(mail, rcpt, header)).toBe("cct");
    expect(talk.faults).toEqual(["header: unexpected-answer"]);
  });
});

describe("C.8 states", () => {
  const verdicts: MilterReply[] = [
    { kind: "accept" },
    { kind: "reject" },
    { kind: "discard" },
    { kind: "tempfail" },
    { kind: "smtp", code: 550, enhanced: "5.7.1", text: "no" },
  ];
  test.each(verdicts)("after $kind on a message the filter is back after HELO", (reply) => {
    const talk = new Talk(listener({ data: () => reply }));
    talk.send(connect, helo, mail, rcpt, data);
    expect(talk.heard.slice(-2)).toEqual(["recipient b", "abort"]);
    expect(talk.conversation.inMessage).toBe(false);
    talk.send(mail);
    expect(talk.heard.at(-1)).toBe("mail a");
  });

  test.each([
    { reply: { kind: "reject" }, stays: true },
    { reply: { kind: "tempfail" }, stays: true },
    { reply: { kind: "smtp", code: 450, enhanced: "4.7.1", text: "later" }, stays: true },
    { reply: { kind: "accept" }, stays: false },
    { reply: { kind: "discard" }, stays: false },
  ] as { reply: MilterReply; stays: boolean }[])(
    "$reply.kind at RCPT: the transaction stands: $stays",
    ({ reply, stays }) => {
      const talk = new Talk(listener({ recipient: () => reply }));
      talk.send(mail, rcpt);
      expect(talk.conversation.inMessage).toBe(stays);
    },
  );

  test("A ends the message only", () => {
    const talk = new Talk(listener());
    expect(talk.send(connect, helo, mail, rcpt, packet("A"))).toBe("cccc");
    expect(talk.heard.slice(-1)).toEqual(["abort"]);
    expect(talk.send(...message)).toBe("ccccccc");
  });

  test("abort exactly once a message, whatever ends it", () => {
    const talk = new Talk(listener());
    talk.send(mail, packet("A"), packet("A"), mail, mail, helo, ...message, packet("A"), mail, packet("Q"));
    const heard = talk.heard.filter((text) => text === "abort" || text.startsWith("mail"));
    expect(heard).toEqual(Array.from({ length: 5 }, () => ["mail a", "abort"]).flat());
    expect(talk.heard.at(-1)).toBe("close");
  });

  test("K: another session, its own connect and macros; the negotiation stays", () => {
    const macros: string[] = [];
    const talk = new Talk(
      listener({
        mail: (_, known) => {
          macros.push(JSON.stringify([...known]));
          return proceed;
        },
      }),
      { answersAt: onlyEnd },
    );
    talk.send(connect, macroPacket("C", { j: "mx" }), mail, packet("K"));
    expect(talk.send(connect, mail, end)).toBe("c");
    expect(talk.heard).toEqual(["connect h", "abort", "close", "connect h", "end-of-message", "abort"]);
    expect(macros).toEqual(['[["j","mx"]]', "[]"]);
  });

  describe("order, as libmilter takes it", () => {
    test("a second MAIL ends the message and begins another", () => {
      const talk = new Talk(listener());
      expect(talk.send(mail, rcpt, mail)).toBe("ccc");
      expect(talk.heard).toEqual(["mail a", "recipient b", "abort", "mail a"]);
    });

    test("HELO within a message ends it", () => {
      const talk = new Talk(listener());
      talk.send(mail, helo);
      expect(talk.heard).toEqual(["mail a", "abort", "helo h"]);
    });

    test("MAIL without connect and HELO", () => {
      const talk = new Talk(listener());
      expect(talk.send(...message)).toBe("ccccccc");
    });

    test.each([
      { name: "RCPT outside a message", packets: [rcpt] },
      { name: "a header outside a message", packets: [header] },
      { name: "a second connect", packets: [connect, connect] },
    ])("$name is not heard, but answered", ({ packets }) => {
      const talk = new Talk(listener());
      expect(talk.send(...packets)).toBe("c".repeat(packets.length));
      expect(talk.heard.filter((text) => !text.startsWith("connect"))).toEqual([]);
      expect(talk.heard.length).toBeLessThanOrEqual(1);
    });

    test("an end of message of which nothing was seen does not pass", () => {
      const talk = new Talk(listener());
      expect(talk.send(connect, helo, end)).toBe("cct");
    });

    test("a message begins with what was not turned off", () => {
      const talk = new Talk((own) => ({
        header: (name) => {
          own.heard.push(`header ${name}`);
          return proceed;
        },
        endOfMessage: () => ({ edits: [], reply: { kind: "accept" } }),
      }));
      expect(talk.send(header, header, end, header, end)).toBe("ccaca");
      expect(talk.heard).toHaveLength(3);
    });

    test("an unknown command within a message does not disturb it", () => {
      const talk = new Talk(listener());
      expect(talk.send(mail, packet("U", "FOO\0"), rcpt, end)).toBe("cccc");
      expect(talk.heard).not.toContain("abort end");
      expect(talk.heard.filter((text) => text === "abort")).toHaveLength(1);
    });
  });

  test("ACCEPT and REJECT at connect close nothing on our side", () => {
    const talk = new Talk(listener({ connect: () => ({ kind: "reject" }) }));
    expect(talk.send(connect, helo)).toBe("rc");
  });

  test("DISCARD is not allowed at connect and HELO: a fault", () => {
    const talk = new Talk(
      listener({ connect: () => ({ kind: "discard" }), helo: () => ({ kind: "discard" }) }),
    );
    expect(talk.send(connect, helo)).toBe("tt");
    expect(talk.faults).toEqual(["connect: unexpected-answer", "helo: unexpected-answer"]);
  });
});

describe("C.5 macros", () => {
  function atStages(packets: readonly Buffer[]): string[] {
    const seen: string[] = [];
    const note = (stage: string, macros: ReadonlyMap<string, string>): MilterReply => {
      seen.push(`${stage} ${[...macros].map((pair) => pair.join("=")).join(" ")}`.trim());
      return proceed;
    };
    const talk = new Talk(
      () => ({
        helo: (_, macros) => note("helo", macros),
        mail: (_, macros) => note("mail", macros),
        recipient: (_, macros) => note("rcpt", macros),
        header: (_, __, macros) => note("header", macros),
        endOfMessage: (macros) => ({ edits: [], reply: note("eom", macros) }),
      }),
      { answersAt: onlyEnd },
    );
    talk.send(...packets);
    return seen;
  }

  test("a D does not wipe those of other stages; TLS macros of HELO are there at the end", () => {
    const seen = atStages([
      macroPacket("H", { tls_version: "TLSv1.3" }),
      helo,
      macroPacket("M", { mail_addr: "a" }),
      mail,
      rcpt,
      macroPacket("E", { i: "Q1" }),
      end,
    ]);
    expect(seen.at(-1)).toBe("eom tls_version=TLSv1.3 mail_addr=a i=Q1");
  });

  test("Postfix sends one before each header, and for events that are turned off", () => {
    const each = macroPacket("L", { i: "Q1" });
    const seen = atStages([
      mail,
      rcpt,
      macroPacket("T", { i: "Q1" }),
      each,
      header,
      each,
      header,
      macroPacket("N", { i: "Q1" }),
      end,
    ]);
    expect(seen).toEqual(["mail", "rcpt", "header i=Q1", "header i=Q1", "eom i=Q1"]);
  });

  test("a packet replaces those of its own stage; the newest value of a name wins", () => {
    const seen = atStages([
      macroPacket("M", { i: "old", mail_addr: "a" }),
      mail,
      macroPacket("R", { rcpt_addr: "1", x: "1" }),
      rcpt,
      macroPacket("R", { rcpt_addr: "2" }),
      rcpt,
      macroPacket("L", { i: "new" }),
      header,
      macroPacket("M", { i: "old", mail_addr: "a" }),
      header,
    ]);
    expect(seen).toEqual([
      "mail i=old mail_addr=a",
      "rcpt i=old mail_addr=a rcpt_addr=1 x=1",
      "rcpt i=old mail_addr=a rcpt_addr=2",
      "header i=new mail_addr=a rcpt_addr=2",
      "header rcpt_addr=2 i=old mail_addr=a",
    ]);
  });

  test("a message does not see those of the one before it", () => {
    const first = [macroPacket("M", { i: "Q1" }), mail, rcpt, macroPacket("E", { i: "Q1" }), end];
    expect(atStages([...first, mail])).toEqual(["mail i=Q1", "rcpt i=Q1", "eom i=Q1", "mail"]);
    expect(atStages([macroPacket("M", { i: "Q1" }), mail, packet("A"), mail])).toEqual(["mail i=Q1", "mail"]);
  });

  test("those that came for a MAIL which ends the message before it are its own", () => {
    const next = [macroPacket("M", { mail_addr: "b" }), mail];
    expect(atStages([macroPacket("R", { rcpt_addr: "1" }), mail, ...next])).toEqual([
      "mail rcpt_addr=1",
      "mail mail_addr=b",
    ]);
  });

  test("a map that was handed out does not change", () => {
    const kept: ReadonlyMap<string, string>[] = [];
    const talk = new Talk(() => ({
      mail: (_, macros) => {
        kept.push(macros);
        return proceed;
      },
    }));
    talk.send(macroPacket("M", { i: "1" }), mail, macroPacket("M", { i: "2" }), mail);
    expect(kept.map((macros) => macros.get("i"))).toEqual(["1", "2"]);
  });
});

describe("C.6 leading white space of header values", () => {
  const seen = (protocol: number, value: string): string => {
    const talk = new Talk(listener(), { protocol });
    talk.send(mail, packet("L", `X\0${value}\0`));
    return talk.heard.at(-1) ?? "";
  };
  test("with LEADSPC the octets are exact", () => {
    expect(seen(0x1fffff, "\t v")).toBe("header X:\t v");
    expect(seen(0x1fffff, "v")).toBe("header X:v");
  });
  test("without it the blank that the MTA ate is put back; it eats no TAB", () => {
    expect(seen(0x7f, "v")).toBe("header X: v");
    expect(seen(0x7f, "\tv")).toBe("header X:\tv");
    expect(seen(0x7f, "\n v")).toBe("header X: \n v");
  });
  test("folds by LF and by CRLF come as they are", () => {
    expect(seen(0x1fffff, " a\r\n b\n c")).toBe("header X: a\r\n b\n c");
  });
});

describe("faults", () => {
  const held: EndOfMessage = {
    edits: [{ kind: "add-header", name: "X", value: "y" }],
    reply: { kind: "accept" },
  };

  test.each([...everyStage].filter((stage) => stage !== "end-of-message"))(
    "a throw at %s: tempfail when there is no fault callback",
    (stage) => {
      const names: Record<string, keyof MilterSession> = { "end-of-headers": "endOfHeaders" };
      const thrower = (): never => {
        throw new Error("broken");
      };
      const talk = new Talk(listener({ [names[stage] ?? stage]: thrower }));
      const answers = talk.send(connect, helo, packet("U", "FOO\0"), ...message);
      const place = [
        "connect",
        "helo",
        "unknown",
        "mail",
        "recipient",
        "data",
        "header",
        "end-of-headers",
        "body",
      ].indexOf(stage);
      expect(answers[place]).toBe("t");
      expect(answers).toHaveLength(10);
      expect(talk.faults[0]).toBe(`${stage}: Error: broken`);
    },
  );

  test("the same by a rejection", async () => {
    const talk = new Talk(listener({ header: () => Promise.reject(new Error("broken")) }));
    expect(await talk.sendAndWait(mail, rcpt, header)).toBe("cct");
  });

  test("where nothing can be answered: at the end of message, with its edits", () => {
    const talk = new Talk(
      listener({
        header: () => {
          throw new Error("broken");
        },
        fault: () => held,
      }),
      { answersAt: onlyEnd },
    );
    expect(talk.send(...message)).toBe("ha");
    expect(talk.heard).not.toContain("body text");
    expect(talk.heard).not.toContain("end-of-message");
  });

  test('where the answer is "continue": the same', () => {
    const talk = new Talk(
      listener({
        header: () => {
          throw new Error("broken");
        },
        fault: () => ({ ...held, reply: proceed }),
      }),
    );
    expect(talk.send(...message)).toBe("cccccchc");
  });

  test("the next message is heard again", () => {
    let broken = true;
    const talk = new Talk(
      listener({
        header: () => {
          if (broken) throw new Error("broken");
          return proceed;
        },
      }),
      { answersAt: onlyEnd },
    );
    expect(talk.send(...message)).toBe("t");
    broken = false;
    expect(talk.send(...message)).toBe("c");
  });

  test("a fault at connect holds for every message, until another client comes", () => {
    let broken = true;
    const talk = new Talk(
      listener({
        connect: () => {
          if (broken) throw new Error("broken");
          return proceed;
        },
      }),
      { answersAt: onlyEnd },
    );
    expect(talk.send(connect, ...message, ...message)).toBe("tt");
    broken = false;
    expect(talk.send(packet("K"), connect, ...message)).toBe("c");
  });

  test("at the end of message", () => {
    const talk = new Talk(
      listener({
        endOfMessage: () => {
          throw new Error("broken");
        },
        fault: () => held,
      }),
    );
    expect(talk.send(mail, end)).toBe("cha");
  });

  test("a fault callback that throws: tempfail", () => {
    const talk = new Talk(
      listener({
        endOfMessage: () => {
          throw new Error("broken");
        },
        fault: () => {
          throw new Error("broken too");
        },
      }),
    );
    expect(talk.send(mail, end)).toBe("ct");
    expect(talk.faults).toHaveLength(2);
  });

  test.each<{ name: string; answer: EndOfMessage }>([
    { name: "skip", answer: { edits: [], reply: { kind: "skip" } } },
    {
      name: "a code of success",
      answer: { edits: [], reply: { kind: "smtp", code: 250, enhanced: "2.0.0", text: "" } },
    },
    { name: "nothing", answer: undefined as unknown as EndOfMessage },
    { name: "a promise of nothing", answer: Promise.resolve() as unknown as EndOfMessage },
    { name: "no edits", answer: { reply: { kind: "accept" } } as unknown as EndOfMessage },
    {
      name: "an edit of no type",
      answer: { edits: [undefined as unknown as MessageEdit], reply: { kind: "accept" } },
    },
  ])("end of message answered by $name", async ({ name, answer }) => {
    const talk = new Talk(listener({ endOfMessage: () => answer }));
    expect(await talk.sendAndWait(mail, end)).toBe(name === "nothing" ? "cc" : "ct");
    expect(talk.conversation.inMessage).toBe(false);
  });

  test("abort and close that throw", () => {
    const thrower = (): never => {
      throw new Error("broken");
    };
    const talk = new Talk(listener({ abort: thrower, close: thrower }));
    expect(talk.send(...message, packet("Q"))).toBe("ccccccc");
    expect(talk.ended).toBe("quit");
    expect(talk.faults).toHaveLength(2);
  });
});

describe("time", () => {
  const never = new Promise<never>(() => {});
  const later = (ms: number): Promise<MilterReply> =>
    new Promise((resolve) => setTimeout(() => resolve(proceed), ms));
  const passes = <T>(ms: number, pending: Promise<T>): Promise<T> =>
    vi.advanceTimersByTimeAsync(ms).then(() => pending);

  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  test("a callback before the end has its own limit, and no progress is sent for it", async () => {
    const talk = new Talk(listener({ mail: () => never }), {
      limits: { stageBudgetMs: 20, progressEveryMs: 5 },
    });
    expect(await passes(20, talk.sendAndWait(mail))).toBe("t");
    expect(talk.faults).toEqual(["mail: time-budget"]);
  });

  test("progress while the end is pending, then the fault's answer", async () => {
    const talk = new Talk(listener({ endOfMessage: () => never }), {
      limits: { timeBudgetMs: 60, progressEveryMs: 10 },
    });
    expect(await passes(60, talk.sendAndWait(mail, end))).toBe("cpppppt");
    expect(talk.faults).toEqual(["end-of-message: time-budget"]);
  });

  test("the callbacks of a message share one budget", async () => {
    const talk = new Talk(listener({ header: () => later(30) }), { limits: { timeBudgetMs: 100 } });
    const headers = Array.from({ length: 6 }, () => header);
    expect(await passes(100, talk.sendAndWait(mail, rcpt, ...headers))).toBe("ccccctcc");
    expect(talk.faults[0]).toBe("header: time-budget");
  });

  test("a late answer is dropped, and the next callback waits for it", async () => {
    const order: string[] = [];
    let release: (() => void) | undefined;
    const talk = new Talk(
      listener({
        endOfMessage: async () => {
          if (release !== undefined) return { edits: [], reply: { kind: "accept" } };
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          order.push("late");
          return { edits: [], reply: { kind: "discard" } };
        },
        mail: () => {
          order.push("mail");
          return proceed;
        },
      }),
      { limits: { timeBudgetMs: 250, stageBudgetMs: 20_000 } },
    );
    const first = talk.sendAndWait(mail, end);
    expect(await passes(250, first)).toBe("ct");
    expect(talk.conversation.inMessage).toBe(false);
    const second = talk.sendAndWait(mail, end);
    expect(talk.conversation.busy).toBe(true);
    release?.();
    expect(await second).toBe("ca");
    expect(order).toEqual(["mail", "late", "mail"]);
  });

  test("what was spent before a message is not taken from its budget", async () => {
    const slow = (): Promise<MilterReply> => later(60);
    const talk = new Talk(listener({ connect: slow, helo: slow, unknown: slow, mail: slow }), {
      limits: { timeBudgetMs: 600 },
    });
    const command = packet("U", "FOO\0");
    const commands = Array.from({ length: 10 }, () => command);
    const answers = passes(13 * 60, talk.sendAndWait(connect, helo, ...commands, mail, end));
    expect(await answers).toBe("c".repeat(14));
    expect(talk.faults).toEqual([]);
  });

  test("a new session does not wait for what overran in the one before it", async () => {
    let first = true;
    const talk = new Talk(
      listener({
        mail: () => {
          if (!first) return proceed;
          first = false;
          return never;
        },
      }),
      { limits: { stageBudgetMs: 20 } },
    );
    expect(await passes(20, talk.sendAndWait(mail))).toBe("t");
    expect(talk.send(packet("K"), mail)).toBe("c");
  });

  test("callbacks of one connection never overlap, even behind one that never ends", async () => {
    let running = 0;
    const talk = new Talk(
      listener({
        mail: () => {
          running += 1;
          return never;
        },
      }),
      { limits: { stageBudgetMs: 20 } },
    );
    expect(await passes(40, talk.sendAndWait(mail, mail))).toBe("tt");
    expect(running).toBe(1);
  });

  test("nothing is read on while a callback is pending", async () => {
    let release: (reply: MilterReply) => void = () => {};
    const talk = new Talk(
      listener({
        mail: () =>
          new Promise<MilterReply>((resolve) => {
            release = resolve;
          }),
      }),
    );
    expect(talk.send(mail, rcpt, header)).toBe("");
    expect(talk.heard).toEqual([]);
    expect(talk.conversation.hasBacklog).toBe(true);
    release(proceed);
    expect(await talk.sendAndWait()).toBe("ccc");
  });

  test("gone while a callback is pending: abort and close, nothing is written", async () => {
    let release: (answer: EndOfMessage) => void = () => {};
    const talk = new Talk(
      listener({
        endOfMessage: () =>
          new Promise<EndOfMessage>((resolve) => {
            release = resolve;
          }),
      }),
    );
    talk.send(mail, end);
    talk.conversation.destroy();
    talk.conversation.destroy();
    release({ edits: [], reply: { kind: "accept" } });
    await Promise.resolve();
    expect(talk.heard).toEqual(["mail a", "abort", "close"]);
    expect(talk.codes()).toBe("");
  });
});

describe("what ends a conversation", () => {
  const cases: { name: string; packets: Buffer[]; negotiated: boolean; is: string }[] = [
    { name: "an event before the negotiation", packets: [mail], negotiated: false, is: "not-negotiated" },
    {
      name: "macros before the negotiation",
      packets: [macroPacket("C", { j: "mx" })],
      negotiated: false,
      is: "not-negotiated",
    },
    { name: "K before the negotiation", packets: [packet("K")], negotiated: false, is: "not-negotiated" },
    { name: "version 1", packets: [offerPacket({ version: 1 })], negotiated: false, is: "version-too-low" },
    { name: "a short offer", packets: [packet("O", "1234")], negotiated: false, is: "malformed-negotiation" },
    { name: "a second offer", packets: [offerPacket()], negotiated: true, is: "negotiated-twice" },
    { name: "a packet without a command", packets: [Buffer.alloc(4)], negotiated: true, is: "packet-empty" },
    {
      name: "a packet past the limit",
      packets: [Buffer.from("00200000", "hex")],
      negotiated: true,
      is: "packet-too-long",
    },
    {
      name: "a connect that cannot be read",
      packets: [packet("C", "x")],
      negotiated: true,
      is: "malformed-connect",
    },
    { name: "Q before the negotiation", packets: [packet("Q")], negotiated: false, is: "quit" },
  ];
  test.each(cases)("$name: $is, and not an octet back", ({ packets, negotiated, is }) => {
    const talk = new Talk(listener(), {}, negotiated);
    expect(talk.send(...packets)).toBe("");
    expect(talk.ended).toBe(is);
    expect(talk.send(...message)).toBe("");
  });

  test("a session that cannot be opened", () => {
    const talk = new Talk(
      () => {
        throw new Error("broken");
      },
      {},
      false,
    );
    expect(talk.send(offerPacket())).toBe("");
    expect(talk.ended).toBe("no-session");
  });

  test("what was answered before goes out", () => {
    const talk = new Talk(listener());
    expect(talk.send(mail, rcpt, Buffer.alloc(4))).toBe("cc");
  });
});

describe("C.1 sizes", () => {
  test("a header of 102,400 octets from Postfix is heard", () => {
    const talk = new Talk(listener());
    expect(talk.send(mail, packet("L", `X\0${"v".repeat(102_400)}\0`))).toBe("cc");
    expect(talk.heard.at(-1)).toHaveLength("header X:".length + 102_400);
  });

  test("edits that were not negotiated or cannot be sent are dropped and named, the answer goes out", () => {
    const edits: MessageEdit[] = [
      { kind: "quarantine", reason: "x" },
      { kind: "add-header", name: "X", value: "v" },
      { kind: "add-header", name: "X", value: "v ".repeat(40_000) },
    ];
    const talk = new Talk(listener({ endOfMessage: () => ({ edits, reply: { kind: "accept" } }) }), {
      actions: 0x01,
    });
    expect(talk.send(mail, end)).toBe("cha");
    expect(talk.dropped).toEqual(["quarantine: not-negotiated", "add-header: too-long"]);
  });

  test("edits only where the message goes on", () => {
    const edits: MessageEdit[] = [{ kind: "add-header", name: "X", value: "v" }];
    const talk = new Talk(listener({ endOfMessage: () => ({ edits, reply: { kind: "reject" } }) }));
    expect(talk.send(mail, end)).toBe("cr");
  });
});

describe("any cutting of the stream gives the same answers", () => {
  const stream = Buffer.concat([
    offerPacket(),
    macroPacket("C", { j: "mx" }),
    connect,
    helo,
    ...message,
    packet("U", "FOO\0"),
    macroPacket("M", { i: "Q" }),
    ...message.slice(0, -1),
    packet("E", "rest"),
    packet("K"),
    connect,
    mail,
    packet("B", "z".repeat(5000)),
    packet("A"),
    ...message,
    packet("Q"),
  ]);
  const session = (asynchronous: boolean): ((talk: Talk) => MilterSession) => {
    const later = <T>(value: T): T | Promise<T> => (asynchronous ? Promise.resolve(value) : value);
    return (talk) => ({
      connect: () => later(proceed),
      mail: () => proceed,
      recipient: () => later<MilterReply>({ kind: "reject" }),
      header: (name, value) => {
        talk.heard.push(`${name}:${value}`);
        return later(proceed);
      },
      body: (chunk) => {
        talk.heard.push(`${chunk}`);
        return later(proceed);
      },
      endOfMessage: (macros) =>
        later<EndOfMessage>({
          edits: [{ kind: "insert-header", index: 0, name: "X-Id", value: macros.get("i") ?? "none" }],
          reply: { kind: "accept" },
        }),
    });
  };
  const run = async (cuts: readonly number[], asynchronous: boolean): Promise<unknown> => {
    const talk = new Talk(session(asynchronous), {}, false);
    const places = [...new Set(cuts.map((cut) => cut % stream.length))].sort((a, b) => a - b);
    let from = 0;
    for (const to of [...places, stream.length]) {
      talk.conversation.receive(Buffer.from(stream.subarray(from, to)));
      from = to;
    }
    for (let i = 0; i < 200 && talk.ended === undefined; i++) await Promise.resolve();
    return { answers: talk.take(), heard: talk.heard, ended: talk.ended };
  };

  test("at every single place", async () => {
    const whole = await run([], false);
    expect(whole).toMatchObject({ ended: "quit" });
    for (let at = 1; at < 600; at++) expect(await run([at], at % 2 === 0)).toEqual(whole);
  });

  test("property: anywhere, with callbacks at once or later", async () => {
    const whole = await run([], false);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 30 }), fc.boolean(), async (cuts, asynchronous) => {
        expect(await run(cuts, asynchronous)).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });
});

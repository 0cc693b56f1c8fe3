import { ListMemory, type TokenUse } from "../../../src/filter/list-memory.ts";
import { createToken, parseToken, tokenKey } from "../../../src/filter/list-token.ts";
import type { FuzzTarget } from "../target.ts";

const token = createToken();
const seeds = [
  token,
  ` ${token}\r\n`,
  `${token} ${createToken()}`,
  "\t=?utf-8?Q?abcdefghijklmnopqrstuvwxyz012345?=",
  "abcdefghijklmnopqrstuvwxyz01234_",
  "../../../../../../etc/passwd\0",
];

const use: TokenUse = {
  host: "staff",
  list: "a@lists.example",
  connection: "1",
  content: "c",
  recipients: "r",
};
const terms = { keepMs: 1000, batchesMs: 0 };

/** Reads any value as a token: nothing but the one that was given out brings a word back, and that only once. */
export const target: FuzzTarget = {
  name: "list-token",
  seeds: seeds.map((text) => Buffer.from(text)),
  run(input) {
    const memory = new ListMemory();
    memory.remember(
      tokenKey(token),
      { at: 0, lists: ["staff a@lists.example"], payload: "mx.example; none", chain: "none", sets: "" },
      0,
      terms,
    );
    const read = parseToken(input.toString("latin1"));
    if (read === undefined) return;
    if (!/^[A-Za-z0-9_-]{32}$/.test(read)) throw new Error("no token");
    const [first, second] = [1, 2].map((now) => memory.redeem(tokenKey(read), use, now, terms).kind);
    if ((first === "known") !== (read === token)) throw new Error("the word of another token");
    if (second === "known") throw new Error("used twice");
  },
};

import { expect, test } from "vitest";
import { memoryResolver } from "./memory.ts";

const dns = memoryResolver({
  "a.example": [{ A: "192.0.2.1" }, { TXT: ["one", "two"] }],
  "slow.example": [{ A: "192.0.2.1" }, "TIMEOUT"],
  "alias.example": [{ CNAME: "a.example" }],
  "loop.example": [{ CNAME: "loop.example" }],
});

test.each([
  { name: "a.example", type: "A", is: "answer" },
  { name: "A.Example.", type: "TXT", is: "answer" },
  { name: "a.example", type: "MX", is: "nodata" },
  { name: "example", type: "A", is: "nodata" },
  { name: "b.example", type: "A", is: "nxdomain" },
  { name: "slow.example", type: "A", is: "answer" },
  { name: "slow.example", type: "TXT", is: "failure" },
  { name: "alias.example", type: "A", is: "answer" },
  { name: "loop.example", type: "A", is: "failure" },
] as const)("$name $type is $is", async ({ name, type, is }) => {
  expect((await dns.query(name, type)).kind).toBe(is);
});

test("strings of one TXT record are joined with nothing between", async () => {
  const answer = await dns.query("a.example", "TXT");
  expect(answer).toMatchObject({ records: [{ strings: ["one", "two"], text: "onetwo" }] });
});

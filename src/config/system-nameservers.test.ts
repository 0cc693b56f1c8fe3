import { expect, test } from "vitest";
import { parseResolvConf, systemNameservers } from "./system-nameservers.ts";

test("nameserver lines are taken in order, each address once, others are passed over", () => {
  const text = [
    "# nameserver 192.0.2.9",
    "; nameserver 192.0.2.8",
    "search example.jp",
    "nameserver 192.0.2.1",
    "  nameserver\t2001:db8::1  # comment",
    "nameserver 192.0.2.1",
    "nameserver fe80::1%eth0\r",
    "nameserver",
    "nameserver dns.example",
    "nameservers 192.0.2.7",
    "options edns0",
  ].join("\n");
  expect(parseResolvConf(text)).toEqual([
    { address: "192.0.2.1", port: 53 },
    { address: "2001:db8::1", port: 53 },
    { address: "fe80::1%eth0", port: 53 },
  ]);
});

test("without a file the local host is asked", () => {
  expect(systemNameservers("/nonexistent/resolv.conf")).toEqual([{ address: "127.0.0.1", port: 53 }]);
});

import { expect, test } from "vitest";
import { parseServerAddress } from "./server-address.ts";

test.each([
  { text: "192.0.2.1", is: { address: "192.0.2.1", port: 53 } },
  { text: "192.0.2.1:5353", is: { address: "192.0.2.1", port: 5353 } },
  { text: "2001:db8::1", is: { address: "2001:db8::1", port: 53 } },
  { text: "2001:db8::5353", is: { address: "2001:db8::5353", port: 53 } },
  { text: "[2001:db8::1]", is: { address: "2001:db8::1", port: 53 } },
  { text: "[2001:db8::1]:65535", is: { address: "2001:db8::1", port: 65_535 } },
  { text: "fe80::1%eth0", is: { address: "fe80::1%eth0", port: 53 } },
  { text: "", is: undefined },
  { text: ":53", is: undefined },
  { text: "localhost", is: undefined },
  { text: "192.0.2.1:", is: undefined },
  { text: "192.0.2.1:0", is: undefined },
  { text: "192.0.2.1:65536", is: undefined },
  { text: "192.0.2.1:053", is: undefined },
  { text: "192.0.2.256", is: undefined },
  { text: "[192.0.2.1]:53", is: undefined },
  { text: "[2001:db8::1", is: undefined },
  { text: "[2001:db8::1]53", is: undefined },
  { text: "[2001:db8::1]x:53", is: undefined },
])("$text", ({ text, is }) => {
  expect(parseServerAddress(text)).toEqual(is);
});

import { expect, test } from "vitest";
import { parseIp } from "../core/ip.ts";
import { isPublicAddress } from "./public-address.ts";

test.each([
  { ip: "192.0.1.1", is: true },
  { ip: "8.8.8.8", is: true },
  { ip: "100.63.255.255", is: true },
  { ip: "172.32.0.1", is: true },
  { ip: "223.255.255.255", is: true },
  { ip: "0.0.0.0", is: false },
  { ip: "10.1.2.3", is: false },
  { ip: "100.64.0.1", is: false },
  { ip: "127.0.0.1", is: false },
  { ip: "169.254.169.254", is: false },
  { ip: "172.16.0.1", is: false },
  { ip: "172.31.255.255", is: false },
  { ip: "192.0.0.8", is: false },
  { ip: "192.0.2.1", is: false },
  { ip: "192.168.1.1", is: false },
  { ip: "198.18.0.1", is: false },
  { ip: "198.51.100.1", is: false },
  { ip: "203.0.113.1", is: false },
  { ip: "224.0.0.1", is: false },
  { ip: "255.255.255.255", is: false },
  { ip: "2001:200::1", is: true },
  { ip: "2606:4700::1", is: true },
  { ip: "64:ff9b::808:808", is: true },
  { ip: "64:ff9b::a00:1", is: false },
  { ip: "64:ff9b:1::808:808", is: false },
  { ip: "::", is: false },
  { ip: "::1", is: false },
  { ip: "::ffff:8.8.8.8", is: false },
  { ip: "::ffff:127.0.0.1", is: false },
  { ip: "fe80::1", is: false },
  { ip: "fc00::1", is: false },
  { ip: "fd12::1", is: false },
  { ip: "ff02::1", is: false },
  { ip: "2001::1", is: false },
  { ip: "2001:db8::1", is: false },
  { ip: "2002:7f00:1::", is: false },
  { ip: "3fff::1", is: false },
])("$ip (RFC 6890): $is", ({ ip, is }) => {
  const address = parseIp(ip);
  expect(address && isPublicAddress(address)).toBe(is);
});

import { formatIp, type IpAddress } from "../../core/ip.ts";

const genericWords = ["dynamic", "dyn", "dhcp", "dsl", "adsl", "pool", "ppp", "cable", "dialup", "broadband"];

/** A name that is made from the address, as providers give to all their lines. */
export function isGenericName(name: string, ip: IpAddress): boolean {
  const labels = name.split(".");
  if (labels.some((label) => label.split("-").some((word) => genericWords.includes(word)))) return true;
  return ip.family === 4 ? holdsIpv4(name, ip) : holdsHex(name, ip);
}

function holdsIpv4(name: string, ip: IpAddress): boolean {
  const numbers = name
    .split(/\D+/)
    .filter((digits) => digits !== "" && digits.length <= 3)
    .map(Number);
  const written = numbers.join(".");
  const octets = formatIp(ip);
  const reversed = [...ip.octets].reverse().join(".");
  return [octets, reversed].some((text) => `.${written}.`.includes(`.${text}.`)) || holdsHex(name, ip);
}

function holdsHex(name: string, ip: IpAddress): boolean {
  const hex = Buffer.from(ip.octets).toString("hex");
  return name.replaceAll("-", "").includes(ip.family === 4 ? hex : hex.slice(16));
}

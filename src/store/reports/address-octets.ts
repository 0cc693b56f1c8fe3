import { type IpAddress, unmapped } from "../../core/ip.ts";

const mappedPrefix = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** 16 octets for every address, so that a network is one range in every engine; none for no address. */
export function addressOctets(ip: IpAddress | undefined): Uint8Array {
  if (ip === undefined) return new Uint8Array(0);
  if (ip.family === 6) return ip.octets;
  const octets = new Uint8Array(16);
  octets.set(mappedPrefix);
  octets.set(ip.octets, mappedPrefix.length);
  return octets;
}

export function octetsAddress(octets: Uint8Array): IpAddress | undefined {
  return octets.length === 16 ? unmapped({ family: 6, octets: Uint8Array.from(octets) }) : undefined;
}

const packedPrefix = packOctets(mappedPrefix);

/** An address as one character for each octet of `addressOctets`: smaller than octets, and a key of maps. */
export function packAddress(ip: IpAddress | undefined): string {
  if (ip === undefined) return "";
  return ip.family === 4 ? packedPrefix + packOctets(ip.octets) : packOctets(ip.octets);
}

export function packOctets(octets: Uint8Array): string {
  return String.fromCharCode(...octets);
}

/** @returns What `addressOctets` makes of it. */
export function unpackAddress(packed: string): Uint8Array {
  return Buffer.from(packed, "latin1");
}

/** The octets of an address in decimal digits, four or sixteen of them; empty for no address. */
export function octetsText(packed: string): string {
  const from = packed.startsWith(packedPrefix) ? packedPrefix.length : 0;
  let text = "";
  for (let at = from; at < packed.length; at++) text += (at > from ? "." : "") + packed.charCodeAt(at);
  return text;
}

import { toAsciiDomain } from "../domain-name.ts";
import { parseIp } from "../ip.ts";

/** Longer ones could not stand in a header field: RFC 5322 §2.1.1 allows lines of 998 octets. */
const maxOctets = 900;

/**
 * Whether the text is a URI as BIMI records hold them: https, a fully qualified host name, commas encoded (BIMI draft
 * §4.3 a=, l=). Addresses, names of one label and user names are refused.
 */
export function isHttpsUri(text: string): boolean {
  // RFC 3986 §2: what a URI is made of; without ",", which the draft wants encoded, and with whole escapes.
  if (text.length > maxOctets || !/^[A-Za-z0-9._~:/?#[\]@!$&'()*+;=%-]+$/.test(text)) return false;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return false;
  const uri = URL.parse(text);
  if (uri === null || uri.protocol !== "https:" || !/^https:\/\//i.test(text)) return false;
  return uri.username === "" && uri.password === "" && isQualifiedHost(uri.hostname);
}

function isQualifiedHost(hostname: string): boolean {
  const domain = toAsciiDomain(hostname);
  if (domain === undefined) return false;
  return domain.includes(".") && parseIp(domain) === undefined;
}

import { domainToASCII } from "node:url";

const maxLabelOctets = 63;
/** RFC 1035 §2.3.4: 255 octets on the wire leave 253 in text without the final dot. */
const maxNameOctets = 253;

/**
 * Brings a domain to the form in which domains are compared and asked: A-labels (RFC 8616 §2), lower case, without
 * a final dot. Labels may hold any ASCII letter, digit, hyphen or underscore.
 * @returns undefined when the text is no domain: empty or overlong labels, other octets, labels that IDNA refuses.
 */
export function toAsciiDomain(text: string): string | undefined {
  return isPlain(text) ? text : toPlain(text);
}

/** Whether the text has that form already, as nearly all have. */
function isPlain(text: string): boolean {
  if (text.length > maxNameOctets) return false;
  let labelOctets = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === dot) {
      if (labelOctets === 0) return false;
      labelOctets = 0;
    } else if (!isPlainOctet(code) || ++labelOctets > maxLabelOctets) return false;
  }
  return labelOctets > 0;
}

const dot = 0x2e;

/** A lower-case letter, a digit, a hyphen or an underscore. */
function isPlainOctet(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f;
}

function toPlain(text: string): string | undefined {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  if (name === "" || name.length > 4 * maxNameOctets) return undefined;
  const labels: string[] = [];
  // U+3002, U+FF0E and U+FF61 are dots to IDNA (RFC 3490 §3.1), and Japanese keyboards type them.
  for (const label of name.split(/[.\u3002\uff0e\uff61]/)) {
    const ascii = toAsciiLabel(label);
    if (ascii === undefined) return undefined;
    labels.push(ascii);
  }
  const ascii = labels.join(".");
  return ascii.length <= maxNameOctets ? ascii : undefined;
}

function toAsciiLabel(label: string): string | undefined {
  if (/^[A-Za-z0-9_-]+$/.test(label)) return label.length <= maxLabelOctets ? label.toLowerCase() : undefined;
  if (!/\P{ASCII}/u.test(label)) return undefined;
  // The suffix keeps a label such as "１２７" from being read as a number, that is as an IPv4 address.
  const ascii = domainToASCII(`${label}.invalid`).slice(0, -".invalid".length);
  return /^[a-z0-9_-]{1,63}$/.test(ascii) ? ascii : undefined;
}

/** Labels from left to right. */
export function labelsOf(domain: string): string[] {
  return domain.split(".");
}

/** The name one label shorter; undefined for a top-level domain. */
export function parentDomain(domain: string): string | undefined {
  const dot = domain.indexOf(".");
  return dot < 0 ? undefined : domain.slice(dot + 1);
}

/** Whether `domain` is `ancestor` or lies below it. Both in the form of `toAsciiDomain`. */
export function isWithin(domain: string, ancestor: string): boolean {
  return domain === ancestor || domain.endsWith(`.${ancestor}`);
}

import { crc32, deflateRawSync } from "node:zlib";

export interface XmlSample {
  readonly id?: string;
  readonly org?: string;
  readonly domain?: string;
  /** Messages of each record. */
  readonly counts?: readonly number[];
  readonly declaration?: string;
}

export const sampleBegin = 1_700_000_000;

/** An aggregate report as reporters write it. */
export function aggregateXml(sample: XmlSample = {}): string {
  const { id = "r1", org = "Example Org", domain = "example.com", counts = [3] } = sample;
  const records = counts.map(
    (count, index) => `  <record>
    <row><source_ip>192.0.2.${index + 1}</source_ip><count>${count}</count>
      <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
    <identifiers><header_from>${domain}</header_from></identifiers>
    <auth_results><dkim><domain>${domain}</domain><selector>s1</selector><result>pass</result></dkim>
      <spf><domain>${domain}</domain><result>fail</result></spf></auth_results>
  </record>
`,
  );
  return `${sample.declaration ?? '<?xml version="1.0" encoding="UTF-8"?>\n'}<feedback>
  <report_metadata><org_name>${org}</org_name><email>dmarc@example.org</email><report_id>${id}</report_id>
    <date_range><begin>${sampleBegin}</begin><end>${sampleBegin + 86_399}</end></date_range></report_metadata>
  <policy_published><domain>${domain}</domain><p>none</p></policy_published>
${records.join("")}</feedback>
`;
}

export interface MailPartSample {
  readonly type: string;
  readonly encoding?: string;
  readonly fileName?: string;
  readonly octets: Buffer | string;
}

/** A mail of several parts, base64 unless another encoding is named. */
export function mailOf(parts: readonly MailPartSample[], fields = "", boundary = "b"): Buffer {
  const lines = parts.map(({ type, encoding = "base64", fileName, octets }) => {
    const disposition =
      fileName === undefined ? "" : `Content-Disposition: attachment; filename="${fileName}"\r\n`;
    const body = encoding === "base64" ? base64Lines(Buffer.from(octets)) : octets.toString();
    return `--${boundary}\r\nContent-Type: ${type}\r\n${disposition}Content-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`;
  });
  const head = `From: Reports <dmarc@example.org>\r\nTo: rua@example.com\r\nSubject: Report Domain: example.com\r\n${fields}MIME-Version: 1.0\r\n`;
  return Buffer.from(
    `${head}Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n${lines.join("")}--${boundary}--\r\n`,
  );
}

export function base64Lines(octets: Buffer): string {
  return octets.toString("base64").replace(/.{76}/g, "$&\r\n");
}

export interface ZipSample {
  readonly name: string;
  readonly octets: Buffer | string;
  readonly stored?: boolean;
  /** The sizes follow the data. */
  readonly streamed?: boolean;
  readonly encrypted?: boolean;
  readonly method?: number;
  /** What the headers say of the size, when it is a lie. */
  readonly claimed?: number;
}

interface ZipOptions {
  readonly directory?: boolean;
  readonly zip64?: boolean;
}

/** A ZIP archive (APPNOTE 4.3), also such as no program writes. */
export function zipOf(
  files: readonly ZipSample[],
  { directory = true, zip64 = false }: ZipOptions = {},
): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const local = localFile(file);
    entries.push(centralEntry(file, local.packed, offset, zip64));
    parts.push(local.octets);
    offset += local.octets.length;
  }
  if (!directory) return Buffer.concat(parts);
  const central = Buffer.concat(entries);
  return Buffer.concat([...parts, central, endOf(files.length, central.length, offset, zip64)]);
}

function flagsOf({ streamed = false, encrypted = false }: ZipSample): number {
  return (streamed ? 8 : 0) + (encrypted ? 1 : 0);
}

function methodOf({ method, stored = false }: ZipSample): number {
  return method ?? (stored ? 0 : 8);
}

function localFile(file: ZipSample): { readonly octets: Buffer; readonly packed: number } {
  const content = Buffer.from(file.octets);
  const data = methodOf(file) === 8 ? deflateRawSync(content) : content;
  const name = Buffer.from(file.name);
  const header = Buffer.alloc(30);
  header.write("PK\x03\x04", 0, "latin1");
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(flagsOf(file), 6);
  header.writeUInt16LE(methodOf(file), 8);
  if (file.streamed !== true) {
    header.writeUInt32LE(crc32(content), 14);
    header.writeUInt32LE(file.claimed ?? data.length, 18);
    header.writeUInt32LE(file.claimed ?? content.length, 22);
  }
  header.writeUInt16LE(name.length, 26);
  const descriptor = Buffer.alloc(file.streamed === true ? 16 : 0);
  if (file.streamed === true) {
    descriptor.write("PK\x07\x08", 0, "latin1");
    descriptor.writeUInt32LE(crc32(content), 4);
    descriptor.writeUInt32LE(data.length, 8);
    descriptor.writeUInt32LE(content.length, 12);
  }
  return { octets: Buffer.concat([header, name, data, descriptor]), packed: data.length };
}

function centralEntry(file: ZipSample, packed: number, offset: number, zip64: boolean): Buffer {
  const name = Buffer.from(file.name);
  const extra = Buffer.alloc(zip64 ? 28 : 0);
  if (zip64) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(file.octets.length), 4);
    extra.writeBigUInt64LE(BigInt(packed), 12);
    extra.writeBigUInt64LE(BigInt(offset), 20);
  }
  const entry = Buffer.alloc(46);
  entry.write("PK\x01\x02", 0, "latin1");
  entry.writeUInt16LE(flagsOf(file), 8);
  entry.writeUInt16LE(methodOf(file), 10);
  entry.writeUInt32LE(zip64 ? 0xffff_ffff : (file.claimed ?? packed), 20);
  entry.writeUInt32LE(zip64 ? 0xffff_ffff : (file.claimed ?? file.octets.length), 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  entry.writeUInt32LE(zip64 ? 0xffff_ffff : offset, 42);
  return Buffer.concat([entry, name, extra]);
}

function endOf(count: number, size: number, offset: number, zip64: boolean): Buffer {
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(zip64 ? 0xffff : count, 8);
  end.writeUInt16LE(zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(zip64 ? 0xffff_ffff : size, 12);
  end.writeUInt32LE(zip64 ? 0xffff_ffff : offset, 16);
  if (!zip64) return end;
  const end64 = Buffer.alloc(56 + 20);
  end64.write("PK\x06\x06", 0, "latin1");
  end64.writeBigUInt64LE(44n, 4);
  end64.writeBigUInt64LE(BigInt(count), 32);
  end64.writeBigUInt64LE(BigInt(size), 40);
  end64.writeBigUInt64LE(BigInt(offset), 48);
  end64.write("PK\x06\x07", 56, "latin1");
  end64.writeBigUInt64LE(BigInt(offset + size), 64);
  return Buffer.concat([end64, end]);
}

export interface TarSample {
  readonly name: string;
  readonly octets?: Buffer | string;
  readonly type?: string;
}

/** A tar archive; names beyond 100 octets in GNU's way. */
export function tarOf(files: readonly TarSample[]): Buffer {
  const blocks = files.flatMap(({ name, octets = "", type = "0" }) => {
    const long = name.length > 100 ? [tarMember("././@LongLink", Buffer.from(`${name}\0`), "L")] : [];
    return [...long, tarMember(name.slice(0, 100), Buffer.from(octets), type)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function tarMember(name: string, octets: Buffer, type: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(`${octets.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write(type, 156);
  header.write("ustar\x0000", 257, "latin1");
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, octet) => total + octet, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, octets, Buffer.alloc((512 - (octets.length % 512)) % 512)]);
}

/** Octets in pieces of a length. */
export async function* inPieces(octets: Buffer, length: number): AsyncIterable<Buffer> {
  for (let at = 0; at < octets.length; at += length) yield octets.subarray(at, at + length);
}

/** Everything that comes. */
export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

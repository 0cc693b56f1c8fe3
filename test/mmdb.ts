import { parseNetwork } from "../src/core/ip.ts";

type MmdbValue = string | number | { readonly [key: string]: MmdbValue };

interface Node {
  readonly to: [Node | Buffer | undefined, Node | Buffer | undefined];
}

/** A database in the MaxMind DB format, for tests: what it says by network. All networks are of one family. */
export function mmdb(entries: Readonly<Record<string, MmdbValue>>, family: 4 | 6 = 4): Buffer {
  const root: Node = { to: [undefined, undefined] };
  for (const [network, value] of Object.entries(entries)) add(root, network, encode(value));
  const nodes = listNodes(root);
  const numbers = new Map(nodes.map((node, index) => [node, index]));
  const data: Buffer[] = [];
  let offset = 0;
  const pointer = (to: Node | Buffer | undefined): number => {
    if (to === undefined) return nodes.length;
    if (!Buffer.isBuffer(to)) return numbers.get(to) ?? nodes.length;
    data.push(to);
    offset += to.length;
    return nodes.length + 16 + offset - to.length;
  };
  const tree = Buffer.concat(
    nodes.map(({ to }) => Buffer.concat([uint24(pointer(to[0])), uint24(pointer(to[1]))])),
  );
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: "Test",
    description: { en: "test" },
    ip_version: family,
    node_count: nodes.length,
    record_size: 24,
  });
  const marker = Buffer.from("\u00ab\u00cd\u00efMaxMind.com", "latin1");
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
}

function add(root: Node, text: string, data: Buffer): void {
  const network = parseNetwork(text);
  if (network === undefined) throw new TypeError(text);
  let node = root;
  for (let bit = 0; bit < network.prefix; bit++) {
    const side = ((network.address.octets[bit >> 3] as number) >> (7 - (bit & 7))) & 1;
    if (bit === network.prefix - 1) node.to[side] = data;
    else {
      const next = node.to[side];
      const made: Node = next === undefined || Buffer.isBuffer(next) ? { to: [undefined, undefined] } : next;
      node.to[side] = made;
      node = made;
    }
  }
}

function listNodes(root: Node): Node[] {
  const nodes = [root];
  for (const { to } of nodes)
    for (const next of to) if (next !== undefined && !Buffer.isBuffer(next)) nodes.push(next);
  return nodes;
}

function uint24(value: number): Buffer {
  return Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
}

const typeUtf8 = 2;
const typeUint32 = 6;
const typeMap = 7;

function encode(value: MmdbValue): Buffer {
  if (typeof value === "number") {
    const octets = Buffer.alloc(4);
    octets.writeUInt32BE(value);
    return Buffer.concat([head(typeUint32, 4), octets]);
  }
  if (typeof value === "string") {
    const octets = Buffer.from(value);
    return Buffer.concat([head(typeUtf8, octets.length), octets]);
  }
  const pairs = Object.entries(value);
  return Buffer.concat([
    head(typeMap, pairs.length),
    ...pairs.flatMap(([key, one]) => [encode(key), encode(one)]),
  ]);
}

/** Sizes below 29 stand in the control octet itself. */
function head(type: number, size: number): Buffer {
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29]);
}

import type { Random } from "./random.ts";

/** No input is longer; some of the repeats come close. */
const maxOctets = 128 * 1024;
const maxTokens = 400;
const lengths = [
  0, 1, 2, 63, 64, 65, 253, 254, 255, 256, 511, 512, 998, 999, 1000, 4096, 65_535, 65_536, 65_537,
];
/** Octets that mean something in mail, DNS and XML. */
const telling = Buffer.from(
  "\0\t\n\r \"#%&'()*+,-./0129:;<=>?@AZ[\\]_az{|}~\x7f\x80\xad\xc0\xe3\xff",
  "latin1",
);

/** What inputs are made of. */
export interface Material {
  readonly seeds: readonly Buffer[];
  /** Words of the seeds, with what divides them. */
  readonly tokens: readonly Buffer[];
}

export function materialOf(seeds: readonly Buffer[]): Material {
  const tokens = new Set<string>();
  for (const seed of seeds) {
    for (const word of seed.toString("latin1").match(/[A-Za-z0-9_.-]+|[^A-Za-z0-9_.-]/g) ?? []) {
      if (tokens.size < maxTokens && word.length <= 64) tokens.add(word);
    }
  }
  return { seeds, tokens: [...tokens].map((word) => Buffer.from(word, "latin1")) };
}

/** One input: random octets now and then, else a seed after one to eight changes. */
export function makeInput(random: Random, material: Material): Buffer {
  if (material.seeds.length === 0 || random.oneIn(20)) return randomOctets(random, random.below(600));
  if (random.oneIn(10) && material.tokens.length > 0) return tokenSoup(random, material);
  let input = random.pick(material.seeds);
  for (let changes = 1 + random.below(8); changes > 0; changes--) {
    input = random.pick(mutations)(input, random, material).subarray(0, maxOctets);
  }
  return input;
}

type Mutation = (input: Buffer, random: Random, material: Material) => Buffer;

const mutations: readonly Mutation[] = [
  flipBit,
  setOctet,
  deleteRange,
  insertOctets,
  insertToken,
  insertToken,
  replaceRange,
  splice,
  repeatRange,
  moveRange,
  toLength,
];

function flipBit(input: Buffer, random: Random): Buffer {
  if (input.length === 0) return input;
  const copy = Buffer.from(input);
  const at = random.below(copy.length);
  copy[at] = (copy[at] as number) ^ (1 << random.below(8));
  return copy;
}

function setOctet(input: Buffer, random: Random): Buffer {
  if (input.length === 0) return input;
  const copy = Buffer.from(input);
  copy[random.below(copy.length)] = random.pick([...telling]);
  return copy;
}

function deleteRange(input: Buffer, random: Random): Buffer {
  const { start, end } = range(input, random);
  return Buffer.concat([input.subarray(0, start), input.subarray(end)]);
}

function insertOctets(input: Buffer, random: Random): Buffer {
  const octets = random.oneIn(2) ? randomOctets(random, 1 + random.below(8)) : tellingOctets(random);
  return insert(input, random, octets);
}

function insertToken(input: Buffer, random: Random, { tokens }: Material): Buffer {
  return tokens.length === 0 ? input : insert(input, random, random.pick(tokens));
}

function replaceRange(input: Buffer, random: Random, { tokens }: Material): Buffer {
  const { start, end } = range(input, random);
  const filling = tokens.length === 0 ? tellingOctets(random) : random.pick(tokens);
  return Buffer.concat([input.subarray(0, start), filling, input.subarray(end)]);
}

/** The beginning of this one and the end of another. */
function splice(input: Buffer, random: Random, { seeds }: Material): Buffer {
  const other = random.pick(seeds);
  return Buffer.concat([
    input.subarray(0, random.below(input.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ]);
}

/** A part of it many times: a few, or up to some 64 KiB, which is what finds quadratic code. */
function repeatRange(input: Buffer, random: Random): Buffer {
  const { start, end } = range(input, random);
  const part = input.subarray(start, Math.min(end, start + 1 + random.below(40)));
  if (part.length === 0) return input;
  const most = random.oneIn(4) ? Math.ceil(66_000 / part.length) : 20;
  const repeated = Buffer.alloc(part.length * (1 + random.below(most)), part);
  return Buffer.concat([input.subarray(0, start), repeated, input.subarray(start)]);
}

function moveRange(input: Buffer, random: Random): Buffer {
  const { start, end } = range(input, random);
  const rest = Buffer.concat([input.subarray(0, start), input.subarray(end)]);
  return insert(rest, random, input.subarray(start, end));
}

/** Cut or filled up to a length at which something may change. */
function toLength(input: Buffer, random: Random): Buffer {
  const length = random.pick(lengths);
  if (length <= input.length) return input.subarray(0, length);
  const filler = random.oneIn(2) ? Buffer.of(random.pick([...telling])) : input;
  if (filler.length === 0) return input;
  return Buffer.concat([input, Buffer.alloc(length - input.length, filler)]);
}

function tokenSoup(random: Random, { tokens }: Material): Buffer {
  return Buffer.concat(Array.from({ length: random.below(60) }, () => random.pick(tokens)));
}

function randomOctets(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

function tellingOctets(random: Random): Buffer {
  return Buffer.from(Array.from({ length: 1 + random.below(4) }, () => random.pick([...telling])));
}

function insert(input: Buffer, random: Random, octets: Buffer): Buffer {
  const at = random.below(input.length + 1);
  return Buffer.concat([input.subarray(0, at), octets, input.subarray(at)]);
}

/** Mostly a short one. */
function range(input: Buffer, random: Random): { readonly start: number; readonly end: number } {
  const start = random.below(input.length + 1);
  const longest = random.oneIn(4) ? input.length : 16;
  return { start, end: Math.min(input.length, start + random.below(longest + 1)) };
}

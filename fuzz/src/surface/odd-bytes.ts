import type { Chance } from '../chance.ts';

/** Bodies that are no JSON of ours, or JSON of a form that parsers stumble over. */
type Make = (given: string, chance: Chance) => Uint8Array;

const DEEP = 20_000;
const HUGE = 5 * 1024 * 1024;
/** Large ones are rare: each costs as much as thousands of others. */
const RARE = 400;

const text = (given: string): Uint8Array => Buffer.from(given, 'utf8');

const MAKES: readonly [Make, ...Make[]] = [
  (given, chance) => text(given.slice(0, chance.below(given.length + 1))),
  (given) => Buffer.concat([text(given.slice(0, -1)), Buffer.from([0xff, 0xfe, 0xc0]), text(given.slice(-1))]),
  (given) => text(`\uFEFF${given}`),
  (given) => text(given.replace('"', '"\\u0000')),
  (given) => text(given.replace('"', '"\\ud800')),
  (given) => text(given.replace('{', '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}},')),
  (given) => text(given.replace('{', '{"a":1,"a":2,')),
  (given) => text(given.replace(/\d+/, '1e999')),
  (given) => text(given.replace(/\d+/, '-0')),
  (given) => text(given.replace(/\d+/, '123456789012345678901234567890')),
  (given) => text(`${given}${given}`),
  (given) => text(given.replaceAll('"', "'")),
  () => text(''),
  () => text('null'),
  () => text('[]'),
  () => text('"text"'),
  () => Buffer.from([0]),
  () => Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
  (_given, chance) => Buffer.from(Array.from({ length: 1 + chance.below(200) }, () => chance.below(256))),
  (given, chance) => (chance.oneIn(RARE) ? text(`${'['.repeat(DEEP)}${']'.repeat(DEEP)}`) : text(given)),
  (given, chance) => (chance.oneIn(RARE) ? text(`${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`) : text(given)),
  (given, chance) => (chance.oneIn(RARE) ? text(`{"input":"${'x'.repeat(HUGE)}"}`) : text(given)),
];

export const oddBytes = (given: string, chance: Chance): Uint8Array => chance.pick(MAKES)(given, chance);

/** Texts that ids, names, cursors and headers are seldom prepared for. */
export const ODD_TEXTS: readonly [string, ...string[]] = [
  '', ' ', '.', '..', '*', '>', '%', '%00', '%2e%2e%2f', '../../etc/passwd', 'a'.repeat(65), 'a'.repeat(300), 'x'.repeat(9_000),
  '__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', '-1', '0', '1e99', '0x10', '９', 'é', '😀', '\u0000', '\u2028',
  '\ud800', "' OR 1=1 --", '"; DROP TABLE executions', '${7*7}', '{{7*7}}', '<script>', 'tl.log.>', '_INBOX.x', '2026-02-30T00:00:00.000Z',
  '9999999999999999999', 'true', '[]', '{}', '0-0', '1-000000000000', '99999999999999999999-0123456789ab', 'default,globex',
]; // prettier-ignore

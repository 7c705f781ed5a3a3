import type { Json } from '@throughline/contracts';
import { scopeWith } from '../spec/scope-with.ts';
import { evaluateExpression } from './evaluate.ts';
import { compileExpression } from './expression.ts';
import { fillJsonataTemplate } from './fill-template.ts';

const SENTENCES = {
  depth: 'Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive',
  memory: 'Expression evaluation memory limit exceeded: Check for excessive memory usage',
  work: 'Expression evaluation timeout: Check for infinite loop',
};

/** `value`, `refused: …`, the bound that was reached, or JSONata's code. */
const outcomeOf = (text: string, input: Json = null): string => {
  const compilation = compileExpression(`{%${text}%}`);
  if (!compilation.ok) return `refused: ${compilation.problem}`;
  const result = evaluateExpression(compilation.expression, { input }, scopeWith());
  if (result.kind !== 'thrown') return result.kind;
  const { problem } = result;
  const bound = Object.entries(SENTENCES).find(([, sentence]) => problem === `: ${sentence}`);
  return bound?.[0] ?? problem.slice(2, 7);
};

describe('nesting ends where AWS ends it', () => {
  const sumTo = '($f := function($x) {$x <= 0 ? 0 : 1 + $f($x - 1)}; $f';
  it.each([
    [`1${'+1'.repeat(99)}`, 'value'],
    [`1${'+1'.repeat(100)}`, 'depth'],
    [`${'('.repeat(99)}1${')'.repeat(99)}`, 'value'],
    [`${'('.repeat(100)}1${')'.repeat(100)}`, 'depth'],
    [`${'['.repeat(99)}1${']'.repeat(99)}`, 'value'],
    [`${'['.repeat(100)}1${']'.repeat(100)}`, 'depth'],
    [`1${'~>$string'.repeat(99)}`, 'value'],
    [`1${'~>$string'.repeat(100)}`, 'depth'],
    [`${sumTo}(31))`, 'value'],
    [`${sumTo}(32))`, 'depth'],
    [`${sumTo}(1000000))`, 'depth'],
    [
      '($g := function($f, $n) {$n = 0 ? $f : $g($f ~> function($x) {$x}, $n - 1)}; $g(function($x) {$x}, 5000)(1))',
      'depth',
    ],
    ['$boolean($reduce([1..2000], function($a) {[[$a]]}, 0))', 'D3050'],
    ['$boolean($reduce([1..2000], function($a, $b) {[[$a]]}, 0))', 'depth'],
    ['$string($reduce([1..2000], function($a, $b) {[[$a]]}, 0))', 'depth'],
    ['$reduce([1..2000], function($a, $b) {[[$a]]}, 0)', 'depth'],
    ['$reduce([1..2000], function($a, $b) {{"a": $a}}, 0) ~> |$|{}|', 'depth'],
    [`$parse("${'['.repeat(5_000)}${']'.repeat(5_000)}")`, 'D3137'],
  ])('%s', (text, outcome) => {
    expect(outcomeOf(text)).toBe(outcome);
  });

  it.each([
    `${'('.repeat(5_000)}1${')'.repeat(5_000)}`,
    `${'-'.repeat(5_000)}1`,
    `1${'+1'.repeat(5_000)}`,
    `${'[1,'.repeat(5_000)}`,
  ])('what no evaluation could nest is refused before', (text) => {
    expect(outcomeOf(text)).toMatch(/^refused: /);
  });
});

describe('values end where AWS ends them', () => {
  const double = '($f := function($s, $n) {$n = 0 ? $s : $f($s & $s, $n - 1)}; $length($f("x", ';
  it.each([
    ['$count([1..873782])', 'value'],
    ['$count([1..873783])', 'memory'],
    ['$map([1..10000000], function($v) {$v})', 'memory'],
    ['[1..10000001]', 'D2014'],
    ['$count($range(1, 360145, 1))', 'value'],
    ['$count($range(1, 360146, 1))', 'memory'],
    ['$range(1, 1000000000, 1)', 'memory'],
    [`${double}22)))`, 'value'],
    [`${double}23)))`, 'memory'],
    ['$pad("x", 1000000000)', 'memory'],
    ['$pad("x", -1e300)', 'memory'],
    ['$join([1..100000].("x"), $pad("y", 1000))', 'memory'],
    ['$replace($pad("", 1000, "a"), "a", $pad("b", 100000))', 'memory'],
    ['$replace($pad("", 1000, "a"), /a/, $pad("b", 100000))', 'memory'],
    ['$count($reduce([1..40], function($a, $b) {[$a, $a]}))', 'memory'],
    ['$count($reduce([1..40], function($a, $b) {$append($a, $a)}))', 'memory'],
  ])('%s', (text, outcome) => {
    expect(outcomeOf(text)).toBe(outcome);
  });
});

describe('work is counted, and ends', () => {
  const shared = '$reduce([1..60], function($a, $b) {{"a": $a, "b": $a}})';
  const huge = 'x'.repeat(200_000);
  it.each([
    ['($f := function($x) {$f($x + 1)}; $f(1))'],
    ['$sum([1..800000].($ * 2))'],
    ['$count([1..100000].($uuid()))'],
    ['$shuffle([1..100000])'],
    ['$sort([1..200000], function($a, $b) {$a < $b})'],
    ['$reduce([1..800000], function($a, $b) {$a + $b})'],
    ['$reduce([1..50000], function($a, $b) {$append($a, $b)})'],
    [`$string(${shared})`],
    [`${shared}`],
    [`${shared}.**`],
    [`$distinct([${shared}, 1])`],
    [`${shared} = $clone(${shared})`],
    ['$reduce([1..60], function($a, $b) {[[$a], [$a]]}).x'],
    ['[1..3000].(($i := $; [1..3000].($i * $)))'],
    ['$zip([1..800000], [1..800000], [1..800000])'],
    ['[1..800].$match($states.input, /x(.*y)?/)'],
    ['[1..800].$contains($states.input, /^(x|x)*$/)'],
  ])('%s', (text) => {
    expect(['work', 'memory']).toContain(outcomeOf(text, huge));
  });

  it('of a regular expression by what it reads, not by the text that is left', () => {
    const lines = 'abc,def, ghi\n'.repeat(4_000);
    expect(outcomeOf('$count($split($states.input, /,\\s*/)) = 8001', lines)).toBe('value');
    expect(outcomeOf('$count($match($states.input, /a(.*z)?/s))', lines)).toMatch(/^refused/);
    expect(outcomeOf('$count($match($states.input, /a([^z]*z)?/))', lines)).toBe('work');
  });

  it('over all expressions of a decision together', () => {
    const work = '{% $sum([1..20000].($ * 2)) %}';
    const scope = scopeWith();
    const outcomes = Array.from({ length: 20 }, () => fillJsonataTemplate(work, 'Output', { input: null }, scope).ok);
    expect(outcomes[0]).toBe(true);
    expect(outcomes.at(-1)).toBe(false);
  });

  it('at the same point each time', () => {
    const at = (n: number): string => outcomeOf(`$reduce([1..${n}], function($a, $b) {$a + $b})`);
    const first = [100_000, 150_000, 200_000, 250_000, 300_000].map(at);
    expect([100_000, 150_000, 200_000, 250_000, 300_000].map(at)).toEqual(first);
    expect(new Set(first)).toEqual(new Set(['value', 'work']));
  });
});

describe('what the library would run without bound is refused', () => {
  it.each([
    ['/(?=a)b/', /^refused: .*bounded/],
    ['/(a)\\1/', /^refused: .*bounded/],
    [`/${'(a{1,100}){1,100}'}/`, /^refused: /],
    [`function($x)<${'s+'.repeat(8)}:x>{1}("a")`, /^refused: a signature/],
    ['$formatInteger(1e12, "I")', /^D1001/],
    ['$formatInteger(1/0, "w")', /^D1001/],
    ['$fromMillis(0, "[Y,999999999]")', /^D3137/],
    ['$toMillis($pad("", 60, "1"), "[Y][M][D][H][m][s][f][d][h]")', /^D3137/],
    [`$formatNumber(1, "${'0'.repeat(501)}")`, /^D3137/],
  ])('%s', (text, outcome) => {
    expect(outcomeOf(text)).toMatch(outcome);
  });
});

import { RE2JS } from 're2js';
import { BoundedCache } from '../bounded-cache.ts';
import type { CostMeter } from '../cost-meter.ts';
import type { RegexNode } from './nodes.ts';

/**
 * Regular expressions of an author run over data that others send: the engine has to be linear in the text, which the
 * one of JavaScript is not. What such an engine cannot run (look-around, back references) is refused at registration.
 */

/** Instructions of the compiled program; each may be tried at every character. */
const PROGRAM_MAX = 1_000;
const PATTERN_LENGTH_MAX = 1_000;
/** What beginning a search takes, and what a match does: its groups, and the value that an expression sees. */
const SEARCH_UNITS = 12;
const MATCH_UNITS = 12;

export interface Found {
  readonly match: string;
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
}
export interface RegularExpression {
  readonly source: string;
  /** The first match at or after a position. */
  find(text: string, from: number, meter: CostMeter): Found | undefined;
}

export type RegexCompilation =
  { readonly ok: true; readonly regex: RegularExpression } | { readonly ok: false; readonly problem: string };

const compileUncached = (source: string, flags: string): RegexCompilation => {
  if (source.length > PATTERN_LENGTH_MAX) {
    return { ok: false, problem: `a regular expression may have ${PATTERN_LENGTH_MAX} characters` };
  }
  const options = (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) | (flags.includes('m') ? RE2JS.MULTILINE : 0);
  try {
    const program = RE2JS.compile(RE2JS.translateRegExp(source), options);
    if (program.programSize() > PROGRAM_MAX) return { ok: false, problem: 'the regular expression is too large' };
    return { ok: true, regex: runnable(source, program) };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it does not parse';
    return { ok: false, problem: `this regular expression is not run, for it could not be bounded: ${why}` };
  }
};

/**
 * A text that charges for each character that the engine reads: a search may end at its match, or look far beyond it.
 * The engine reads nothing of a text but by these methods of strings.
 */
class ChargedText extends String {
  constructor(
    private readonly text: string,
    private readonly meter: CostMeter,
    private readonly costOfRead: number,
  ) {
    super(text);
  }

  override charCodeAt(index: number): number {
    this.meter.charge(this.costOfRead);
    return this.text.charCodeAt(index);
  }
}

/** At every character, each instruction of the program may be tried. */
const costOfRead = (program: RE2JS): number => 0.25 + program.programSize() / 50;

const runnable = (source: string, program: RE2JS): RegularExpression => ({
  source,
  find: (text, from, meter) => {
    meter.charge(SEARCH_UNITS + (text.length - from) / 4_096);
    // The engine takes any text; its types know the primitive ones.
    const charged = new ChargedText(text, meter, costOfRead(program)) as unknown as string;
    const matcher = program.matcher(charged);
    if (!matcher.find(from)) return undefined;
    meter.charge(MATCH_UNITS + matcher.groupCount());
    const [start, end] = [matcher.start(0), matcher.end(0)];
    const groups = Array.from({ length: matcher.groupCount() }, (_, i) => matcher.group(i + 1) ?? undefined);
    return { match: text.slice(start, end), start, end, groups };
  },
});

const compiled = new BoundedCache<RegexCompilation>(1_024);

/** The regular expression of an expression that passed validation. */
export const regexOf = (node: RegexNode): RegularExpression => {
  const compilation = compileRegex(node);
  if (!compilation.ok) throw new Error(`a regular expression that was not validated: ${compilation.problem}`);
  return compilation.regex;
};

export const compileRegex = ({ value: { source, flags } }: RegexNode): RegexCompilation =>
  compiled.get(`/${source}/${flags}`, () => compileUncached(source, flags));

/**
 * Splits a JSONPath as AWS accepts it into segments. Names and single indexes are kept as such, so that a path made of
 * them alone is read without a library; every other selector is kept as text in the form of RFC 9535.
 */

/** What a path starts from: `$` the state's data, `$$` the context object, `$name` a variable. */
export type PathRoot =
  { readonly kind: 'data' } | { readonly kind: 'context' } | { readonly kind: 'variable'; readonly name: string };

export type PathSegment =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  /** Selects any number of nodes: wildcard, slice, union, filter, descendants. */
  | { readonly kind: 'many'; readonly rfc9535: string };

export type PathSyntax =
  | { readonly ok: true; readonly root: PathRoot; readonly segments: readonly PathSegment[] }
  | { readonly ok: false; readonly problem: string };

/** Also bounds how deep a filter can nest: its parser goes down with it. */
export const PATH_LENGTH_MAX = 1_024;
/** Each descendant segment multiplies the nodes that are visited by the depth of the data. */
const DESCENDANTS_MAX = 2;
/** Each further selector of a union may double the nodes that are visited. */
const FURTHER_SELECTORS_MAX = 8;

const ROOT = /^(?:\$\$|\$([\p{ID_Start}_][\p{ID_Continue}]*)|\$)(?=[.[]|$)/u;
const SHORTHAND_NAME = /[^\s.[\]()'"*?@,:&|=<>!\\]+/y;
const INDEX = /^-?(0|[1-9][0-9]{0,15})$/;

const QUOTED = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/g;
/** A `$` within a filter, its names and indexes as a whole, and what follows them. */
const ROOT_IN_FILTER = /\$(?=((?:\.[^\s.[\]()*?@,:&|=<>!]+|\[-?\d*\])*))\1(.?)/g;

/** Why a path could take far longer to read than its data is large; undefined where it cannot. */
const tooCostly = (text: string): string | undefined => {
  const plain = text.replaceAll(QUOTED, '');
  if (plain.split('..').length - 1 > DESCENDANTS_MAX) return `a path may use ".." ${DESCENDANTS_MAX} times`;
  if (plain.split(',').length - 1 > FURTHER_SELECTORS_MAX) return `a path may use "," ${FURTHER_SELECTORS_MAX} times`;
  for (const [, , following] of plain.slice(plain.indexOf('[')).matchAll(ROOT_IN_FILTER)) {
    if (following === '.' || following === '[') return 'a "$" within a filter has to name one node';
  }
  return undefined;
};

/** A refusal on the way through the text; caught by `parsePathSyntax`, never seen outside. */
class BadPath extends Error {}

class PathReader {
  private at: number;
  constructor(
    private readonly text: string,
    start: number,
  ) {
    this.at = start;
  }

  segments(): PathSegment[] {
    const found: PathSegment[] = [];
    while (this.at < this.text.length) found.push(this.segment());
    return found;
  }

  private segment(): PathSegment {
    if (this.takes('..')) return { kind: 'many', rfc9535: `..${this.descendant()}` };
    if (this.takes('.*')) return { kind: 'many', rfc9535: '[*]' };
    if (this.takes('.')) return { kind: 'name', name: this.shorthandName() };
    if (this.text[this.at] === '[') return this.bracket();
    throw new BadPath(`expected "." or "[" at position ${this.at + 1}`);
  }

  private descendant(): string {
    if (this.takes('*')) return '[*]';
    if (this.text[this.at] !== '[') return `[${JSON.stringify(this.shorthandName())}]`;
    const segment = this.bracket();
    if (segment.kind === 'many') return segment.rfc9535;
    return segment.kind === 'name' ? `[${JSON.stringify(segment.name)}]` : `[${segment.index}]`;
  }

  private shorthandName(): string {
    SHORTHAND_NAME.lastIndex = this.at;
    const name = SHORTHAND_NAME.exec(this.text)?.[0];
    if (name === undefined) throw new BadPath(`expected a name at position ${this.at + 1}; quote others as ['name']`);
    this.at += name.length;
    return name;
  }

  private bracket(): PathSegment {
    this.at += 1;
    this.skipSpace();
    const quote = this.text[this.at];
    if (quote === "'" || quote === '"') return this.quotedNames();
    const inner = this.upToClosingBracket().trim();
    if (INDEX.test(inner) && inner !== '-0') return { kind: 'index', index: Number(inner) };
    if (inner === '') throw new BadPath('"[]" selects nothing');
    return { kind: 'many', rfc9535: `[${inner}]` };
  }

  private quotedNames(): PathSegment {
    const names = [this.quotedName()];
    while (this.takes(',')) {
      this.skipSpace();
      names.push(this.quotedName());
    }
    if (!this.takes(']')) throw new BadPath(`expected "]" at position ${this.at + 1}`);
    const [first, ...others] = names;
    if (first !== undefined && others.length === 0) return { kind: 'name', name: first };
    return { kind: 'many', rfc9535: `[${names.map((name) => JSON.stringify(name)).join(',')}]` };
  }

  /** A backslash escapes the quote it is within and itself; before anything else it stands for itself, as AWS has it. */
  private quotedName(): string {
    const quote = this.text[this.at];
    if (quote !== "'" && quote !== '"') throw new BadPath(`expected a quoted name at position ${this.at + 1}`);
    let name = '';
    for (this.at += 1; this.at < this.text.length; this.at += 1) {
      const char = this.text[this.at] ?? '';
      const following = this.text[this.at + 1];
      if (char === quote) {
        this.at += 1;
        this.skipSpace();
        return name;
      }
      if (char === '\\' && (following === quote || following === '\\')) this.at += 1;
      name += this.text[this.at] ?? '';
    }
    throw new BadPath('a quoted name is not closed');
  }

  private upToClosingBracket(): string {
    const start = this.at;
    let depth = 1;
    let quote = '';
    for (; this.at < this.text.length; this.at += 1) {
      const char = this.text[this.at] ?? '';
      if (quote !== '') {
        if (char === '\\') this.at += 1;
        else if (char === quote) quote = '';
      } else if (char === "'" || char === '"') quote = char;
      else if (char === '[') depth += 1;
      else if (char === ']' && (depth -= 1) === 0) return this.text.slice(start, this.at++);
    }
    throw new BadPath('"[" is not closed');
  }

  private takes(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private skipSpace(): void {
    while (this.text[this.at] === ' ') this.at += 1;
  }
}

const rootOf = (text: string): { readonly root: PathRoot; readonly length: number } | undefined => {
  const [start, name] = ROOT.exec(text) ?? [];
  if (start === undefined) return undefined;
  if (start === '$$') return { root: { kind: 'context' }, length: start.length };
  const root: PathRoot = name === undefined ? { kind: 'data' } : { kind: 'variable', name };
  return { root, length: start.length };
};

export const parsePathSyntax = (text: string): PathSyntax => {
  const refused = (problem: string): PathSyntax => ({ ok: false, problem });
  if (text.length > PATH_LENGTH_MAX) return refused(`a path may have ${PATH_LENGTH_MAX} characters`);
  const start = rootOf(text);
  if (!start) {
    return refused(
      'a path starts with "$" (the data), "$$" (the context object) or "$name" (a variable), then "." or "["',
    );
  }
  const cost = tooCostly(text);
  if (cost !== undefined) return refused(cost);
  try {
    return { ok: true, root: start.root, segments: new PathReader(text, start.length).segments() };
  } catch (error) {
    if (error instanceof BadPath) return refused(error.message);
    throw error;
  }
};

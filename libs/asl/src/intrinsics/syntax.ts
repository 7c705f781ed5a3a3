import type { Path } from '../machine.ts';
import { compilePath } from '../path/compiled-path.ts';
import { type IntrinsicName, isIntrinsicName, signatureOf } from './signatures.ts';

/** `States.Format('…', $.a, States.UUID())` and the like, as they stand in a field whose name ends in `.$`. */

export interface IntrinsicCall {
  readonly kind: 'call';
  readonly name: IntrinsicName;
  readonly arguments: readonly IntrinsicArgument[];
}
export type IntrinsicArgument =
  | IntrinsicCall
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly value: null | boolean | number }
  | IntrinsicText;
export interface IntrinsicText {
  readonly kind: 'text';
  readonly value: string;
  /** The text around each `{}` that no backslash escapes: what States.Format fills. */
  readonly pieces: readonly string[];
  /** A backslash that escapes nothing: AWS fails the state that evaluates it. */
  readonly hasOpenEscape: boolean;
}

export type IntrinsicCompilation =
  | { readonly ok: true; readonly call: IntrinsicCall }
  | { readonly ok: false; readonly problem: string; readonly position: number };

/** Calls within calls: as AWS bounds them. */
export const NESTING_MAX = 10;
export const INTRINSIC_LENGTH_MAX = 10_000;

export const isIntrinsic = (text: string): boolean => text.startsWith('States.');

/** A refusal on the way through the text; caught by `compileIntrinsic`, never seen outside. */
class BadIntrinsic extends Error {
  constructor(
    message: string,
    readonly position: number,
  ) {
    super(message);
  }
}

const NAME = /States\.[A-Za-z0-9]+/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const WORD = /true|false|null/y;
const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };
const SPACE = /\s*/y;
const ESCAPED = "'{}\\";

class IntrinsicReader {
  private at = 0;
  constructor(private readonly text: string) {}

  whole(): IntrinsicCall {
    const call = this.call(1);
    this.skipSpace();
    if (this.at < this.text.length) throw this.refusal('nothing may follow the closing ")"');
    return call;
  }

  private call(depth: number): IntrinsicCall {
    const start = this.at;
    if (depth > NESTING_MAX) throw this.refusal(`calls may be nested ${NESTING_MAX} deep`);
    const name = this.take(NAME);
    if (name === undefined || !isIntrinsicName(name)) {
      const called = name ?? this.text.slice(start, start + 40);
      throw new BadIntrinsic(`there is no intrinsic function "${called}"`, start);
    }
    this.expect('(');
    const args = this.arguments(depth);
    const { least, most } = signatureOf(name);
    if (args.length < least || args.length > most) {
      const wanted = least === most ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
      throw new BadIntrinsic(`${name} takes ${wanted} arguments, not ${args.length}`, start);
    }
    return { kind: 'call', name, arguments: args };
  }

  private arguments(depth: number): IntrinsicArgument[] {
    const found: IntrinsicArgument[] = [];
    this.skipSpace();
    if (this.accept(')')) return found;
    for (;;) {
      found.push(this.argument(depth));
      this.skipSpace();
      if (this.accept(')')) return found;
      if (!this.accept(',')) throw this.refusal('expected "," or ")"');
      this.skipSpace();
    }
  }

  private argument(depth: number): IntrinsicArgument {
    const char = this.text[this.at];
    if (char === "'") return this.quoted();
    if (char === '$') return this.path();
    if (this.text.startsWith('States.', this.at)) return this.call(depth + 1);
    const number = this.take(NUMBER);
    if (number !== undefined) return { kind: 'value', value: this.numberOf(number) };
    const word = this.take(WORD);
    if (word !== undefined) return { kind: 'value', value: WORDS[word] ?? null };
    throw this.refusal("expected a path, a text in ' ', a number, true, false, null or a call");
  }

  /** Of what JSON can say: there is one zero, and nothing endless. */
  private numberOf(text: string): number {
    const value = Number(text) + 0;
    if (!Number.isFinite(value)) throw this.refusal(`the number ${text.slice(0, 40)} is too large`);
    return value;
  }

  private quoted(): IntrinsicText {
    const start = this.at;
    let [value, piece, hasOpenEscape] = ['', '', false];
    const pieces: string[] = [];
    for (this.at += 1; this.at < this.text.length; this.at += 1) {
      let char = this.text[this.at] ?? '';
      if (char === "'") {
        this.at += 1;
        return { kind: 'text', value, pieces: [...pieces, piece], hasOpenEscape };
      }
      if (char === '{' && this.text[this.at + 1] === '}') {
        this.at += 1;
        value += '{}';
        pieces.push(piece);
        piece = '';
        continue;
      }
      const following = this.text[this.at + 1] ?? '';
      if (char === '\\' && following !== '' && ESCAPED.includes(following)) {
        char = following;
        this.at += 1;
      } else if (char === '\\') hasOpenEscape = true;
      value += char;
      piece += char;
    }
    throw new BadIntrinsic('a text is not closed', start);
  }

  /** Up to the "," or ")" that belongs to the call: brackets and quotes within the path are its own. */
  private path(): IntrinsicArgument {
    const start = this.at;
    let [depth, quote] = [0, ''];
    for (; this.at < this.text.length; this.at += 1) {
      const char = this.text[this.at] ?? '';
      if (quote !== '') {
        if (char === '\\') this.at += 1;
        else if (char === quote) quote = '';
      } else if (depth > 0 && (char === "'" || char === '"')) quote = char;
      else if (char === '[' || char === '(') depth += 1;
      else if (depth === 0 && (char === ',' || char === ')')) break;
      else if (char === ']' || char === ')') depth -= 1;
    }
    const text = this.text.slice(start, this.at).trimEnd();
    const compilation = compilePath(text);
    if (!compilation.ok) throw new BadIntrinsic(`"${text.slice(0, 200)}" is no path: ${compilation.problem}`, start);
    return { kind: 'path', path: text as Path }; // the brand says that the text compiles
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private accept(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private expect(token: string): void {
    if (!this.accept(token)) throw this.refusal(`expected "${token}"`);
  }

  private skipSpace(): void {
    this.take(SPACE);
  }

  private refusal(message: string): BadIntrinsic {
    return new BadIntrinsic(message, this.at);
  }
}

/** `position` counts from 0 into the text. */
export const compileIntrinsic = (text: string): IntrinsicCompilation => {
  if (text.length > INTRINSIC_LENGTH_MAX) {
    return { ok: false, problem: `a call may have ${INTRINSIC_LENGTH_MAX} characters`, position: INTRINSIC_LENGTH_MAX };
  }
  try {
    return { ok: true, call: new IntrinsicReader(text).whole() };
  } catch (error) {
    if (error instanceof BadIntrinsic) return { ok: false, problem: error.message, position: error.position };
    throw error;
  }
};

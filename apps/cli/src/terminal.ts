import { stripVTControlCharacters, styleText } from 'node:util';

export type Format = Parameters<typeof styleText>[0];

/** Where a command says its answer: people read lines, programs read JSON. */
export interface Terminal {
  readonly json: boolean;
  /** Columns of the terminal; undefined where output goes to a file or a pipe and nothing may be cut. */
  readonly columns: number | undefined;
  style(format: Format, text: string): string;
  line(text?: string): void;
  lines(texts: readonly string[]): void;
  /** The one JSON document of a command, or one line of many. */
  document(value: unknown): void;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export const createTerminal = (
  stream: Stream,
  env: Readonly<Record<string, string | undefined>>,
  json: boolean,
): Terminal => {
  const isTerminal = stream.isTTY === true;
  // https://no-color.org: any value but an empty one.
  const coloured = isTerminal && !json && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const line = (text = ''): void => void stream.write(`${text}\n`);
  return {
    json,
    columns: isTerminal ? stream.columns : undefined,
    style: (format, text) => (coloured ? styleText(format, text, { validateStream: false }) : text),
    line,
    lines: (texts) => texts.forEach((text) => line(text)),
    document: (value) => line(JSON.stringify(value)),
  };
};

const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Data from workflows must not be able to move the cursor or recolour the terminal of who looks at it. */
export const plainText = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/[\r\n\t]+/g, ' ')
    .replaceAll(CONTROL_CHARACTERS, '');

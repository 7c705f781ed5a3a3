import { ThroughlineError } from '@throughline/client';
import { errorHelp } from '@throughline/contracts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { plainText } from './terminal.ts';

/** Something on the command line that the caller has to write differently. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Failure {
  readonly exitCode: ExitCode;
  /** For people: what is wrong, then what to do. */
  readonly lines: readonly string[];
  /** For programs. */
  readonly json: { readonly error: Readonly<Record<string, unknown>> };
}

export const failureOf = (error: unknown, url: string): Failure => {
  if (error instanceof ThroughlineError) return callFailure(error, url);
  const message = error instanceof Error ? error.message : String(error);
  const exitCode = error instanceof UsageError ? EXIT.usage : EXIT.bad;
  return { exitCode, lines: [`error: ${message}`], json: { error: { message } } };
};

const callFailure = (error: ThroughlineError, url: string): Failure => {
  const { code, status, message, details, requestId } = error;
  const lines = [`error ${code}: ${plainText(message)}`, ...detailLines(details)];
  const exitCode = exitCodeOf(error);
  lines.push(adviceOf(error, url));
  return { exitCode, lines, json: { error: { code, status, message, details, requestId } } };
};

const exitCodeOf = ({ code, status }: ThroughlineError): ExitCode => {
  switch (code) {
    case 'TL0002':
    case 'TL0003':
    case 'TL0008':
      return EXIT.unreachable;
    case 'TL0001':
    case 'TL0006':
      return EXIT.usage;
    default:
      return status === 0 ? EXIT.unreachable : EXIT.bad;
  }
};

const adviceOf = ({ code, status, requestId }: ThroughlineError, url: string): string => {
  const page = `see ${errorHelp(code)}${requestId === undefined ? '' : ` (request ${requestId})`}`;
  if (code === 'TL0002')
    return `Give a key: --api-key, THROUGHLINE_API_KEY, or the file that \`npm start\` writes; ${page}`;
  if (code === 'TL0003') return `Use a key that lists the permission; ${page}`;
  if (status === 0) return `Is Throughline running at ${url}? \`npm start\` starts it, --url names another; ${page}`;
  return page;
};

/** Faults of a definition and of a body are lists of places with what is wrong there. */
const detailLines = (given: unknown): string[] => {
  const details = typeof given === 'object' && given !== null && 'faults' in given ? given.faults : given;
  if (!Array.isArray(details)) return details === undefined ? [] : [`  ${plainText(JSON.stringify(details))}`];
  return details.map((detail: unknown) => {
    if (typeof detail !== 'object' || detail === null) return `  ${plainText(String(detail))}`;
    const fields: Record<string, unknown> = { ...detail };
    const path = Array.isArray(fields['path']) ? fields['path'].join('.') : undefined;
    const place = typeof fields['pointer'] === 'string' ? fields['pointer'] || '(root)' : path;
    const message = typeof fields['message'] === 'string' ? fields['message'] : JSON.stringify(detail);
    return `  ${plainText(place === undefined ? message : `${place}: ${message}`)}`;
  });
};

import { ERROR_CODES, type ErrorBody, type ErrorCode, errorHelp } from './error-codes.ts';

/**
 * The whole answer, head and body, to what Node could not read as a request of HTTP: there is no request yet that a handler
 * could answer. `problem` is Node's own code for it.
 */
export const answerToUnreadable = (problem: string | undefined): string => {
  const code: ErrorCode = problem === 'HPE_HEADER_OVERFLOW' ? 'TL0005' : 'TL0001';
  const { status, title } = ERROR_CODES[code];
  const message = code === 'TL0005' ? 'its headers are too large' : 'this is no request that can be read';
  const error: ErrorBody = { code, title, message, help: errorHelp(code) };
  // ASCII only: its characters are its bytes.
  const body = JSON.stringify(error);
  const head = [
    `HTTP/1.1 ${status} ${status === 413 ? 'Payload Too Large' : 'Bad Request'}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${body.length}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
};

import { STATUS_CODES } from 'node:http';
import type { Json } from '@throughline/contracts';
import { StepError } from '@throughline/worker-sdk';

/** What `http:invoke` answers with, as AWS Step Functions names its fields. */
export interface HttpResult {
  readonly Headers: Readonly<Record<string, readonly string[]>>;
  readonly ResponseBody: Json;
  readonly StatusCode: number;
  readonly StatusText: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const headersOf = (headers: HttpAnswer['headers']): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), typeof value === 'string' ? [value] : value]],
    ),
  );

const isJson = (contentType: string | undefined): boolean =>
  /^application\/([\w.+-]+\+)?json\b/i.test(contentType ?? '');

/** JSON where the answer says so and it is; the text as it came otherwise. */
const bodyOf = (text: string, contentType: string | undefined): Json => {
  if (!isJson(contentType)) return text;
  try {
    // The cast states what JSON.parse promises.
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
};

/** A 2xx becomes the step's output; any other status fails it with `States.Http.StatusCode.<code>`, the body as cause. */
export const httpResult = (answer: HttpAnswer): HttpResult => {
  const headers = headersOf(answer.headers);
  const statusText = STATUS_CODES[answer.status] ?? '';
  if (answer.status < 200 || answer.status > 299) {
    throw new StepError(`States.Http.StatusCode.${answer.status}`, answer.body === '' ? statusText : answer.body);
  }
  return {
    Headers: headers,
    ResponseBody: bodyOf(answer.body, headers['content-type']?.[0]),
    StatusCode: answer.status,
    StatusText: statusText,
  };
};

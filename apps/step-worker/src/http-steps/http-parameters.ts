import { z } from 'zod';

/** `Parameters` of a step of `arn:aws:states:::http:invoke`, as AWS Step Functions names its fields. */

/** AWS's own bound on one HTTP step. */
export const HTTP_TIMEOUT_SECONDS_MAX = 60;

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const oneOrMore = z.union([scalar, z.array(scalar)]);

/** Set by the connection itself; a step that could set them could smuggle a second request into it. */
const HEADERS_REFUSED = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'not a header name')
  .refine((name) => !HEADERS_REFUSED.has(name.toLowerCase()), { error: 'this header is set by the connection' });
const headerValue = scalar.refine((value) => !/[\r\n\0]/.test(value), { error: 'a header value is one line' });

const endpoint = z.url({ protocol: /^https?$/, error: 'an http or https URL' }).refine(
  (text) => {
    const url = new URL(text);
    return url.username === '' && url.password === '';
  },
  { error: 'credentials do not belong in a URL: it is part of the log' },
);

export const httpParametersSchema = z.strictObject({
  ApiEndpoint: endpoint,
  Method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
  Headers: z.record(headerName, z.union([headerValue, z.array(headerValue)])).optional(),
  QueryParameters: z.record(z.string(), oneOrMore).optional(),
  RequestBody: z.json().optional(),
  TimeoutSeconds: z.number().positive().max(HTTP_TIMEOUT_SECONDS_MAX).optional(),
});
export type HttpParameters = z.output<typeof httpParametersSchema>;

const listOf = (values: string | readonly string[]): readonly string[] =>
  typeof values === 'string' ? [values] : values;

/** The endpoint with the query parameters behind those that it had already. */
export const requestUrl = (parameters: HttpParameters): URL => {
  const url = new URL(parameters.ApiEndpoint);
  for (const [name, values] of Object.entries(parameters.QueryParameters ?? {})) {
    for (const value of listOf(values)) url.searchParams.append(name, value);
  }
  return url;
};

/** `implied` headers give way to those of the step, `tying` ones do not: a step cannot leave its execution's trace. */
export const requestHeaders = (
  parameters: HttpParameters,
  implied: Readonly<Record<string, string>>,
  tying: Readonly<Record<string, string>>,
): Record<string, string | string[]> => {
  const headers: Record<string, string | string[]> = { ...implied };
  for (const [name, values] of Object.entries(parameters.Headers ?? {})) headers[name.toLowerCase()] = values;
  return { ...headers, ...tying };
};

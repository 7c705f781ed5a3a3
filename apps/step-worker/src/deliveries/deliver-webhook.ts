import { createHmac } from 'node:crypto';
import type { DeliveryTarget, DeliveryTask } from '@throughline/contracts';
import { SecretMissing, type SecretStore } from '@throughline/worker-sdk';
import { type Dispatcher, errors, request } from 'undici';
import { delivered, DELIVERY_ERRORS, type DeliveryOutcome, failed, failedForGood } from './delivery-outcome.ts';

const TIMEOUT_SECONDS = 15;
const CAUSE_BYTES_MAX = 2_048;
/** The receiver says that it will never be there again. */
const GONE = 410;

export interface WebhookParts {
  readonly secrets: SecretStore;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
}

/** `t=<Unix seconds>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`, so neither can be exchanged for another. */
export const signatureOf = (secret: string, body: string, nowMs: number): string => {
  const t = Math.floor(nowMs / 1_000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
};

/** POSTs the result. Any 2xx means that the receiver has it; redirects are not followed. */
export const deliverWebhook = async (
  task: DeliveryTask,
  target: Extract<DeliveryTarget, { type: 'webhook' }>,
  { secrets, dispatcher, signal, nowMs }: WebhookParts,
): Promise<DeliveryOutcome> => {
  const body = JSON.stringify(task.result);
  const timeoutMs = (target.timeoutSeconds ?? TIMEOUT_SECONDS) * 1_000;
  const timeLimit = AbortSignal.timeout(timeoutMs);
  try {
    const secret = target.secret === undefined ? undefined : await secrets.read(task.tenant, target.secret);
    const response = await request(target.url, {
      dispatcher,
      method: 'POST',
      headers: {
        ...headersOf(task),
        ...(secret === undefined ? {} : { 'throughline-signature': signatureOf(secret, body, nowMs()) }),
      },
      body,
      signal: AbortSignal.any([signal, timeLimit]),
      // The one time limit above covers them.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { statusCode } = response;
    const said = await beginningOf(response);
    if (statusCode >= 200 && statusCode <= 299) return delivered(`HTTP ${statusCode}`);
    const cause = `HTTP ${statusCode}${said === '' ? '' : `: ${said}`}`;
    return (statusCode === GONE ? failedForGood : failed)(DELIVERY_ERRORS.webhook, cause);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const origin = new URL(target.url).origin;
    if (timeLimit.aborted) return failed(DELIVERY_ERRORS.webhook, `${origin}: no whole answer within ${timeoutMs} ms`);
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    // It may be mounted a moment later.
    if (thrown instanceof SecretMissing) return failed(DELIVERY_ERRORS.secretMissing, problem);
    if (thrown instanceof errors.InvalidArgumentError) return failedForGood(DELIVERY_ERRORS.webhook, problem);
    return failed(DELIVERY_ERRORS.webhook, `${origin}: ${problem}`);
  }
};

const headersOf = (task: DeliveryTask): Record<string, string> => ({
  'content-type': 'application/json',
  'user-agent': 'throughline',
  // The same for every attempt: what the receiver knows a repeat by.
  'idempotency-key': task.idempotencyKey,
  'throughline-delivery': task.delivery,
  'throughline-attempt': String(task.attempt),
  'throughline-execution': task.executionId,
  baggage: `throughline.correlation_id=${task.correlationId}`,
  ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
});

/** What the receiver says is only quoted, so the rest of a long answer is not read. */
const beginningOf = async (response: Dispatcher.ResponseData): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    // The cast states what undici's body gives while no encoding is set.
    const part = chunk as Buffer;
    chunks.push(part);
    bytes += part.length;
    if (bytes > CAUSE_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).subarray(0, CAUSE_BYTES_MAX).toString('utf8');
};

import type { NatsConnection } from './connection.ts';
import { problemOf } from './js-api.ts';
import { encodeHeaders, type PublishOptions } from './publisher.ts';

export type HandedOver =
  /** A stream has stored it, or a receiver has answered; `answer` is what it said, cut short. */
  | { readonly kind: 'acknowledged'; readonly answer: string }
  | { readonly kind: 'not-acknowledged'; readonly problem: string };

const ANSWER_CHARS_MAX = 200;

/**
 * Publishes for somebody outside of the engine and waits for a sign that it arrived: the ack of whatever stream takes the
 * subject, or any answer of a plain subscriber. A publish alone would not tell a receiver from nobody.
 */
export const handOver = async (
  nc: NatsConnection,
  subject: string,
  text: string,
  options: Pick<PublishOptions, 'msgId' | 'headers'> & { readonly timeoutMs: number },
): Promise<HandedOver> => {
  const headers = encodeHeaders(options);
  try {
    const reply = await nc.request(subject, text, {
      timeout: options.timeoutMs,
      ...(headers === undefined ? {} : { headers }),
    });
    const answer = reply.string().slice(0, ANSWER_CHARS_MAX);
    const refusal = errorIn(answer);
    return refusal === undefined
      ? { kind: 'acknowledged', answer }
      : { kind: 'not-acknowledged', problem: `the stream refused it: ${refusal}` };
  } catch (error) {
    const names = [error, error instanceof Error ? error.cause : undefined].map((e) =>
      e instanceof Error ? e.name : '',
    );
    const nobody = names.includes('NoRespondersError');
    return { kind: 'not-acknowledged', problem: nobody ? `nobody receives ${subject}` : problemOf(error) };
  }
};

/** What a stream says that cannot store it. */
const errorIn = (answer: string): string | undefined => {
  const [, description] = /^\{"error":\{.*?"description":"([^"]*)"/.exec(answer) ?? [];
  return description;
};

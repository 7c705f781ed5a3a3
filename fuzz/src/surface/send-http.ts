import { Agent, request } from 'node:http';
import type { Answer } from './judge-answer.ts';
import type { HttpInput } from './http-inputs.ts';

/** Longer than any request may wait by its own wish. */
const ANSWER_MS = 120_000;
/** A stream goes on for ever: its beginning is answer enough. */
const STREAM_BYTES = 1;
const KEPT_BYTES = 100_000;

export class HttpSender {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  close(): void {
    this.#agent.destroy();
  }

  /** The answer, or what kept it from coming. */
  send(base: string, { method, target, headers, body }: HttpInput): Promise<Answer | string> {
    return new Promise((resolve) => {
      const url = new URL(base);
      const sent = request({
        agent: this.#agent,
        host: url.hostname,
        port: url.port,
        method,
        // Node refuses to send these; what can be sent is sent as it is.
        path: target.replace(/[^\x21-\xff]/g, ''),
        headers: { ...headers, ...(body ? { 'content-length': body.length } : {}) },
        timeout: ANSWER_MS,
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
      sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      sent.on('response', (response) => {
        const contentType = response.headers['content-type'] ?? '';
        const parts: Buffer[] = [];
        let length = 0;
        const end = (): void => resolve({ status: response.statusCode ?? 0, contentType, bytes: Buffer.concat(parts) });
        const isStream = contentType.startsWith('text/event-stream');
        if (isStream) {
          end();
          return void response.destroy();
        }
        response.on('data', (part: Buffer) => {
          length += part.length;
          if (length <= KEPT_BYTES || parts.length < STREAM_BYTES) parts.push(part);
        });
        response.on('end', end);
        response.on('error', (error) => resolve(error.message));
      });
      sent.end(body);
    });
  }
}

import { isTerminal, type ProgressEvent, progressEventSchema, routes } from '@throughline/contracts';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { delayBefore, isPassing, type RepeatLimits, sleep } from './repeat.ts';
import { ThroughlineError } from './throughline-error.ts';
import { faultOf, type RequestOptions, type Transport } from './transport.ts';

export interface WatchOptions extends Omit<RequestOptions, 'timeoutMs'> {
  /** Goes on right after this event. */
  readonly lastEventId?: string;
  /** The server beats every 5 s: a line silent for longer than this is dead and is opened again. */
  readonly silenceMaxMs?: number;
}

const SILENCE_MAX_MS = 20_000;
const EVENT_CHARACTERS_MAX = 4 * 1024 * 1024;

/** The event that ends an execution, not one that only came in the same commit. */
const isLast = (event: ProgressEvent): boolean =>
  isTerminal(event.status) && /^Execution(Succeeded|Failed|Cancelled|TimedOut)$/.test(event.event_type);

/** Progress from the first event, or from `lastEventId`, to the end of the execution; cut lines are taken up again. */
export async function* watchExecution(
  transport: Transport,
  executionId: string,
  limits: RepeatLimits,
  options: WatchOptions,
): AsyncGenerator<ProgressEvent, void, undefined> {
  let lastEventId = options.lastEventId;
  let ended = false;
  // Counted since the last event: a long execution may lose its line any number of times.
  for (let failures = 0; !ended;) {
    let fault: ThroughlineError | undefined;
    try {
      const line = oneConnection(transport, executionId, lastEventId, options, () => (ended = true));
      for await (const event of line) {
        lastEventId = event.event_id;
        failures = 0;
        ended = isTerminal(event.status);
        yield event;
        if (isLast(event)) return;
      }
    } catch (error) {
      if (!isPassing(error)) throw error;
      fault = error;
      ended = false;
    }
    if (ended) return;
    failures += 1;
    if (failures >= limits.attemptsMax) throw fault ?? closedTooOften(executionId, failures);
    await sleep(delayBefore(failures, limits, fault), options.signal);
  }
}

const closedTooOften = (executionId: string, failures: number): ThroughlineError =>
  new ThroughlineError({
    code: 'TL0008',
    status: 0,
    message: `the stream of ${executionId} was closed ${failures} times in a row without an event`,
  });

async function* oneConnection(
  transport: Transport,
  executionId: string,
  lastEventId: string | undefined,
  options: WatchOptions,
  onNothingLeft: () => void,
): AsyncGenerator<ProgressEvent, void, undefined> {
  const line = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, line.signal]) : line.signal;
  const silenceMs = options.silenceMaxMs ?? SILENCE_MAX_MS;
  const silent = (): void => line.abort(new DOMException(`nothing heard for ${silenceMs} ms`, 'TimeoutError'));
  let silence = setTimeout(silent, silenceMs);
  const route = routes.streamExecution;
  try {
    const headers = { ...options.headers, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
    const response = await transport.request(route, { params: { id: executionId }, headers }, signal);
    // The execution has ended, and `lastEventId` was its last event.
    if (response.status === 204) return onNothingLeft();
    const messages: EventSourceMessage[] = [];
    const parser = createParser({
      onEvent: (message) => messages.push(message),
      maxBufferSize: EVENT_CHARACTERS_MAX,
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') throw error;
      },
    });
    const text = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      clearTimeout(silence);
      parser.feed(text.decode(chunk, { stream: true }));
      for (const message of messages.splice(0)) yield parseEvent(message);
      silence = setTimeout(silent, silenceMs);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    throw faultOf(route, options.signal, error);
  } finally {
    clearTimeout(silence);
    // Closes the socket where the caller stopped early.
    line.abort();
  }
}

const parseEvent = (message: EventSourceMessage): ProgressEvent => {
  const parsed = progressEventSchema.safeParse(JSON.parse(message.data));
  if (parsed.success) return parsed.data;
  throw new ThroughlineError({
    code: 'TL0007',
    status: 200,
    message: 'an event of the stream does not match its schema',
    details: parsed.error.issues,
  });
};

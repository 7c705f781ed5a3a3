import { abortAttemptsSchema, type StepTask, SUBJECT_FILTERS } from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import type { AttemptAbort } from './attempt-abort.ts';

/** The attempts whose handlers run in this process, so that whoever cancels an execution can end them. */
export class RunningAttempts {
  private readonly running = new Map<string, AttemptAbort>();

  /** Until the returned function is called. Two runs of one attempt in one process share its place: the later one has it. */
  add({ executionId, token }: StepTask, abort: AttemptAbort): () => void {
    const key = `${executionId}/${token}`;
    this.running.set(key, abort);
    return () => {
      if (this.running.get(key) === abort) this.running.delete(key);
    };
  }

  cancel(executionId: string, tokens: readonly string[]): void {
    for (const token of tokens) this.running.get(`${executionId}/${token}`)?.abort('cancelled');
  }
}

const decoder = new TextDecoder();

/** Listens for cancels until the connection closes. What cannot be read is passed over: the attempt's result is refused all the same. */
export const listenForCancels = (nc: NatsConnection, running: RunningAttempts): void => {
  nc.subscribe(SUBJECT_FILTERS.aborts, {
    callback: (error, message) => {
      if (error) return;
      const parsed = abortAttemptsSchema.safeParse(jsonOf(message.data));
      if (parsed.success) running.cancel(parsed.data.executionId, parsed.data.tokens);
    },
  });
};

const jsonOf = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
};

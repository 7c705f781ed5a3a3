import {
  parseRecentExecutionsSubject,
  type RecentExecutionsAnswer,
  recentExecutionsRequestSchema,
  SUBJECT_FILTERS,
} from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import type { ExecutionReads } from '../read-model/execution-reads.ts';

/** Questions in hand at once; who asks beyond that hears so. */
const IN_HAND_MAX = 20;

export interface RecentExecutionsResponder {
  stop(): Promise<void>;
}

/** Says which executions of a workflow started last. A question that gets no answer may be asked again. */
export const respondToRecentExecutions = (nc: NatsConnection, reads: ExecutionReads): RecentExecutionsResponder => {
  let inHand = 0;
  const subscription = nc.subscribe(SUBJECT_FILTERS.recentExecutions, {
    // Any one of the orchestrators: all have the same read model.
    queue: 'orchestrator',
    callback: (_error, message) => {
      const respond = (answer: RecentExecutionsAnswer): void => void message.respond(JSON.stringify(answer));
      if (inHand >= IN_HAND_MAX) return respond(failed(`${IN_HAND_MAX} questions are in hand already`));
      inHand += 1;
      void answerTo(reads, message.subject, message.string())
        .catch((thrown: unknown) => failed(thrown instanceof Error ? thrown.message : String(thrown)))
        .then(respond)
        .finally(() => {
          inHand -= 1;
        });
    },
  });
  return { stop: async () => void (nc.isClosed() || (await subscription.drain())) };
};

const failed = (problem: string): RecentExecutionsAnswer => ({ v: 1, outcome: 'failed', problem });

const answerTo = async (reads: ExecutionReads, subject: string, text: string): Promise<RecentExecutionsAnswer> => {
  const tenant = parseRecentExecutionsSubject(subject);
  const asked = recentExecutionsRequestSchema.safeParse(JSON.parse(text));
  if (!tenant || !asked.success) return failed('not a question about recent executions');
  const { workflow, version, last } = asked.data;
  const executions = await reads.latest(tenant, { workflow, last, ...(version === undefined ? {} : { version }) });
  return { v: 1, outcome: 'found', executions };
};

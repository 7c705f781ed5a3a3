import {
  type ExecutionId,
  recentExecutionsAnswerSchema,
  type RecentExecutionsRequest,
  recentExecutionsSubject,
  type Tenant,
} from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';

const ANSWER_MS = 10_000;

export type Found =
  | { readonly kind: 'found'; readonly executions: readonly ExecutionId[] }
  | { readonly kind: 'unknown'; readonly problem: string };

/** Asks an orchestrator: only its read model knows executions by workflow. */
export const recentExecutions = async (
  nc: NatsConnection,
  tenant: Tenant,
  asked: Omit<RecentExecutionsRequest, 'v'>,
): Promise<Found> => {
  try {
    const question = JSON.stringify({ v: 1, ...asked } satisfies RecentExecutionsRequest);
    const reply = await nc.request(recentExecutionsSubject(tenant), question, { timeout: ANSWER_MS });
    const answer = recentExecutionsAnswerSchema.parse(reply.json());
    return answer.outcome === 'found'
      ? { kind: 'found', executions: answer.executions }
      : { kind: 'unknown', problem: answer.problem };
  } catch (thrown) {
    return { kind: 'unknown', problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
};

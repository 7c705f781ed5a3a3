import {
  parseTaskTokenSubject,
  SUBJECT_FILTERS,
  type TaskReport,
  type TaskReportAnswer,
  type TaskReportKind,
  taskReportBodies,
  type Tenant,
} from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import { Refused } from '@throughline/service-host';
import type { TaskReports } from '../task-tokens/task-reports.ts';

/** Reports in hand at once; more are refused, and their senders repeat. */
const IN_HAND_MAX = 2_000;

export interface TaskReportResponder {
  stop(): Promise<void>;
}

/**
 * SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat as core NATS requests. They are answered after the commit, as over
 * HTTP; a request that gets no answer was perhaps never heard, and its sender repeats it. Who may send on a tenant's
 * subject is the NATS server's to say.
 */
export const respondToTaskReports = (nc: NatsConnection, reports: TaskReports): TaskReportResponder => {
  let inHand = 0;
  const subscription = nc.subscribe(SUBJECT_FILTERS.taskTokens, {
    // Any one of the orchestrators: each sends the command on to the one that decides.
    queue: 'orchestrator',
    callback: (_error, message) => {
      const respond = (answer: TaskReportAnswer): void => void message.respond(JSON.stringify(answer));
      if (inHand >= IN_HAND_MAX) return respond(refusal('TL0010', `${IN_HAND_MAX} reports are in hand already`));
      inHand += 1;
      void answerTo(reports, message.subject, message.data)
        .then(respond)
        .finally(() => {
          inHand -= 1;
        });
    },
  });
  return { stop: async () => void (nc.isClosed() || (await subscription.drain())) };
};

const answerTo = async (reports: TaskReports, subject: string, bytes: Uint8Array): Promise<TaskReportAnswer> => {
  const address = parseTaskTokenSubject(subject);
  if (!address) return refusal('TL0006', `${subject} names no tenant and report`);
  const report = reportOf(address.report, bytes);
  if (!report) return refusal('TL0001', `the body does not fit a ${address.report} report`);
  try {
    return { v: 1, outcome: 'accepted', ...(await reports.report(callerOf(address.tenant), report)) };
  } catch (thrown) {
    return thrown instanceof Refused
      ? refusal(thrown.code, thrown.message)
      : refusal('TL0007', thrown instanceof Error ? thrown.message : String(thrown));
  }
};

const refusal = (code: string, message: string): TaskReportAnswer => ({
  v: 1,
  outcome: 'refused',
  refusal: { code, message },
});

const callerOf = (tenant: Tenant) =>
  ({ tenant, actor: { kind: 'service', id: 'nats' }, permissions: [], roles: [], signingKeys: [] }) as const;

const reportOf = (kind: TaskReportKind, bytes: Uint8Array): TaskReport | undefined => {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const parsed = taskReportBodies[kind].safeParse(json);
    // The cast joins the kind with the body that its own schema made.
    return parsed.success ? ({ kind, body: parsed.data } as TaskReport) : undefined;
  } catch {
    return undefined;
  }
};

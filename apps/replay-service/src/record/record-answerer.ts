import { Inject, Injectable } from '@nestjs/common';
import { type AnswerFromRecord, executionRef, type StepTask, stepTaskSchema } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { type ExecutionState, openAttempts } from '@throughline/execution';
import { answerOf, type AttemptRecords, fold, wasCut } from '@throughline/history';
import { COMMAND_SENDER, EVENT_LOG, HandlerUnavailable, PoisonMessage, sendCommand } from '@throughline/service-host';
import { z } from 'zod';
import { RecordedAttempts } from './recorded-attempts.ts';

/** Answers the steps of forks and re-executions from the record of their originals. Nothing is called. */
@Injectable()
export class RecordAnswerer {
  private readonly attempts: RecordedAttempts;

  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(COMMAND_SENDER) private readonly commands: CommandSender,
  ) {
    this.attempts = new RecordedAttempts(log);
  }

  /** Resolves when the question may be acked. */
  async answer(json: unknown): Promise<void> {
    const parsed = stepTaskSchema.safeParse(json);
    if (!parsed.success) throw new PoisonMessage(`not a step: ${z.prettifyError(parsed.error)}`, 'TL0301');
    const { record, executionId, state } = parsed.data;
    if (!record) {
      throw new PoisonMessage(`state '${state}' of ${executionId} names a queue that only the engine uses`, 'TL0301');
    }
    await this.answerFrom(parsed.data, record);
  }

  private async answerFrom(task: StepTask, { executionId, at }: NonNullable<StepTask['record']>): Promise<void> {
    const { tenant, token } = task;
    const records = await this.attempts.of(tenant, executionId, at);
    const ref = executionRef(tenant, task.executionId);
    const answer = answerOf(records, task) ?? (await this.whenAlone(task, records));
    const said = await sendCommand(this.commands, {
      origin: 'system',
      ref,
      actor: { kind: 'service', id: 'replay-service' },
      command: { type: 'AnswerFromRecord', body: answer },
      causationId: `${task.executionId}.${token}`.slice(0, 128),
      ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
    });
    // A refusal means that the attempt is no longer open, which is as good as an answer.
    if (said.outcome === 'unknown') throw new HandlerUnavailable(`execution ${task.executionId} did not answer`);
  }

  /** Something beside it ended the attempt in the original. Where nothing is left that could, nobody knows what it would have said. */
  private async whenAlone(
    { tenant, executionId, token }: StepTask,
    records: AttemptRecords,
  ): Promise<AnswerFromRecord> {
    const read = await this.log.read(executionRef(tenant, executionId));
    if (read.kind === 'unreadable') throw new Error(`execution ${executionId}: ${read.problem}`);
    const state = fold<ExecutionState>(read.commits);
    const others = state
      ? openAttempts(state).filter((open) => open.awaits !== 'record' || !wasCut(records, open))
      : [];
    if (state && (others.length > 0 || state.timers.size > 0 || state.frames.ready.length > 0)) {
      throw new HandlerUnavailable(`what ended the attempt in the original has not happened yet in ${executionId}`);
    }
    return { how: 'not-at-all', token, why: 'no-answer' };
  }
}

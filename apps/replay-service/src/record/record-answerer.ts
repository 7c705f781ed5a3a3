import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { COMMAND_VERSION, commandIdSchema, executionRef, type StepTask, stepTaskSchema } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { answerOf } from '@throughline/history';
import { COMMAND_SENDER, EVENT_LOG, HandlerUnavailable, PoisonMessage } from '@throughline/service-host';
import { z } from 'zod';
import { RecordedAttempts } from './recorded-attempts.ts';

const ANSWER_MS = 10_000;
const RESEND_MS = 2_500;

/** Answers the steps of forks and re-executions from the record of their originals. Nothing is called. */
@Injectable()
export class RecordAnswerer {
  private readonly attempts: RecordedAttempts;

  constructor(
    @Inject(EVENT_LOG) log: EventLog,
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
    const answer = answerOf(await this.attempts.of(tenant, executionId, at), task);
    if (!answer) return;
    const ref = executionRef(tenant, task.executionId);
    const said = await this.commands.send(
      'system',
      ref,
      {
        v: COMMAND_VERSION,
        id: commandIdSchema.parse(randomUUID()),
        type: 'AnswerFromRecord',
        actor: { kind: 'service', id: 'replay-service' },
        causationId: `${task.executionId}.${token}`.slice(0, 128),
        ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
        body: answer,
      },
      { timeoutMs: ANSWER_MS, resendMs: RESEND_MS },
    );
    // A refusal means that the attempt is no longer open, which is as good as an answer.
    if (said.outcome === 'unknown') throw new HandlerUnavailable(`execution ${task.executionId} did not answer`);
  }
}

import { createHash, randomUUID } from 'node:crypto';
import {
  assertNever,
  type Command,
  commandIdSchema,
  type CommandId,
  executionRef,
  STATE_DATA_BYTES_MAX,
  type TaskReport,
  type TaskReported,
} from '@throughline/contracts';
import type { TokenBearer } from '@throughline/engine';
import { canonicalHash, DEFAULT_LIMITS, jsonBytes, measureBody } from '@throughline/execution';
import { type Caller, refuse, Refused, refuseWith } from '@throughline/service-host';
import type { CommandGateway } from '../http/command-gateway.ts';
import type { TaskTokens } from './task-tokens.ts';

/** SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat, whichever way they came. */
export class TaskReports {
  private readonly tokens: TaskTokens;
  private readonly commands: CommandGateway;

  constructor(tokens: TaskTokens, commands: CommandGateway) {
    this.tokens = tokens;
    this.commands = commands;
  }

  /** Resolves after the commit; throws what is refused. */
  async report(caller: Caller, report: TaskReport): Promise<TaskReported> {
    const bearer = this.tokens.bearerOf(caller.tenant, report.body.taskToken);
    if (!bearer) return refuse('TL0112', 'no attempt was given this task token');
    // What came as JSON text can still not be hashed where a number is too large to be one.
    const measured = measureBody(report.body, DEFAULT_LIMITS);
    if (measured.kind === 'refused') return refuseWith(measured.refusal);
    if (report.kind === 'success' && jsonBytes(report.body.output) > STATE_DATA_BYTES_MAX) {
      return refuse('TL0005', `States.DataLimitExceeded: the output is larger than ${STATE_DATA_BYTES_MAX} bytes`);
    }
    const ref = executionRef(caller.tenant, bearer.executionId);
    try {
      const { duplicate } = await this.commands.send(caller, ref, commandOf(report, bearer), {
        origin: 'system',
        id: idOf(report),
      });
      return { executionId: bearer.executionId, duplicate };
    } catch (thrown) {
      // Whether the attempt or the whole execution is over is one thing to the holder of a token.
      if (thrown instanceof Refused && thrown.code === 'TL0106') return refuse('TL0107', thrown.message);
      throw thrown;
    }
  }
}

const commandOf = (report: TaskReport, { token }: TokenBearer): Command => {
  switch (report.kind) {
    case 'success': {
      const { output } = report.body;
      return { type: 'CompleteCallback', body: { token, output, outputHash: canonicalHash(output) } };
    }
    case 'failure': {
      const { taskToken: _taskToken, ...failure } = report.body;
      return { type: 'FailCallback', body: { token, ...failure } };
    }
    case 'heartbeat':
      return { type: 'RecordHeartbeat', body: { token } };
    default:
      return assertNever(report);
  }
};

/** The same end reported again is the same command, so a repeat is answered as the first was. Each heartbeat counts. */
const idOf = (report: TaskReport): CommandId => {
  if (report.kind === 'heartbeat') return commandIdSchema.parse(randomUUID());
  const text = JSON.stringify([report.kind, report.body]);
  return commandIdSchema.parse(`report-${createHash('sha256').update(text).digest('hex').slice(0, 40)}`);
};

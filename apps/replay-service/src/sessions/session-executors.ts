import { assertNever, type ReplayRequest } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { CommandSender, NatsConnection } from '@throughline/event-log/jetstream';
import { ReExecute } from './re-execute.ts';
import type { ExecutorOf } from './session-runner.ts';
import { VerifyAll } from './verify-all.ts';
import { VerifyExecution } from './verify-execution.ts';

/** What sessions can be about: one executor each, with places of its own. */
export const sessionExecutors = (log: EventLog, nc: NatsConnection, sender: CommandSender): ExecutorOf => {
  const verifyExecution = new VerifyExecution(log);
  const reExecute = new ReExecute(log, sender);
  const verifyAll = new VerifyAll(nc);
  return (request: ReplayRequest) => {
    if (request.scope === 'all') return verifyAll;
    switch (request.kind) {
      case 'verify':
        return verifyExecution;
      case 're-execute':
        return reExecute;
      default:
        return assertNever(request.kind);
    }
  };
};

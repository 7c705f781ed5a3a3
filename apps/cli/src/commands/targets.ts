import { routes } from '@throughline/contracts';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { plainText } from '../terminal.ts';

/** Whom a step worker calls, and how it gets on with them. Bad, where one of them fails. */
export const listTargets = async ({ client, terminal }: Invocation): Promise<ExitCode> => {
  const { worker, items } = await client.call(routes.listTargets, {});
  const code = items.every(({ circuit }) => circuit === 'closed') ? EXIT.ok : EXIT.bad;
  if (terminal.json) {
    terminal.document({ worker, items });
    return code;
  }
  const rows = items.map(({ kind, target, circuit, running, waiting, heldBack, retriesLeft, lastFailure }) => [
    plainText(target),
    kind,
    circuit,
    String(running),
    String(waiting),
    String(heldBack),
    String(retriesLeft),
    lastFailure ? plainText(lastFailure.error) : '',
  ]);
  const head = ['TARGET', 'KIND', 'CIRCUIT', 'RUNNING', 'WAITING', 'HELD BACK', 'RETRIES LEFT', 'LAST FAILURE'];
  terminal.lines(tableLines(terminal, head, rows));
  terminal.line(terminal.style('dim', `as ${plainText(worker)} knows them`));
  return code;
};

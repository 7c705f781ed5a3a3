import { type ErrorEnvelope, type ExecutionView, isTerminal } from '@throughline/contracts';
import { ThroughlineError } from '@throughline/client';
import type { Command } from 'commander';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation, Run } from '../invocation.ts';
import { plainText, type Terminal } from '../terminal.ts';

export const errorCommands = (program: Command, run: Run): void => {
  program
    .command('errors <id>')
    .description('every error of an execution: what happened, what became of it, what to do')
    .action(run(listErrors));
};

export const listErrors = async ({ client, terminal }: Invocation, id: string): Promise<ExitCode> => {
  const view = await client.errors(id);
  if (terminal.json) terminal.document(view);
  else if (view.items.length === 0) terminal.line('nothing went wrong');
  else {
    const rows = view.items.map(({ at, state, error, of }) => [
      at,
      plainText(state ?? of),
      error.attempt === null ? '' : String(error.attempt),
      error.resolution.status,
      plainText(error.tech),
    ]);
    terminal.lines(tableLines(terminal, ['AT', 'STATE', 'ATTEMPT', 'RESOLUTION', 'ERROR'], rows));
    if (view.truncated) terminal.line(terminal.style('dim', 'earlier ones are left out'));
    if (view.failure) terminal.lines(adviceLines(terminal, view.failure));
  }
  return EXIT.ok;
};

/** What happened, and what to do next: for people first. */
export const adviceLines = (terminal: Terminal, { human, tech, recommendedActions }: ErrorEnvelope): string[] => [
  '',
  terminal.style('bold', plainText(human)),
  terminal.style('dim', plainText(tech)),
  ...(recommendedActions.length === 0 ? [] : ['What to do:']),
  ...recommendedActions.map(({ action, text }) => `  ${plainText(action)}: ${plainText(text)}`),
];

/** Under an execution that has failed. Advice only: where it cannot be had, the execution is shown all the same. */
export const showAdvice = async ({ client, terminal }: Invocation, view: ExecutionView): Promise<void> => {
  if (terminal.json || !isTerminal(view.status) || view.status === 'succeeded' || view.status === 'cancelled') return;
  try {
    const { failure } = await client.errors(view.id);
    if (failure) terminal.lines(adviceLines(terminal, failure));
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
  }
};

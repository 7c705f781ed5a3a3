import type { TaskReported } from '@throughline/contracts';
import { fieldLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { jsonArgument } from '../json-argument.ts';
import { plainText } from '../terminal.ts';
import { jsonText } from '../wording.ts';

/** What a holder of a task token, or a worker of an activity, does by hand. */

const show = ({ terminal }: Invocation, reported: TaskReported, what: string): ExitCode => {
  if (terminal.json) terminal.document(reported);
  else {
    const before = reported.duplicate ? ' (it was before)' : '';
    terminal.line(`${what}${before}: ${reported.executionId}`);
  }
  return EXIT.ok;
};

export const succeed = async (cli: Invocation, token: string, options: { output: string }): Promise<ExitCode> =>
  show(cli, await cli.client.sendTaskSuccess(token, jsonArgument(options.output)), 'succeeded');

export const fail = async (
  cli: Invocation,
  token: string,
  { error, cause }: { error?: string; cause?: string },
): Promise<ExitCode> => {
  const failure = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
  return show(cli, await cli.client.sendTaskFailure(token, failure), 'failed');
};

export const heartbeat = async (cli: Invocation, token: string): Promise<ExitCode> =>
  show(cli, await cli.client.sendTaskHeartbeat(token), 'heartbeat recorded');

export const pollActivity = async (
  { client, terminal }: Invocation,
  name: string,
  options: { wait?: number; worker?: string },
): Promise<ExitCode> => {
  const task = await client.pollActivity(name, {
    ...(options.wait === undefined ? {} : { waitMs: options.wait * 1_000 }),
    ...(options.worker === undefined ? {} : { worker: options.worker }),
  });
  if (terminal.json) terminal.document({ task });
  else if (!task) terminal.line('no task');
  else {
    terminal.lines(
      fieldLines(terminal, [
        ['execution', task.executionId],
        ['state', plainText(task.state)],
        ['attempt', String(task.attempt)],
        ['input', jsonText(task.input)],
        ['token', task.taskToken],
      ]),
    );
  }
  return task ? EXIT.ok : EXIT.bad;
};

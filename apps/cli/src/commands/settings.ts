import { ACTION_CLASSES, SLA_CLASSES, type TimeoutPolicy, type TimeoutPolicyView } from '@throughline/contracts';
import type { Command } from 'commander';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation, Run } from '../invocation.ts';
import { plainText } from '../terminal.ts';

export const settingsCommands = (program: Command, run: Run): void => {
  const settings = program.command('settings').description("a tenant's settings");
  const timeouts = settings.command('timeouts').description('the nine timeout policies');
  timeouts.command('ls', { isDefault: true }).description('all of them').action(run(listTimeouts));
  timeouts
    .command('set <sla> <action>')
    .description('set times of one, each as 500ms, 30s, 15m, 8h or 3d; what is not named stays')
    .option('--execution <time>', 'the whole execution')
    .option('--step <time>', "a worker's work on one attempt")
    .option('--queue-wait <time>', 'the wait for a worker')
    .option('--approval <time>', 'an approval')
    .option('--cancel-grace <time>', 'from a cancel until results are refused')
    .option('--answer-wait <time>', 'a start in mode immediate')
    .action(run(setTimeouts));
  timeouts.command('reset <sla> <action>').description('back to the default').action(run(resetTimeouts));
};

interface Times {
  readonly execution?: string;
  readonly step?: string;
  readonly queueWait?: string;
  readonly approval?: string;
  readonly cancelGrace?: string;
  readonly answerWait?: string;
}

export const listTimeouts = async (cli: Invocation): Promise<ExitCode> =>
  show(cli, await cli.client.settings.timeoutPolicies());

export const setTimeouts = async (cli: Invocation, sla: string, action: string, times: Times): Promise<ExitCode> => {
  const named = {
    executionMs: times.execution,
    stepMs: times.step,
    queueWaitMs: times.queueWait,
    approvalMs: times.approval,
    cancelGraceMs: times.cancelGrace,
    answerWaitMs: times.answerWait,
  };
  const given = Object.entries(named).flatMap(([name, text]) => (text === undefined ? [] : [[name, msOf(text)]]));
  if (given.length === 0) throw new UsageError('name at least one time, e.g. --step 30s');
  // The names are those of a policy, and the server checks the numbers.
  const changes = Object.fromEntries(given) as Partial<TimeoutPolicy>;
  return show(cli, [await cli.client.settings.setTimeoutPolicy(slaOf(sla), actionOf(action), changes)]);
};

export const resetTimeouts = async (cli: Invocation, sla: string, action: string): Promise<ExitCode> =>
  show(cli, [await cli.client.settings.resetTimeoutPolicy(slaOf(sla), actionOf(action))]);

const oneOf = <T extends string>(what: string, allowed: readonly T[], text: string): T => {
  const found = allowed.find((candidate) => candidate === text);
  if (found === undefined) throw new UsageError(`the ${what} is one of ${allowed.join(', ')}`);
  return found;
};
const slaOf = (text: string) => oneOf('SLA class', SLA_CLASSES, text);
const actionOf = (text: string) => oneOf('action class', ACTION_CLASSES, text);

const MS_PER = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const TIME = /^(\d+)(ms|s|m|h|d)$/;

export const msOf = (text: string): number => {
  const [, count, unit] = TIME.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw new UsageError(`a time is e.g. 500ms, 30s, 15m, 8h or 3d, not ${text}`);
  // What the expression has matched.
  return Number(count) * MS_PER[unit as keyof typeof MS_PER];
};

const UNITS = ['d', 'h', 'm', 's'] as const;

export const timeText = (ms: number): string => {
  const unit = UNITS.find((candidate) => ms > 0 && ms % MS_PER[candidate] === 0) ?? 'ms';
  return `${ms / MS_PER[unit]}${unit}`;
};

const show = ({ terminal }: Invocation, views: readonly TimeoutPolicyView[]): ExitCode => {
  if (terminal.json) terminal.document({ items: views });
  else {
    const headings = [
      'SLA',
      'ACTION',
      'EXECUTION',
      'STEP',
      'QUEUE WAIT',
      'APPROVAL',
      'CANCEL GRACE',
      'ANSWER WAIT',
      'SET BY',
    ];
    const rows = views.map(({ slaClass, actionClass, policy, set }) => [
      slaClass,
      actionClass,
      timeText(policy.executionMs),
      timeText(policy.stepMs),
      timeText(policy.queueWaitMs),
      timeText(policy.approvalMs),
      timeText(policy.cancelGraceMs),
      timeText(policy.answerWaitMs),
      set ? plainText(set.by.id) : 'default',
    ]);
    terminal.lines(tableLines(terminal, headings, rows));
  }
  return EXIT.ok;
};

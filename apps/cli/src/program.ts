import { createClient } from '@throughline/client';
import { MODES, PRIORITIES, SLA_CLASSES } from '@throughline/contracts';
import { Command, InvalidArgumentError } from 'commander';
import { approvalCommands } from './commands/approvals.ts';
import { controlCommands } from './commands/control.ts';
import { deliveryCommands } from './commands/delivery.ts';
import { errorCommands } from './commands/errors.ts';
import { checkDrift } from './commands/drift.ts';
import * as deadLetters from './commands/dead-letters.ts';
import * as doctor from './commands/doctor.ts';
import * as executions from './commands/executions.ts';
import * as logs from './commands/logs.ts';
import { preflightCommands } from './commands/preflight.ts';
import * as proofs from './commands/proofs.ts';
import * as readModels from './commands/read-models.ts';
import { forkCommand } from './commands/fork.ts';
import { replayCommands } from './commands/replays.ts';
import * as locks from './commands/locks.ts';
import { listTargets } from './commands/targets.ts';
import * as schedules from './commands/schedules.ts';
import { settingsCommands } from './commands/settings.ts';
import * as tasks from './commands/tasks.ts';
import { timeTravelCommands } from './commands/time-travel.ts';
import { whatIfCommands } from './commands/what-if.ts';
import * as workflows from './commands/workflows.ts';
import { findConnection } from './connection.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Invocation, Run } from './invocation.ts';
import type { Surroundings } from './surroundings.ts';
import { createTerminal } from './terminal.ts';

export interface ProgramParts extends Surroundings {
  readonly onExitCode: (code: ExitCode) => void;
  /** Before any call, so that a failure can name the address. */
  readonly onConnection: (url: string) => void;
}

interface GlobalOptions {
  readonly url?: string;
  readonly apiKey?: string;
  readonly json?: boolean;
}

const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number is needed.');
  return Number(text);
};
const AS_OF = 'as it was at an RFC 3339 time, or when the log ended at a sequence';
const collected = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

const HELP_END = `
The address and key are those of --url and --api-key, else THROUGHLINE_URL and THROUGHLINE_API_KEY, else
.throughline/local-key.json here or in a folder above (or in THROUGHLINE_HOME).
Exit codes: 0 good; 1 the answer is bad; 2 wrong usage; 3 not reachable or not allowed.`;

/** Every command only names its arguments here; what it does stands in commands/. */
export const createProgram = (around: ProgramParts): Command => {
  const program = new Command('throughline')
    .description('Runs, follows, replays and audits workflows of a Throughline system.')
    .option('--url <url>', 'address of the front')
    .option('--api-key <key>', 'API key')
    .option('--json', 'JSON on standard output, for programs')
    .addHelpText('after', HELP_END)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void around.stdout.write(text),
      writeErr: (text) => void around.stderr.write(text),
    });
  const run =
    <A extends unknown[]>(action: (cli: Invocation, ...args: A) => Promise<ExitCode>) =>
    async (...args: A): Promise<void> =>
      around.onExitCode(await action(invocationOf(program, around), ...args));
  workflowCommands(program, run);
  executionCommands(program, run);
  controlCommands(program, run, wholeNumber);
  approvalCommands(program, run, wholeNumber);
  deliveryCommands(program, run);
  settingsCommands(program, run);
  errorCommands(program, run);
  preflightCommands(program, run);
  taskCommands(program, run);
  scheduleCommands(program, run);
  deadLetterCommands(program, run);
  lockCommands(program, run);
  replayCommands(program, run, wholeNumber);
  forkCommand(program, run, wholeNumber);
  proofCommands(program, run);
  timeTravelCommands(program, run, wholeNumber);
  whatIfCommands(program, run, wholeNumber);
  operatorCommands(program, run);
  return program;
};

const invocationOf = (program: Command, around: ProgramParts): Invocation => {
  const options = program.opts<GlobalOptions>();
  const flags = {
    ...(options.url === undefined ? {} : { url: options.url }),
    ...(options.apiKey === undefined ? {} : { key: options.apiKey }),
  };
  const connection = findConnection({ flags, env: around.env, workingDirectory: around.workingDirectory });
  const { url, apiKey } = connection;
  around.onConnection(url);
  return {
    connection,
    client: createClient({ url, ...(apiKey === undefined ? {} : { apiKey }) }),
    terminal: createTerminal(around.stdout, around.env, options.json ?? false),
  };
};

const workflowCommands = (program: Command, run: Run): void => {
  const workflow = program.command('workflow').description('state machines');
  workflow
    .command('register <file>')
    .description('register an ASL definition, JSON or YAML; an equal one answers with the version that has it')
    .option('--name <name>', "another name than the file's")
    .action(run(workflows.registerWorkflow));
  program
    .command('validate <file>')
    .description(
      'everything that is wrong with an ASL definition, JSON or YAML; - reads standard input; asks no server',
    )
    .action(run(workflows.validateWorkflow));
  workflow.command('ls').description('latest version of every workflow').action(run(workflows.listWorkflows));
};

const executionCommands = (program: Command, run: Run): void => {
  program
    .command('start <workflow>')
    .description('start an execution; answers after its start is committed')
    .option('--input <json>', 'JSON, @file, or @- for standard input')
    .option('--id <id>', 'execution id: starting again with it answers with the same execution')
    .option('--key, --idempotency-key <key>', 'idempotency key: one execution for each')
    .option('--correlation <id>', 'correlation id')
    .option('--workflow-version <n>', 'another version than the latest', wholeNumber)
    .option('--label <name=value>', 'label; may be given again', collected)
    .option('--preflight', 'start nothing unless a preflight finds no error')
    .option('--sla <class>', `${SLA_CLASSES.join(', ')}: goes before what the workflow says`)
    .option('--mode <mode>', `${MODES.join(' or ')}: with immediate the answer is the end, where it comes in time`)
    .option('--priority <priority>', PRIORITIES.join(', '))
    .option('--attributes <json>', 'JSON, @file, or @-: planId, riskLevel, affectedPaths, …')
    .option('--until <state>', 'wait for a review before this state')
    .option('--not-before <time>', 'stay queued until then, RFC 3339')
    .option('--dry-run', 'walk the machine with answers: nothing is called, nothing is written')
    .option('--answers <json>', 'of a dry run: JSON, @file, or @-')
    .option('--recorded <execution>', 'of a dry run: the answers that this execution got')
    .option('--wait', 'wait for the end; exit 1 unless it succeeded')
    .action(run(executions.startExecution));
  program
    .command('ls')
    .description('executions, newest first')
    .option('--status <status>')
    .option('--workflow <name>')
    .option('--correlation <id>')
    .option('--label <name=value>', 'may be given again', collected)
    .option('--where <name=value>', 'an attribute, class or state: riskLevel=high, deliveryState=failed', collected)
    .option('--limit <n>', 'how many', wholeNumber)
    .option('--cursor <cursor>', 'go on where a list ended')
    .option('--as-of <moment>', AS_OF)
    .action(run(executions.listExecutions));
  program
    .command('get <id>')
    .description('one execution')
    .option('--as-of <moment>', AS_OF)
    .action(run(executions.getExecution));
  program
    .command('steps <id>')
    .description('states visited, in order')
    .option('--as-of <moment>', AS_OF)
    .action(run(executions.listSteps));
  program
    .command('watch <id>')
    .description('live progress until the end')
    .option('--after <event>', 'go on after this event id')
    .action(run(executions.watchExecution));
  program
    .command('history <id>')
    .description('every event so far')
    .option('--aws', "as AWS's GetExecutionHistory shows it")
    .action(run(executions.showHistory));
  program
    .command('logs <id>')
    .description('log lines of workers and services')
    .option('--level <level>')
    .option('--domain <domain>')
    .action(run(logs.showLogs));
};

const taskCommands = (program: Command, run: Run): void => {
  const task = program.command('task').description('report on a task by its token');
  task
    .command('succeed <token>')
    .description('end it with its output')
    .option('--output <json>', 'JSON, @file, or @- for standard input', '{}')
    .action(run(tasks.succeed));
  task
    .command('fail <token>')
    .description('end it with an error')
    .option('--error <name>')
    .option('--cause <text>')
    .action(run(tasks.fail));
  task.command('heartbeat <token>').description('say that it is being worked on').action(run(tasks.heartbeat));
  const activity = program.command('activity').description('tasks of activities');
  activity
    .command('poll <name>')
    .description('take the next task; exit 1 when none came in time')
    .option('--wait <seconds>', 'how long to wait, at most 60', wholeNumber)
    .option('--worker <name>', 'who takes it, for the record')
    .action(run(tasks.pollActivity));
};

const lockCommands = (program: Command, run: Run): void => {
  program
    .command('targets')
    .description('whom a step worker calls: circuits, calls under way, retries left; exit 1 where one fails')
    .action(run(listTargets));
  const lock = program.command('locks').description('the locks of assets: who holds them, who waits');
  lock
    .command('list')
    .description('locks by asset')
    .option('--status <status>', 'free, held or releasing')
    .option('--execution <id>', 'those that it holds or waits for, with its place')
    .option('--limit <n>', 'how many', wholeNumber)
    .option('--cursor <cursor>', 'go on where a list ended')
    .action(run(locks.listLocks));
  lock.command('show <asset>').description('one, with its queue').action(run(locks.showLock));
  lock
    .command('release <asset>')
    .description('take it from its holder, whose attempt fails; again: without waiting for the answer')
    .option('--token <n>', 'only from the holder with this fencing token', wholeNumber)
    .option('--reason <text>')
    .action(run(locks.releaseLock));
};

const scheduleCommands = (program: Command, run: Run): void => {
  const schedule = program.command('schedule').description('workflows that start by cron or interval');
  schedule
    .command('put <id>')
    .description('create or replace')
    .requiredOption('--workflow <name>')
    .option('--workflow-version <n>', 'always this version; the latest without it', wholeNumber)
    .option('--cron <expression>', 'five fields, or six with seconds before them')
    .option('--time-zone <name>', 'of the cron expression, such as Europe/Berlin; UTC without it')
    .option('--every <time>', 'a fixed interval: 90s, 15m, 2h, 1d')
    .option('--from <instant>', 'what the interval is counted from; now without it')
    .option('--input <json>', 'JSON, @file, or @- for standard input')
    .option('--label <name=value>', 'label of what it starts; may be given again', collected)
    .option('--overlap <policy>', 'while the last execution runs: skip, allow, cancel_previous or queue_one')
    .option('--catch-up <seconds>', 'start instants that come this late', wholeNumber)
    .option('--description <text>')
    .action(run(schedules.putSchedule));
  schedule
    .command('ls')
    .description('schedules by id')
    .option('--status <status>', 'active or paused')
    .option('--workflow <name>')
    .option('--limit <n>', 'how many', wholeNumber)
    .option('--cursor <cursor>', 'go on where a list ended')
    .action(run(schedules.listSchedules));
  schedule
    .command('get <id>')
    .description('one, with its next instants and last runs')
    .action(run(schedules.getSchedule));
  schedule
    .command('pause <id>')
    .description('nothing comes due until it is resumed')
    .option('--reason <text>')
    .action(run(schedules.pauseSchedule));
  schedule
    .command('resume <id>')
    .description('go on with the next instant')
    .option('--reason <text>')
    .action(run(schedules.resumeSchedule));
  schedule
    .command('trigger <id>')
    .description('start an execution now')
    .option('--reason <text>')
    .action(run(schedules.triggerSchedule));
  schedule.command('rm <id>').description('delete it; what it started goes on').action(run(schedules.removeSchedule));
};

const deadLetterCommands = (program: Command, run: Run): void => {
  const letters = program.command('dead-letters').description('messages that the engine gave up on');
  letters
    .command('ls')
    .description('open ones, oldest first')
    .option('--stream <name>', 'only of this stream, such as TL_COMMANDS')
    .option('--settled', 'what was done about others instead, newest first')
    .option('--limit <n>', 'how many', wholeNumber)
    .option('--cursor <cursor>', 'go on where a list ended')
    .action(run(deadLetters.listDeadLetters));
  letters.command('get <id>').description('one, with headers and payload').action(run(deadLetters.getDeadLetter));
  letters
    .command('requeue [id]')
    .description('send the message to where it came from; exit 1 when some cannot be')
    .option('--reason <text>', 'for the record')
    .option('--all', 'every open one instead')
    .option('--stream <name>', 'with --all: only of this stream')
    .action(run(deadLetters.requeueDeadLetter));
  letters
    .command('discard [id]')
    .description('take the letter away')
    .option('--reason <text>', 'for the record')
    .option('--all', 'every open one instead')
    .option('--stream <name>', 'with --all: only of this stream')
    .action(run(deadLetters.discardDeadLetter));
};

const proofCommands = (program: Command, run: Run): void => {
  program
    .command('lineage <id>')
    .description('ancestors, descendants and siblings')
    .option('--depth <n>', 'levels down', wholeNumber)
    .action(run(proofs.showLineage));
  program
    .command('chain <correlation>')
    .description('the executions of a correlation id, with their root')
    .action(run(proofs.showChain));
  const audit = program.command('audit').description('the tamper-evident ledger');
  audit.command('verify').description('walk the hash chain; exit 1 when it is broken').action(run(proofs.verifyAudit));
  audit
    .command('show <id>')
    .description('ledger rows of an execution')
    .option('--as-of <moment>', AS_OF)
    .action(run(proofs.showAudit));
};

const operatorCommands = (program: Command, run: Run): void => {
  program
    .command('doctor')
    .description('check a running system end to end and say what is wrong and what to do')
    .option('--run', 'also run a tiny workflow through replay and audit')
    .action(run(doctor.diagnose));
  program
    .command('rebuild <service>')
    .description("rebuild a service's read model from the log, then swap")
    .option('--batch-size <n>', 'log records in one transaction', wholeNumber)
    .action(run(readModels.rebuildReadModel));
  program
    .command('digest <service>')
    .description("hashes of every table and column of a service's read model")
    .action(run(readModels.digestReadModel));
  program
    .command('drift [service]')
    .description('fold the log again and name every row that says something else; exit 1 where one does')
    .option('--seconds <n>', 'longest time for each service', wholeNumber)
    .option('--commits <n>', 'fold at most so many commits', wholeNumber)
    .option('--cursor <cursor>', 'go on where a check of the service ended')
    .action(run(checkDrift));
};

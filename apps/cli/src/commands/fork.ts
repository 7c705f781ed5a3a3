import { type ForkRequest, type ForkView, forkRequestSchema, jsonPatchSchema } from '@throughline/contracts';
import type { Command } from 'commander';
import { z } from 'zod';
import { fieldLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation, Run } from '../invocation.ts';
import { jsonArgument, textFile } from '../json-argument.ts';
import { plainText } from '../terminal.ts';

export const forkCommand = (program: Command, run: Run, wholeNumber: (text: string) => number): void => {
  program
    .command('fork <id>')
    .description('go on from a commit of an execution; recorded answers serve until the first changed step')
    .requiredOption('--at <n>', 'the commit to go on from', wholeNumber)
    .option('--patch <json>', 'RFC 6902, into the payload there; @file or @- for standard input')
    .option('--frame <frame>', 'with --patch: whose payload, where several branches run')
    .option('--workflow-version <n>', 'another version of the workflow', wholeNumber)
    .option('--definition <file>', 'another definition, JSON or YAML, registered as a version')
    .option('--live', 'run steps from the first one that the record does not answer; otherwise wait for a review there')
    .option('--id <id>', 'the execution id of the fork')
    .action(run(forkExecution));
};

interface ForkOptions {
  readonly at: number;
  readonly patch?: string;
  readonly frame?: string;
  readonly workflowVersion?: number;
  readonly definition?: string;
  readonly live?: boolean;
  readonly id?: string;
}

export const forkExecution = async (
  { client, terminal }: Invocation,
  id: string,
  options: ForkOptions,
): Promise<ExitCode> => {
  const fork = await client.fork(id, requestOf(options));
  if (terminal.json) terminal.document(fork);
  else terminal.lines(fieldLines(terminal, shown(fork)));
  return EXIT.ok;
};

const requestOf = ({ at, patch, frame, workflowVersion: version, definition, live, id }: ForkOptions): ForkRequest => {
  const parsed = forkRequestSchema.safeParse({
    at,
    ...(patch === undefined ? {} : { patch: patchOf(patch) }),
    ...(frame === undefined ? {} : { frame }),
    ...(version === undefined ? {} : { version }),
    ...(definition === undefined ? {} : { definition: textFile(definition) }),
    ...(live === undefined ? {} : { live }),
    ...(id === undefined ? {} : { executionId: id }),
  });
  if (!parsed.success) throw new UsageError(z.prettifyError(parsed.error));
  return parsed.data;
};

const patchOf = (text: string) => {
  const parsed = jsonPatchSchema.safeParse(jsonArgument(text));
  if (!parsed.success) throw new UsageError(`--patch is no JSON Patch (RFC 6902): ${z.prettifyError(parsed.error)}`);
  return parsed.data;
};

const shown = ({ executionId, origin, workflow, live }: ForkView): readonly [string, string][] => [
  ['fork', executionId],
  ['of', `${origin.executionId} after commit ${origin.at}`],
  ['workflow', `${plainText(workflow.name)} version ${workflow.version}`],
  ['steps', live ? 'are run from the first that the record does not answer' : 'wait for a review there'],
];

import type { Json, StartExecution } from '@throughline/contracts';
import { canonicalHash } from './hashes.ts';

/**
 * What a start says beside workflow, version and input that makes it another one. Not: who asks and why (lineage, trigger,
 * correlation, run), which may differ between the sends of one start; and not what the engine adds.
 */
export type StartContent = Omit<
  StartExecution,
  | 'workflow'
  | 'version'
  | 'input'
  | 'trigger'
  | 'parentExecutionId'
  | 'rootExecutionId'
  | 'correlationId'
  | 'runId'
  | 'idempotencyKey'
  | 'generation'
  | 'parentAttempt'
  | 'policy'
  | 'preflight'
  | 'preflightResult'
  | 'schedule'
  | 'requestedBy'
  | 'heldAssets'
  | 'origin'
>;

export const contentOf = ({
  workflow: _workflow,
  version: _version,
  input: _input,
  trigger: _trigger,
  parentExecutionId: _parent,
  rootExecutionId: _root,
  correlationId: _correlation,
  runId: _run,
  idempotencyKey: _key,
  generation: _generation,
  parentAttempt: _attempt,
  policy: _policy,
  preflight: _preflight,
  preflightResult: _result,
  schedule: _schedule,
  requestedBy: _requestedBy,
  heldAssets: _heldAssets,
  origin: _origin,
  ...content
}: StartExecution): StartContent => content;

/** What an execution remembers of its start. */
interface Started {
  readonly workflow: { readonly name: string };
  readonly input: Json;
  readonly bodyHash: string;
  readonly asked: StartContent;
}

/** In which of its parts a start differs from the one that was accepted under the same id; none: it is the same start. */
export const differencesFrom = (start: Started, body: StartExecution, bodyHash: string): readonly string[] => [
  ...(start.bodyHash === bodyHash ? [] : differenceOfBodies(start, body)),
  ...differentKeys(start.asked, contentOf(body)),
];

const differenceOfBodies = (start: Started, body: StartExecution): readonly string[] => {
  const differs = [
    ...(start.workflow.name === body.workflow ? [] : ['workflow']),
    ...(canonicalHash(start.input) === canonicalHash(body.input) ? [] : ['input']),
  ];
  // What is left of the hash: which version was asked for, if any, and the record of a fork.
  return differs.length > 0 ? differs : [body.origin ? 'origin' : 'version'];
};

const differentKeys = (before: StartContent, after: StartContent): readonly string[] => {
  // Both were parsed from JSON text by one schema.
  const [a, b] = [before, after] as unknown as Record<string, Json | undefined>[];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].sort().filter((key) => canonicalHash(a?.[key] ?? {}) !== canonicalHash(b?.[key] ?? {}));
};

import { hasState, parseInstant } from '@throughline/asl';
import { GENERATIONS_MAX, type Json, type RecordOrigin, problemOfTargets } from '@throughline/contracts';
import { classifiedBy } from '../classification/classification.ts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { executionIdOf, type ExecutionState, type StartFacts } from '../execution-state.ts';
import { ROOT_FRAME } from '../frames.ts';
import { canonicalHash } from '../hashes.ts';
import { preflightRefusal, requiresPreflight } from '../preflight/judge-preflight.ts';
import { jsonBytes } from '../json-size.ts';
import { misfitOfFrames } from '../misfit-of-frames.ts';
import { begin } from './begin.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';
import { differencesFrom } from '../start-content.ts';

type StartRecord = Extract<ExecutionCommandRecord, { type: 'StartExecution' }>;

/** What makes two starts the same: which machine was asked for, its input, and the record that it is made of. */
const bodyHashOf = ({ workflow, version, input, origin }: StartRecord['body']): string =>
  canonicalHash({
    workflow,
    version: version ?? null,
    input,
    ...(origin && { origin: originHash(origin) }),
  } satisfies Json);

// Parsed from JSON text: a field that is undefined is not there.
const originHash = (origin: RecordOrigin): string => canonicalHash(origin as unknown as Json);

/** A child is known by the attempt that asked for it: a task token in its input may be signed anew each time it is sent. */
const differences = (start: StartFacts, body: StartRecord['body'], bodyHash: string): readonly string[] => {
  const { parentAttempt, parentExecutionId } = body;
  if (!parentAttempt) return differencesFrom(start, body, bodyHash);
  const same = start.parentAttempt?.token === parentAttempt.token && start.parentExecutionId === parentExecutionId;
  return same ? [] : ['parentAttempt'];
};

export const startExecution = (state: ExecutionState, command: StartRecord, env: Env): ExecutionDecision => {
  const { body } = command;
  const inputMax = env.limits.stateDataBytesMax;
  if (env.bodyBytes > inputMax && jsonBytes(body.input) > inputMax) {
    return refused('TL0005', `States.DataLimitExceeded: the input is larger than ${inputMax} bytes`);
  }
  const bodyHash = bodyHashOf(body);
  if (state.start) {
    const differs = differences(state.start, body, bodyHash);
    if (differs.length === 0) return { kind: 'duplicate', version: 1 };
    const message = `execution ${state.ref.aggregateId} was started with another ${differs.join(', another ')}`;
    return refused('TL0104', message, { differs });
  }
  if (!env.machine) {
    return body.version === undefined
      ? refused('TL0101', `there is no workflow '${body.workflow}'`)
      : refused('TL0102', `there is no version ${body.version} of a workflow '${body.workflow}'`);
  }
  const { name, version, hash, machine } = env.machine;
  const executionId = executionIdOf(state.ref);
  if (body.parentExecutionId === executionId || (body.parentExecutionId && body.rootExecutionId === executionId)) {
    return refused('TL0114', `${executionId} is named as an ancestor of itself`);
  }
  if ((body.generation ?? 0) > GENERATIONS_MAX) {
    const root = body.rootExecutionId ?? executionId;
    return refused(
      'TL0113',
      `this would be generation ${body.generation} below ${root}: ${GENERATIONS_MAX} are allowed`,
    );
  }
  const badTarget = body.delivery && problemOfTargets(body.delivery.targets);
  if (badTarget !== undefined) return refused('TL0180', badTarget);
  if (body.until !== undefined && !hasState(machine, body.until)) {
    return refused('TL0128', `'${name}' version ${version} has no state '${body.until}'`);
  }
  const { origin } = body;
  const inOrder = requiresPreflight(machine, body);
  const notInOrder = inOrder ? preflightRefusal(name, body.preflightResult) : undefined;
  if (notInOrder) return { kind: 'refused', refusal: notInOrder };
  const rootExecutionId = body.rootExecutionId ?? executionId;
  const run = new Run(state, command, env);
  run.emit({
    type: 'ExecutionStarted',
    workflow: { name, version, hash, states: machine.stateCount },
    rootExecutionId,
    // Both brands are one subject token: a lineage that names no correlation id is known by its root.
    correlationId: body.correlationId ?? (rootExecutionId as unknown as ExecutionState['correlationId']),
    bodyHash,
    ...(machine.extension?.errorRules && { errorRules: [...machine.extension.errorRules] }),
  });
  if (origin) {
    run.emit({ type: 'OriginAdopted', origin: origin.executionId, at: origin.at });
    const misfit = misfitOfFrames(machine, run.state.frames);
    if (misfit !== undefined)
      return refused('TL0417', `'${name}' version ${version} cannot go on from there: ${misfit}`);
  }
  if (inOrder) run.emit({ type: 'PreflightPassed' });
  const classified = classifiedBy(machine, body);
  if (classified) run.emit(classified);
  const timeoutMs = machine.timeoutMs ?? classified?.policy.executionMs;
  // Its time begins when it does.
  const beginMs = Math.max(run.nowMs(), body.notBefore === undefined ? 0 : (parseInstant(body.notBefore) ?? 0));
  if (timeoutMs !== undefined) run.arm('execution-timeout', ROOT_FRAME, beginMs + timeoutMs);
  if (run.state.hold === 'queued') run.arm('start', ROOT_FRAME, beginMs);
  else begin(run);
  return run.accepted();
};

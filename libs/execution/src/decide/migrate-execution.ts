import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';
import { misfitOfFrames } from '../misfit-of-frames.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type MigrateRecord = Extract<ExecutionCommandRecord, { type: 'MigrateExecution' }>;

/**
 * From here on another version of the workflow decides; `env.machine` is that version. Who sends this has decided the history
 * up to `checkedVersion` again with it and found nothing different: decide itself has no history, so it only sees to it
 * that nothing was added since, and that whatever runs has a place there.
 */
export const migrateExecution = (state: ExecutionState, command: MigrateRecord, env: Env): ExecutionDecision => {
  const { version, checkedVersion } = command.body;
  const { start, ref } = state;
  if (!start) throw new Error(`${ref.aggregateId} runs without a start`);
  if (env.machine?.version !== version) {
    return refused('TL0102', `there is no version ${version} of a workflow '${start.workflow.name}'`);
  }
  if (start.workflow.version === version) {
    return refused('TL0423', `execution ${ref.aggregateId} runs on version ${version} already`);
  }
  // What came before in the same round was not checked either.
  if (state.version !== checkedVersion || state.roundEvents > 0) {
    const message = `execution ${ref.aggregateId} was checked at commit ${checkedVersion} and has gone on to ${state.version}`;
    return refused('TL0421', message, { checkedVersion, version: state.version });
  }
  const { name, hash, machine } = env.machine;
  const misfit = misfitOfFrames(machine, state.frames);
  if (misfit !== undefined) {
    return refused('TL0422', `version ${version} has no place for what runs in ${ref.aggregateId}: ${misfit}`);
  }
  const run = new Run(state, command, env);
  run.emit({
    type: 'ExecutionMigrated',
    workflow: { name, version, hash, states: machine.stateCount },
    ...(machine.extension?.errorRules && { errorRules: [...machine.extension.errorRules] }),
  });
  return run.accepted();
};

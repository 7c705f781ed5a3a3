import type { Machine } from '@throughline/asl';
import type { Json } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { canonicalHash, type ResolvedMachine, workflowRef } from '@throughline/execution';
import { ANSWER_MS, type Caller, refuse, refuseWith, sendCommand } from '@throughline/service-host';
import { candidateOf } from './candidate-definition.ts';
import { registeredWorkflow } from './registered-workflow.ts';

export interface Candidate {
  readonly name: string;
  readonly definition: Json;
  /** Throws a refusal: nothing is registered then. */
  readonly check: (machine: Machine) => void;
}

/** The version that a definition is, registered by the caller where it is none yet. */
export const registerCandidate = async (
  { log, sender }: { readonly log: EventLog; readonly sender: CommandSender },
  caller: Caller,
  { name, definition: given, check }: Candidate,
): Promise<ResolvedMachine> => {
  const { definition, machine } = candidateOf(given);
  check(machine);
  const hash = canonicalHash(definition);
  const versionNow = async (): Promise<number | undefined> => {
    const { versions } = await registeredWorkflow(log, caller.tenant, name);
    return versions.find((one) => one.hash === hash)?.version;
  };
  let version = await versionNow();
  if (version === undefined) {
    await register(sender, caller, name, definition);
    version = await versionNow();
  }
  if (version === undefined) return refuse('TL0007', `the version of ${name} that was registered is not there`);
  return { name, version, hash, machine };
};

const register = async (sender: CommandSender, caller: Caller, name: string, definition: Json): Promise<void> => {
  if (!caller.permissions.includes('workflows:write')) {
    return refuse('TL0003', 'registering a definition needs the permission workflows:write');
  }
  const answer = await sendCommand(sender, {
    origin: 'client',
    ref: workflowRef(caller.tenant, name),
    actor: caller.actor,
    command: { type: 'RegisterWorkflow', body: { name, definition } },
  });
  if (answer.outcome === 'refused') return refuseWith(answer.refusal);
  if (answer.outcome === 'unknown') return refuse('TL0009', `no answer within ${ANSWER_MS / 1_000} s: try again`);
};

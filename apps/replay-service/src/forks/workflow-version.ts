import { randomUUID } from 'node:crypto';
import { type Machine, parseMachine, readDefinitionText } from '@throughline/asl';
import { commandIdSchema, type Json, type Tenant } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { CommandSender } from '@throughline/event-log/jetstream';
import {
  canonicalHash,
  type ResolvedMachine,
  workflowRef,
  type WorkflowState,
  workflowVersionOf,
} from '@throughline/execution';
import { fold } from '@throughline/history';
import { type Caller, refuse, refuseWith } from '@throughline/service-host';

const ANSWER_MS = 10_000;
const RESEND_MS = 2_500;

/** A registered version, read from the log. */
export const versionOf = async (
  log: EventLog,
  tenant: Tenant,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<ResolvedMachine> => {
  const registered = workflowVersionOf(await workflowOf(log, tenant, name), version);
  if (!registered) return refuse('TL0102', `workflow ${name} has no version ${version}`);
  const parsed = parseMachine(registered.definition);
  if (!parsed.ok) throw new Error(`version ${version} of ${name} is on the log, and not valid`);
  return { name, version, hash: registered.hash, machine: parsed.machine };
};

/** The version that a definition is, registered by the caller where it is none yet. */
export const registeredVersion = async (
  { log, sender }: { readonly log: EventLog; readonly sender: CommandSender },
  caller: Caller,
  {
    name,
    definition: given,
    check,
  }: { readonly name: string; readonly definition: Json; readonly check: (machine: Machine) => void },
): Promise<ResolvedMachine> => {
  const { definition, machine } = readCandidate(given);
  check(machine);
  const hash = canonicalHash(definition);
  const known = await versionWith(log, caller.tenant, name, hash);
  if (known === undefined) await register(sender, caller, name, definition);
  const version = known ?? (await versionWith(log, caller.tenant, name, hash));
  return version === undefined
    ? refuse('TL0007', `the version of ${name} that was registered is not there`)
    : { name, version, hash, machine };
};

const readCandidate = (given: Json): { readonly definition: Json; readonly machine: Machine } => {
  // A string is the text of a definition.
  const read = typeof given === 'string' ? readDefinitionText(given) : ({ ok: true, definition: given } as const);
  const parsed = read.ok ? parseMachine(read.definition) : read;
  if (read.ok && parsed.ok) return { definition: read.definition, machine: parsed.machine };
  const faults = parsed.ok ? [] : [...parsed.faults];
  return refuse('TL0103', `the definition has ${faults.length} fault(s)`, { faults });
};

const workflowOf = async (log: EventLog, tenant: Tenant, name: string): Promise<WorkflowState> => {
  const read = await log.read(workflowRef(tenant, name));
  if (read.kind === 'unreadable') return refuse(read.code, read.problem);
  const state = fold<WorkflowState>(read.commits);
  return state?.name === name ? state : refuse('TL0101', `no workflow ${name}: register it first`);
};

const versionWith = async (log: EventLog, tenant: Tenant, name: string, hash: string): Promise<number | undefined> =>
  (await workflowOf(log, tenant, name)).versions.find((one) => one.hash === hash)?.version;

const register = async (sender: CommandSender, caller: Caller, name: string, definition: Json): Promise<void> => {
  if (!caller.permissions.includes('workflows:write')) {
    return refuse('TL0003', 'registering a definition needs the permission workflows:write');
  }
  const answer = await sender.send(
    'client',
    workflowRef(caller.tenant, name),
    {
      v: 1,
      id: commandIdSchema.parse(randomUUID()),
      type: 'RegisterWorkflow',
      actor: caller.actor,
      body: { name, definition },
    },
    { timeoutMs: ANSWER_MS, resendMs: RESEND_MS },
  );
  if (answer.outcome === 'refused') return refuseWith(answer.refusal);
  if (answer.outcome === 'unknown') return refuse('TL0009', `no answer within ${ANSWER_MS / 1_000} s: try again`);
};

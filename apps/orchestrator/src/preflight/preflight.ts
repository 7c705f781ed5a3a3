import type { ApprovalRule } from '@throughline/asl';
import { type PreflightFinding, problemOfTargets, type Queue, type Tenant } from '@throughline/contracts';
import type { Preflight, PreflightSubject } from '@throughline/engine';
import { handlersOn, type NatsConnection } from '@throughline/event-log/jetstream';
import { type ResolvedMachine, tasksOf } from '@throughline/execution';
import { error, inOrder, ok } from './findings.ts';
import { InputSchemas } from './input-schemas.ts';
import { secretExists, type SecretPlaces, variableOf } from './secrets.ts';

/** Looks at what a start would count on. What the caller may do is the HTTP shell's to say: a command carries no roles. */
export class LivePreflight implements Preflight {
  private readonly nc: NatsConnection;
  private readonly places: SecretPlaces;
  private readonly schemas = new InputSchemas();

  constructor(nc: NatsConnection, places: SecretPlaces) {
    this.nc = nc;
    this.places = places;
  }

  async look(subject: PreflightSubject): Promise<readonly PreflightFinding[]> {
    const { tenant, resolved, input } = subject;
    const { machine, name, version } = resolved;
    const found = await Promise.all([this.handlers(resolved), this.secrets(tenant, resolved)]);
    return inOrder([
      ok('definition', `Version ${version} of ${name} is valid, with ${machine.stateCount} state(s).`),
      ...this.schemas.check(machine.extension?.inputSchema, input),
      ...found.flat(),
      ...deliveryOf(subject),
      ...approvalsOf(resolved),
    ]);
  }

  private async handlers({ machine }: ResolvedMachine): Promise<readonly PreflightFinding[]> {
    const needed = new Map<Queue, Map<string, string[]>>();
    for (const { name, resource } of tasksOf(machine)) {
      if (resource.kind !== 'task') continue;
      // Validation lets only subject tokens through.
      const queue = resource.queue as Queue;
      const byHandler = needed.get(queue) ?? new Map<string, string[]>();
      needed.set(queue, byHandler);
      byHandler.set(resource.handler, [...(byHandler.get(resource.handler) ?? []), name]);
    }
    const findings = [...needed].map(async ([queue, byHandler]) => {
      const there = await handlersOn(this.nc, queue);
      return [...byHandler].map(([handler, states]) => handlerFinding(queue, handler, states, there));
    });
    return (await Promise.all(findings)).flat();
  }

  private async secrets(tenant: Tenant, { machine }: ResolvedMachine): Promise<readonly PreflightFinding[]> {
    const named = [machine.extension, ...tasksOf(machine).map(({ extension }) => extension)];
    const secrets = new Set(named.flatMap((extension) => extension?.secrets ?? []));
    return Promise.all(
      [...secrets].map(async (secret) => {
        if (await secretExists(this.places, tenant, secret)) return ok('secrets', `${secret} is there.`);
        const name = secret.replace('secret://', '');
        const what = `${secret} is not there: neither a mounted file ${name} nor the variable ${variableOf(name)}.`;
        return error('secrets', what, 'Mount the secret, or correct its name in the definition.');
      }),
    );
  }
}

const handlerFinding = (
  queue: Queue,
  handler: string,
  states: readonly string[],
  there: ReadonlySet<string> | undefined,
): PreflightFinding => {
  const who = states.map((state) => `'${state}'`).join(', ');
  if (!there) {
    const what = `No worker answers on queue ${queue}, which ${who} needs for ${handler}.`;
    return error('handlers', what, `Start a worker that has the handler tl:task:${queue}:${handler}.`);
  }
  return there.has(handler)
    ? ok('handlers', `A worker with tl:task:${queue}:${handler} is there, for ${who}.`)
    : error(
        'handlers',
        `Workers answer on queue ${queue}, and none has the handler ${handler} that ${who} needs.`,
        `Deploy the handler tl:task:${queue}:${handler}, or correct the Resource.`,
      );
};

const deliveryOf = ({ resolved, delivery }: PreflightSubject): readonly PreflightFinding[] => {
  const asked = delivery ?? resolved.machine.extension?.delivery;
  if (!asked) return [];
  const problem = problemOfTargets(asked.targets);
  return problem === undefined
    ? [ok('delivery', `The result goes to ${asked.targets.length} target(s).`)]
    : [error('delivery', `The result cannot be delivered: ${problem}`, 'Correct the target.')];
};

const approvalsOf = ({ machine }: ResolvedMachine): readonly PreflightFinding[] => {
  const rules: readonly (readonly [string, ApprovalRule | undefined])[] = [
    ['The execution', machine.extension?.approval],
    ...tasksOf(machine).map(({ name, extension }) => [`'${name}'`, extension.approval] as const),
  ];
  return rules.flatMap(([who, rule]) => {
    if (!rule) return [];
    const from =
      [...rule.roles.map((role) => `role ${role}`), ...rule.approvers].join(', ') || 'anybody who may approve';
    const signed = rule.signature === 'required' ? ', each with a signature' : '';
    return [ok('approval', `${who} waits for ${rule.required} approval(s) by ${from}${signed}.`)];
  });
};

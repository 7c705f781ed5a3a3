import { aggregateIdSchema, type CommandId, type Json, tenantSchema } from '@throughline/contracts';
import { storedAt } from '../aggregate-state.ts';
import { workflowDecider } from '../deciders.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decideRound } from '../round.ts';
import { machine, ONE_TASK, task } from '../spec/example-machines.ts';
import { START_AT } from '../spec/given-when-then.ts';
import { workflowIdOf } from './workflow-id.ts';
import { workflowVersionOf } from './workflow-state.ts';

const givenWorkflow = (name = 'orders') => {
  let sent = 0;
  let state = workflowDecider.initial({
    tenant: tenantSchema.parse('default'),
    aggregate: 'workflow',
    aggregateId: aggregateIdSchema.parse(workflowIdOf(name)),
  });
  return {
    state: () => state,
    register: (definition: Json, as = name) => {
      sent += 1;
      const command = {
        id: `c-${sent}` as CommandId,
        type: 'RegisterWorkflow' as const,
        actor: { kind: 'user' as const, id: 'ada' },
        body: { name: as, definition },
      };
      const meta = { commitId: 'commit' as CommandId, limits: DEFAULT_LIMITS, machineOf: () => undefined };
      const round = decideRound(workflowDecider, state, [{ command, at: START_AT }], meta);
      state = storedAt(round.state, sent);
      return { outcome: round.outcomes[0], draft: round.draft };
    },
  };
};

describe('RegisterWorkflow', () => {
  test('counts versions up and keeps every definition', () => {
    const workflow = givenWorkflow();
    workflow.register(ONE_TASK);
    const { draft } = workflow.register({ ...ONE_TASK, Comment: 'second' });
    expect(draft?.events).toMatchObject([{ type: 'WorkflowRegistered', version: 2 }]);
    expect(workflowVersionOf(workflow.state())?.version).toBe(2);
    expect(workflowVersionOf(workflow.state(), 1)?.definition).toEqual(ONE_TASK);
    expect(workflowVersionOf(workflow.state(), 3)).toBeUndefined();
  });

  test('an equal definition, whatever its key order, answers with the version that has it', () => {
    const workflow = givenWorkflow();
    workflow.register(machine({ A: task({ Comment: 'c' }) }));
    workflow.register(ONE_TASK);
    const { States, StartAt } = machine({ A: task({ Comment: 'c' }) });
    const { outcome, draft } = workflow.register({ States: States ?? null, StartAt: StartAt ?? null });
    expect(outcome).toMatchObject({ kind: 'accepted', duplicate: true, version: 1 });
    expect(draft).toBeUndefined();
    expect(workflow.state().versions).toHaveLength(2);
  });

  test('a definition that is not valid is refused with every fault', () => {
    const workflow = givenWorkflow();
    const { outcome } = workflow.register({ StartAt: 'Nowhere', States: { A: { Type: 'Pass', Next: 'Gone' } } });
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'TL0103' } });
    const details = outcome?.kind === 'refused' ? (outcome.refusal.details as { faults: { pointer: string }[] }) : null;
    expect(details?.faults.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/StartAt', '/States/A/Next']),
    );
    expect(workflow.state().version).toBe(0);
  });

  test('faults of a definition with an endless name still fit into one answer', () => {
    const fields = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`field-${i}`, 1]));
    const { outcome } = givenWorkflow().register(
      machine({ ['x'.repeat(400_000)]: { Type: 'Pass', End: true, ...fields } }),
    );
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'TL0103' } });
    expect(JSON.stringify(outcome).length).toBeLessThan(256 * 1024);
  });

  test('a name sent to another workflow is refused: it would take that one its id', () => {
    const workflow = givenWorkflow('orders');
    expect(workflow.register(ONE_TASK, 'payments').outcome).toMatchObject({
      kind: 'refused',
      refusal: { code: 'TL0006' },
    });
    expect(workflow.state().version).toBe(0);
  });

  test('a definition over 1 MiB is refused', () => {
    const { outcome } = givenWorkflow().register({ ...ONE_TASK, Comment: 'x'.repeat(1_100_000) });
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'TL0005' } });
  });

  test('a name that only shares the id of another one is refused', () => {
    const workflow = givenWorkflow('Bestellung für Köln');
    workflow.register(ONE_TASK);
    const { outcome } = workflow.register(ONE_TASK, workflow.state().ref.aggregateId);
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'TL0111' } });
  });

  test('a name that can stand in a subject is its own id, any other gets a hash', () => {
    expect(workflowIdOf('order-fulfilment')).toBe('order-fulfilment');
    expect(workflowIdOf('a.b')).toMatch(/^h-[0-9a-f]{40}$/);
    expect(workflowIdOf('a.b')).not.toBe(workflowIdOf('a b'));
  });
});

import { randomUUID } from 'node:crypto';
import { parseMachine } from '@throughline/asl';
import {
  type AggregateRef,
  type Command,
  commandIdSchema,
  executionRef,
  instantSchema,
  type Json,
  type SentCommand,
  sentCommandSchemas,
  tenantSchema,
} from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import {
  type AnyState,
  canonicalHash,
  decideRound,
  deciderOf,
  DEFAULT_LIMITS,
  type ExecutionState,
  openAttempts,
  type ResolvedMachine,
  storedAt,
  workflowRef,
} from '@throughline/execution';

const TENANT = tenantSchema.parse('default');
const OUTPUT: Json = { ok: true, by: 'bench' };

/** Real decisions on a real log, without queues and workers: a log of any length in little time. */
export class BulkCommits {
  private readonly log: EventLog;
  private machine: ResolvedMachine | undefined;

  constructor(log: EventLog) {
    this.log = log;
  }

  async register(name: string, definition: Json): Promise<void> {
    const parsed = parseMachine(definition);
    if (!parsed.ok) throw new Error(`the definition is not valid: ${JSON.stringify(parsed.faults)}`);
    const ref = workflowRef(TENANT, name);
    await this.tell(ref, deciderOf<AnyState>('workflow').initial(ref), {
      type: 'RegisterWorkflow',
      body: { name, definition },
    });
    this.machine = { name, version: 1, hash: canonicalHash(definition), machine: parsed.machine };
  }

  /** Runs executions to their ends, so many side by side, until as many commits are stored. */
  async write(commits: number, sideBySide: number, onStored: (commits: number) => void): Promise<void> {
    let stored = 0;
    const one = async (): Promise<void> => {
      while (stored < commits) {
        const taken = await this.runOne();
        // Not in one expression: it would read the sum before it waits, and add to what was there then.
        stored += taken;
        onStored(stored);
      }
    };
    await Promise.all(Array.from({ length: sideBySide }, one));
  }

  /** Returns how many commits it took. */
  private async runOne(): Promise<number> {
    const { machine } = this;
    if (!machine) throw new Error('register a workflow first');
    const ref = executionRef(TENANT, randomUUID());
    let state = await this.tell(ref, deciderOf<AnyState>('execution').initial(ref), {
      type: 'StartExecution',
      body: { workflow: machine.name, input: { order: ref.aggregateId }, trigger: 'manual' },
    });
    for (;;) {
      // The state is that of an execution, since `ref` names one.
      const [attempt] = openAttempts(state as ExecutionState);
      if (!attempt) return state.version;
      const at = instantSchema.parse(new Date().toISOString());
      const times = { startedAt: at, finishedAt: at, worker: 'bench' };
      const body = { token: attempt.token, output: OUTPUT, outputHash: canonicalHash(OUTPUT), ...times };
      state = await this.tell(ref, state, { type: 'CompleteStep', body });
    }
  }

  private async tell(ref: AggregateRef, state: AnyState, command: Command): Promise<AnyState> {
    const envelope = { v: 1, id: randomUUID(), actor: { kind: 'service', id: 'bench' } };
    const aggregate = ref.aggregate === 'workflow' ? 'workflow' : 'execution';
    const sent: SentCommand = sentCommandSchemas[aggregate].parse({ ...envelope, ...command });
    const round = decideRound(
      deciderOf<AnyState>(aggregate),
      state,
      [{ command: sent, at: instantSchema.parse(new Date().toISOString()) }],
      { commitId: commandIdSchema.parse(randomUUID()), limits: DEFAULT_LIMITS, machineOf: () => this.machine },
    );
    if (!round.draft) throw new Error(`${command.type} was not accepted: ${JSON.stringify(round.outcomes)}`);
    const [outcome] = await this.log.append([round.draft]);
    if (outcome?.kind !== 'appended') throw new Error(`${command.type} was not appended: ${JSON.stringify(outcome)}`);
    return storedAt(round.state, outcome.seq);
  }
}

import { parseMachine } from '@throughline/asl';
import { commandIdSchema, executionRef, type Json, tenantSchema } from '@throughline/contracts';
import { InMemoryEventLog } from '@throughline/event-log';
import {
  canonicalHash,
  decideRound,
  DEFAULT_LIMITS,
  type ExecutionCommandRecord,
  executionDecider,
  type ExecutionState,
  openAttempts,
  type Pending,
  storedAt,
} from '@throughline/execution';
import { instantSchema } from '@throughline/contracts';
import { executionFolds } from './aggregate-folds.ts';
import type { ProjectedRecord } from './projection.ts';

const AT = instantSchema.parse('2026-01-31T12:00:00.000Z');
const DEFINITION: Json = {
  StartAt: 'First',
  States: {
    First: { Type: 'Task', Resource: 'tl:task:default:work', Next: 'Second' },
    Second: { Type: 'Task', Resource: 'tl:task:default:work', Next: 'Third' },
    Third: { Type: 'Task', Resource: 'tl:task:default:work', End: true },
  },
};

const machine = (() => {
  const parsed = parseMachine(DEFINITION);
  if (!parsed.ok) throw new Error('the definition is not valid');
  return { name: 'three', version: 1, hash: canonicalHash(DEFINITION), machine: parsed.machine };
})();

let commandCount = 0;
type Body = Pick<ExecutionCommandRecord, 'type' | 'body'>;

/** One execution of three steps on the log: its records, and the state after each. */
const runThreeSteps = async (log: InMemoryEventLog, id: string) => {
  let state: ExecutionState = executionDecider.initial(executionRef(tenantSchema.parse('default'), id));
  const records: ProjectedRecord[] = [];
  const states: ExecutionState[] = [];
  const decide = async (told: Body): Promise<void> => {
    commandCount += 1;
    const envelope = { id: commandIdSchema.parse(`c-${commandCount}`), actor: { kind: 'system', id: 'spec' } };
    // A spread of a union member loses which member it is.
    const pending = { command: { ...envelope, ...told }, at: AT } as unknown as Pending<ExecutionCommandRecord>;
    const round = decideRound(executionDecider, state, [pending], {
      commitId: commandIdSchema.parse(`commit-${commandCount}`),
      limits: DEFAULT_LIMITS,
      machineOf: () => machine,
    });
    if (!round.draft) throw new Error(`nothing was decided: ${JSON.stringify(round.outcomes)}`);
    const [outcome] = await log.append([round.draft]);
    if (outcome?.kind !== 'appended') throw new Error('not appended');
    const bytes = Buffer.from(JSON.stringify(outcome.commit));
    state = storedAt(round.state, outcome.seq);
    records.push({ commit: outcome.commit, seq: outcome.seq, storedAt: AT, bytes });
    states.push(state);
  };
  await decide({ type: 'StartExecution', body: { workflow: 'three', input: { order: id }, trigger: 'manual' } });
  for (const output of [{ n: 1 }, { n: 2 }, { n: 3 }]) {
    const [open] = openAttempts(state);
    if (!open) throw new Error('no attempt is open');
    const body = { token: open.token, output, outputHash: canonicalHash(output), startedAt: AT, finishedAt: AT };
    await decide({ type: 'CompleteStep', body: { ...body, worker: 'spec' } });
  }
  return { records, states };
};

/** Counts what has to be read from the log. */
class CountingLog extends InMemoryEventLog {
  reads = 0;
  override read(...args: Parameters<InMemoryEventLog['read']>): ReturnType<InMemoryEventLog['read']> {
    this.reads += 1;
    return super.read(...args);
  }
}

const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no ${index}`);
  return found;
};

describe('folded states beside a projection', () => {
  test('records in log order are folded without a read', async () => {
    const log = new CountingLog();
    const { records, states } = await runThreeSteps(log, 'e1');
    const folds = executionFolds(log);
    expect((await folds.before(at(records, 0))).version).toBe(0);
    expect(await folds.before(at(records, 1))).toEqual(at(states, 0));
    expect(await folds.before(at(records, 2))).toEqual(at(states, 1));
    expect(await folds.before(at(records, 3))).toEqual(at(states, 2));
    expect(log.reads).toBe(0);
  });

  test('a projection that starts midway folds what came before from the log', async () => {
    const log = new CountingLog();
    const { records, states } = await runThreeSteps(log, 'e2');
    expect(await executionFolds(log).before(at(records, 3))).toEqual(at(states, 2));
    expect(log.reads).toBe(1);
  });

  test('a batch that is applied again finds the same states as before', async () => {
    const log = new CountingLog();
    const { records, states } = await runThreeSteps(log, 'e3');
    const folds = executionFolds(log);
    for (const record of records) await folds.before(record);
    expect(await folds.before(at(records, 1))).toEqual(at(states, 0));
    expect(await folds.before(at(records, 2))).toEqual(at(states, 1));
  });

  test('a batch that could not be written is folded again without a read, also where its executions have ended', async () => {
    const log = new CountingLog();
    const { records, states } = await runThreeSteps(log, 'e8');
    const folds = executionFolds(log);
    const through = async (batch: readonly ProjectedRecord[]): Promise<void> => {
      await folds.warm(batch);
      for (const record of batch) {
        const version = record.commit.version;
        if (version > 1) expect(await folds.before(record)).toEqual(at(states, version - 2));
        folds.keepAfter(record, at(states, version - 1));
      }
    };
    await through(records.slice(0, 2));
    await through(records.slice(2));
    await through(records.slice(2));
    expect(log.reads).toBe(0);
  });

  test('what the tables hold already is followed without rows, and costs no read after it', async () => {
    const log = new CountingLog();
    const { records, states } = await runThreeSteps(log, 'e9');
    const folds = executionFolds(log);
    folds.follow(records.slice(0, 2));
    expect(await folds.before(at(records, 2))).toEqual(at(states, 1));
    expect(log.reads).toBe(0);
    // Its beginning is further back than what was followed.
    const other = executionFolds(log);
    other.follow(records.slice(1, 2));
    expect(await other.before(at(records, 2))).toEqual(at(states, 1));
    expect(log.reads).toBe(1);
  });

  test('states pushed out by others are folded again', async () => {
    const log = new CountingLog();
    const one = await runThreeSteps(log, 'e4');
    const other = await runThreeSteps(log, 'e5');
    const folds = executionFolds(log, 1);
    await folds.before(at(one.records, 0));
    await folds.before(at(other.records, 0));
    expect(await folds.before(at(one.records, 1))).toEqual(at(one.states, 0));
    expect(log.reads).toBe(1);
  });

  test('what a whole batch needs is read once, and going through it then costs no read', async () => {
    const log = new CountingLog();
    const runs = await Promise.all(Array.from({ length: 20 }, (_, n) => runThreeSteps(log, `w${n}`)));
    const batch = runs.flatMap(({ records }) => records.slice(2)).sort((a, b) => a.seq - b.seq);
    const folds = executionFolds(log);
    await folds.warm(batch);
    expect(log.reads).toBe(20);
    for (const { records, states } of runs) {
      expect(await folds.before(at(records, 2))).toEqual(at(states, 1));
      expect(await folds.before(at(records, 3))).toEqual(at(states, 2));
    }
    expect(log.reads).toBe(20);
  });

  test('a log that does not answer ends the reading of the batch', async () => {
    class Silent extends InMemoryEventLog {
      reads = 0;
      override read(): ReturnType<InMemoryEventLog['read']> {
        this.reads += 1;
        return Promise.reject(new Error('timeout'));
      }
    }
    const runs = await Promise.all(
      Array.from({ length: 30 }, (_, n) => runThreeSteps(new InMemoryEventLog(), `s${n}`)),
    );
    const log = new Silent();
    const batch = runs.flatMap(({ records }) => records.slice(2));
    await expect(executionFolds(log).warm(batch)).rejects.toThrow('timeout');
    expect(log.reads).toBeLessThan(10);
  });

  test('a state that the caller folded itself is taken over', async () => {
    const log = new CountingLog();
    const { records, states } = await runThreeSteps(log, 'e6');
    const folds = executionFolds(log);
    await folds.before(at(records, 0));
    folds.keepAfter(at(records, 0), at(states, 0));
    expect(await folds.before(at(records, 1))).toBe(at(states, 0));
  });

  test('a hole in the log is an error, not a wrong state', async () => {
    const { records } = await runThreeSteps(new InMemoryEventLog(), 'e7');
    const folds = executionFolds(new InMemoryEventLog());
    await expect(folds.before(at(records, 2))).rejects.toThrow('e7 is at version 0 on the log where 2 was expected');
  });
});

import {
  type ErrorBody,
  executionRef,
  type Json,
  parseRecentExecutionsSubject,
  type RecentExecutionsAnswer,
  recentExecutionsRequestSchema,
  SUBJECT_FILTERS,
  type WhatIfReport,
} from '@throughline/contracts';
import { connectNats, ensureStreams, JetStreamEventLog, type NatsConnection } from '@throughline/event-log/jetstream';
import { LogAuthor, useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import { AppModule } from '../app.module.ts';

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['replay-service'] });

interface Rules {
  readonly reviewAbove?: number;
  readonly caught?: readonly string[];
  readonly freight?: string;
}

/** Orders: some are reviewed, some cannot be charged and are put on the tab, all are shipped. */
const orders = ({ reviewAbove = 500, caught = ['Declined', 'Expired'], freight = '5' }: Rules = {}): Json => ({
  QueryLanguage: 'JSONata',
  StartAt: 'Large',
  States: {
    Large: {
      Type: 'Choice',
      Choices: [{ Condition: `{% $states.input.total > ${reviewAbove} %}`, Next: 'Review' }],
      Default: 'Charge',
    },
    Review: {
      Type: 'Task',
      Resource: 'tl:task:people:review',
      Output: '{% $merge([$states.input, {"reviewed": $states.result.by}]) %}',
      Next: 'Charge',
    },
    Charge: {
      Type: 'Task',
      Resource: 'tl:task:default:charge',
      Arguments: { amount: '{% $states.input.total %}' },
      Output: '{% $merge([$states.input, {"receipt": $states.result.receipt}]) %}',
      Catch: [{ ErrorEquals: [...caught], Output: '{% $merge([$states.input, {"receipt": "tab"}]) %}', Next: 'Ship' }],
      Next: 'Ship',
    },
    Ship: {
      Type: 'Task',
      Resource: 'tl:task:default:ship',
      Arguments: { receipt: '{% $states.input.receipt %}' },
      Output: `{% {"parcel": $states.result.parcel, "freight": $states.input.abroad ? ${freight} : 0} %}`,
      End: true,
    },
  },
});

const COUNT = 200;
/** One of each kind that the candidate below decides otherwise. */
const PLANTED = { total: 'order-41', declined: 'order-97', abroad: 'order-163' };
const CANDIDATE = orders({ reviewAbove: 400, caught: ['Declined'], freight: '7' });

const inputOf = (id: string, i: number): { total: number; abroad: boolean } => ({
  // 450 would be reviewed by the candidate; all others are below 400 or above 500.
  total: id === PLANTED.total ? 450 : i % 7 === 0 ? 600 + i : 100 + i,
  abroad: id === PLANTED.abroad,
});

const chargeAnswer = (id: string, i: number): { error: string } | { output: Json } => {
  if (id === PLANTED.declined) return { error: 'Expired' };
  return i % 10 === 3 ? { error: 'Declined' } : { output: { receipt: `r-${i}` } };
};

/** Plays one order to its end, as people and workers answered. */
const play = async (author: LogAuthor, id: string, i: number): Promise<void> => {
  const input = inputOf(id, i);
  await author.start('orders', id, { input });
  if (input.total > 500) await author.complete(id, { by: 'ada' });
  const charge = chargeAnswer(id, i);
  if ('output' in charge) await author.complete(id, charge.output);
  else await author.fail(id, charge.error);
  // The last few are still under way.
  if (i <= COUNT - 5 || id === PLANTED.abroad) await author.complete(id, { parcel: i });
};

/** The part of the orchestrator that knows executions by workflow. */
const answerRecentExecutions = (nc: NatsConnection, executions: readonly string[]): void => {
  nc.subscribe(SUBJECT_FILTERS.recentExecutions, {
    callback: (_error, message) => {
      const { last } = recentExecutionsRequestSchema.parse(message.json());
      const mine = parseRecentExecutionsSubject(message.subject) === 'default' ? executions : [];
      const found = [...mine].reverse().slice(0, last);
      const answer = { v: 1, outcome: 'found', executions: found } as unknown as RecentExecutionsAnswer; // ids as parsed
      message.respond(JSON.stringify(answer));
    },
  });
};

describe('the what-if gate over a real log', () => {
  let nc: NatsConnection;
  let service: ServiceUnderTest;
  const ids = Array.from({ length: COUNT }, (_, i) => `order-${i + 1}`);

  const whatIf = <T = WhatIfReport>(body: object, more: { name?: string; tenant?: string } = {}) =>
    service.json<T>(`/api/v1/workflows/${more.name ?? 'orders'}/what-if`, {
      method: 'POST',
      body: JSON.stringify(body),
      ...(more.tenant === undefined ? {} : { tenant: more.tenant }),
    });

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    const author = new LogAuthor(new JetStreamEventLog(nc));
    await author.register('orders', orders());
    await Promise.all(ids.map((id, i) => play(author, id, i + 1)));
    answerRecentExecutions(nc, ids);
    service = await startServiceUnderTest('replay-service', servers, { module: AppModule });
  }, 120_000);
  afterAll(async () => {
    await service?.close();
    await nc?.close();
  });

  it('names exactly the three of 200 that would have gone otherwise, and how', async () => {
    const { status, body } = await whatIf({ definition: CANDIDATE, last: COUNT });
    expect(status).toBe(200);
    expect(body).toMatchObject({ workflow: 'orders', executions: COUNT, truncated: false, otherPaths: [] });
    expect(body.counts).toEqual({
      identical: COUNT - 3,
      same_end: 0,
      other_end: 2,
      other_calls: 0,
      unanswered: 1,
      unreadable: 0,
    });
    expect(body.divergent.map(({ executionId }) => executionId)).toEqual([
      PLANTED.abroad,
      PLANTED.declined,
      PLANTED.total,
    ]);
    const [abroad, declined, total] = body.divergent;
    expect(abroad).toMatchObject({
      verdict: 'other_end',
      first: { step: { state: 'Ship' }, pointer: '/output/freight', expected: 5, actual: 7 },
      endPointer: '/output/freight',
    });
    expect(declined).toMatchObject({
      verdict: 'other_end',
      first: { step: { state: 'Charge' } },
      recorded: { status: 'succeeded' },
      candidate: { status: 'failed', error: 'Expired' },
    });
    expect(total).toMatchObject({
      verdict: 'unanswered',
      first: { commit: 1, step: { state: 'Large' }, pointer: '/next', expected: 'Charge', actual: 'Review' },
      missing: [{ state: 'Review', resource: 'tl:task:people:review' }],
    });
  });

  it('finds nothing where nothing is changed, counts what has not ended, and knows the registered version', async () => {
    const { body } = await whatIf({ definition: JSON.stringify(orders()), last: 50 });
    expect(body).toMatchObject({ executions: 50, divergent: [], candidate: { version: 1 } });
    expect(body.open).toBe(5);
    expect(body.counts.identical).toBe(50);
  });

  it('refuses what is no definition with its faults, and unknown workflows and versions', async () => {
    const invalid = await whatIf<ErrorBody>({ definition: { StartAt: 'Nowhere', States: {} } });
    expect(invalid).toMatchObject({ status: 422, body: { code: 'TL0103' } });
    expect((invalid.body.details as { faults: unknown[] }).faults.length).toBeGreaterThan(0);
    const definition = orders();
    expect(await whatIf({ definition }, { name: 'nobody' })).toMatchObject({ status: 404, body: { code: 'TL0101' } });
    expect(await whatIf({ definition, version: 9 })).toMatchObject({ status: 404, body: { code: 'TL0102' } });
    expect(await whatIf({ definition, last: 1_001 })).toMatchObject({ status: 400, body: { code: 'TL0001' } });
    // Another tenant's workflow is an unknown one.
    expect(await whatIf({ definition }, { tenant: 'globex' })).toMatchObject({ status: 404, body: { code: 'TL0101' } });
  });

  it('writes nothing', async () => {
    const log = new JetStreamEventLog(nc);
    const before = await log.room();
    await whatIf({ definition: CANDIDATE, last: 20 });
    expect((await log.room()).bytes).toBe(before.bytes);
    const read = await log.read(executionRef('default' as never, PLANTED.total)); // a tenant as written
    expect(read).toMatchObject({ kind: 'commits' });
  });
});

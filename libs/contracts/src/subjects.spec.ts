import fc from 'fast-check';
import {
  AGGREGATES,
  type AggregateRef,
  aggregateIdSchema,
  ORIGINS,
  type Queue,
  queueSchema,
  SUBJECT_TOKEN,
  type Tenant,
  tenantSchema,
  type TimerId,
  timerIdSchema,
} from './ids.ts';
import {
  commandSubject,
  commandTransform,
  deadSubject,
  dueSubject,
  dueTransform,
  logSubject,
  parseCommandSubject,
  parseDueSubject,
  partitionsIn,
  parseLogSubject,
  taskSubject,
  telemetrySubject,
  tenantOfSubject,
  timerSubject,
} from './subjects.ts';

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const refs: fc.Arbitrary<AggregateRef> = fc.record({
  tenant: token.map((text) => tenantSchema.parse(text)),
  aggregate: fc.constantFrom(...AGGREGATES),
  aggregateId: token.map((text) => aggregateIdSchema.parse(text)),
});
const timers = token.map((text) => timerIdSchema.parse(text));
const origins = fc.constantFrom(...ORIGINS);

/** What could widen a subscription or break the protocol, on its own or inside a token. */
const poison = fc.constantFrom('', '.', '*', '>', ' ', '\t', '\r\n', '\n', '\0', 'é', '$', '/', ':', '{{wildcard(1)}}');
const notTokens = fc
  .oneof(
    fc.tuple(token, poison, token).map(([before, bad, after]) => (bad === '' ? '' : before + bad + after)),
    poison,
    fc.string({ unit: 'binary' }).filter((text) => !SUBJECT_TOKEN.test(text)),
    token.map((text) => text.padEnd(65, 'x')),
    token.map((text) => `${text.slice(0, 63)}\n`),
  )
  .filter((text) => !SUBJECT_TOKEN.test(text));

describe('a subject', () => {
  it('of a log, command or due timer says exactly what it was built from', () => {
    fc.assert(
      fc.property(refs, origins, timers, (ref, origin, timer) => {
        expect(parseLogSubject(logSubject(ref))).toEqual(ref);
        expect(parseCommandSubject(commandSubject(origin, ref))).toEqual({ origin, ref });
        expect(parseDueSubject(dueSubject(ref, timer))).toEqual({ ref, timer });
      }),
    );
  });

  it('has as many tokens as its family, whatever the ids', () => {
    fc.assert(
      fc.property(refs, timers, (ref, timer) => {
        expect(logSubject(ref).split('.')).toHaveLength(5);
        expect(commandSubject('client', ref).split('.')).toHaveLength(6);
        expect(timerSubject(ref, timer).split('.')).toHaveLength(6);
        expect(telemetrySubject(ref.tenant, 'log').split('.')).toHaveLength(4);
      }),
    );
  });

  it('cannot be built from anything but tokens, even by a cast', () => {
    const ref: AggregateRef = {
      tenant: tenantSchema.parse('t'),
      aggregate: 'execution',
      aggregateId: aggregateIdSchema.parse('e'),
    };
    fc.assert(
      fc.property(notTokens, (text) => {
        // Exactly what the types forbid and a wrong cast elsewhere would do.
        const [tenant, id] = [text as Tenant, text as AggregateRef['aggregateId']];
        for (const build of [
          () => logSubject({ ...ref, tenant }),
          () => logSubject({ ...ref, aggregateId: id }),
          () => commandSubject('client', { ...ref, aggregateId: id }),
          () => taskSubject(text as Queue, 'normal', ref.tenant),
          () => timerSubject(ref, text as TimerId),
          () => dueSubject({ ...ref, tenant }, timerIdSchema.parse('x')),
          () => telemetrySubject(tenant, 'log'),
          () => deadSubject(text, ref.tenant),
        ]) {
          expect(build).toThrow('not a subject token');
        }
        expect(tenantSchema.safeParse(text).success).toBe(false);
        expect(queueSchema.safeParse(text).success).toBe(false);
      }),
    );
  });

  it('that is none of ours parses to nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(token, notTokens), { maxLength: 8 }), (tokens) => {
        const subject = tokens.join('.');
        fc.pre(!subject.startsWith('tl.'));
        expect(parseLogSubject(subject)).toBeUndefined();
        expect(parseCommandSubject(subject)).toBeUndefined();
        expect(parseDueSubject(subject)).toBeUndefined();
        expect(tenantOfSubject(subject)).toMatch(SUBJECT_TOKEN);
      }),
    );
    for (const subject of ['tl.log.t.execution', 'tl.log.t.execution.e.x', 'tl.log.*.execution.e', 'tl.log.t.car.e']) {
      expect(parseLogSubject(subject)).toBeUndefined();
    }
    expect(parseCommandSubject('tl.in.root.t.execution.e')).toBeUndefined();
  });
});

it('a command is the same whether its subject is as sent or as stored by the partition transform', () => {
  fc.assert(
    fc.property(refs, origins, fc.nat({ max: 63 }), (ref, origin, partition) => {
      const { src, dest } = commandTransform(64);
      const sent = commandSubject(origin, ref);
      // The server's transform, done by hand: wildcard n of src is token n + 1 of the sent subject.
      const stored = dest
        .replace('{{partition(64,4)}}', String(partition))
        .replaceAll(/\{\{wildcard\((\d)\)\}\}/g, (_, n: string) => sent.split('.')[Number(n) + 1] ?? '');
      expect(sent.split('.')).toHaveLength(src.split('.').length);
      expect(parseCommandSubject(stored)).toEqual({ origin, ref });
      expect(tenantOfSubject(stored)).toBe(ref.tenant);
    }),
  );
});

it('a timer that fires is the same whether its subject is what it was aimed at or as stored by the partition transform', () => {
  fc.assert(
    fc.property(refs, timers, fc.nat({ max: 63 }), (ref, timer, partition) => {
      const { src, dest } = dueTransform(64);
      const aimedAt = dueSubject(ref, timer);
      const stored = dest
        .replace('{{partition(64,3)}}', String(partition))
        .replaceAll(/\{\{wildcard\((\d)\)\}\}/g, (_, n: string) => aimedAt.split('.')[Number(n) + 1] ?? '');
      expect(aimedAt.split('.')).toHaveLength(src.split('.').length);
      expect(parseDueSubject(stored)).toEqual({ ref, timer });
      expect(tenantOfSubject(stored)).toBe(ref.tenant);
    }),
  );
});

it('a transform says how many partitions it deals out to, and no other transform is taken for ours', () => {
  expect([partitionsIn(commandTransform(64)), partitionsIn(dueTransform(8))]).toEqual([64, 8]);
  expect([undefined, { dest: 'a.b' }, commandTransform(0), commandTransform(65)].map(partitionsIn)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

it('a dead letter goes to the tenant that its subject names, and to `unknown` where it names none', () => {
  fc.assert(
    fc.property(refs, timers, (ref, timer) => {
      const queue = queueSchema.parse('q');
      for (const subject of [
        logSubject(ref),
        commandSubject('worker', ref),
        taskSubject(queue, 'normal', ref.tenant),
        timerSubject(ref, timer),
        dueSubject(ref, timer),
        telemetrySubject(ref.tenant, 'log'),
        deadSubject('TL_TASKS', ref.tenant),
      ]) {
        expect(tenantOfSubject(subject)).toBe(ref.tenant);
      }
    }),
  );
  for (const subject of ['', 'tl', 'tl.log', 'tl.log.*.x.y']) expect(tenantOfSubject(subject)).toBe('unknown');
});

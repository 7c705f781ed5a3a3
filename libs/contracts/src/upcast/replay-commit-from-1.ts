import { z } from 'zod';
import type { Upcaster } from './upcaster.ts';

/**
 * Version 1 knew one session per commit: a verdict of one whole execution, recorded when it was there. Version 2 has a
 * request and a result apart, more kinds of both, and the verdict in the event.
 */

/** What version 1 could hold where version 2 differs; the rest is checked by today's schema. Never edited again. */
const commit1Schema = z.looseObject({
  commands: z.array(
    z.looseObject({
      type: z.literal('RecordReplay'),
      events: z.literal(1),
      body: z.strictObject({
        executionId: z.string(),
        mode: z.literal('full'),
        result: z.strictObject({
          verdict: z.enum(['identical', 'divergent']),
          commits: z.number(),
          events: z.number(),
          matchPercent: z.number(),
          firstDivergence: z
            .strictObject({
              commit: z.number(),
              event: z.number().optional(),
              pointer: z.string(),
              expected: z.unknown(),
              actual: z.unknown(),
              reason: z.string(),
            })
            .optional(),
        }),
      }),
    }),
  ),
  events: z.array(z.strictObject({ type: z.literal('ReplayCompleted') })),
});

export const replayCommitFrom1: Upcaster = (stored) => {
  const parsed = commit1Schema.safeParse(stored);
  if (!parsed.success) return { kind: 'malformed', problem: z.prettifyError(parsed.error) };
  // The stored parts and not the parsed ones: theirs is the order of keys. The cast says what the schema has checked.
  const { commands, events } = stored as z.infer<typeof commit1Schema>;
  const json = {
    ...stored,
    commands: commands.map(({ body: { executionId, mode, result }, ...command }) => ({
      ...command,
      body: { request: { scope: 'execution', executionId, kind: 'verify', mode }, result },
    })),
    // Every command had one event.
    events: events.map((event, i) => ({ ...event, verdict: commands[i]?.body.result.verdict })),
  };
  return { kind: 'json', json };
};

import { z } from 'zod';

/** RFC 3339 with an offset and any fraction; whether there is such a day is for the reader to say. */
const TIME = String.raw`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})`;

/** A place in one execution's history: the number of a commit, or a time. */
export const positionSchema = z
  .string()
  .regex(new RegExp(String.raw`^(?:\d{1,9}|${TIME})$`), 'is the number of a commit or an RFC 3339 time (its + as %2B)')
  .meta({ description: 'number of a commit, from 1, or an RFC 3339 time' });

/**
 * A moment of the whole system. At a time: what had been decided by then. At a log sequence: what the log held when it
 * ended there. The two differ only by commands that had come and were not decided yet.
 */
export const asOfSchema = z
  .string()
  .regex(new RegExp(String.raw`^(?:\d{1,15}|${TIME})$`), 'is a log sequence number or an RFC 3339 time (its + as %2B)')
  .meta({ description: 'RFC 3339 time or log sequence number: the answer of then' });

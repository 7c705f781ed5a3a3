import { z } from 'zod';
import { jsonSchema } from './json.ts';

/** RFC 6901. */
export const jsonPointerSchema = z
  .string()
  .max(4_096)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'is a JSON Pointer: empty, or /name/0/…');

const path = jsonPointerSchema;

/** RFC 6902. Members that an operation does not have are left out, as the RFC asks. */
export const jsonPatchSchema = z.array(
  z.discriminatedUnion('op', [
    z.object({ op: z.literal('add'), path, value: jsonSchema }),
    z.object({ op: z.literal('remove'), path }),
    z.object({ op: z.literal('replace'), path, value: jsonSchema }),
    z.object({ op: z.literal('move'), from: path, path }),
    z.object({ op: z.literal('copy'), from: path, path }),
    z.object({ op: z.literal('test'), path, value: jsonSchema }),
  ]),
);
export type JsonPatch = z.infer<typeof jsonPatchSchema>;

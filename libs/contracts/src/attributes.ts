import { z } from 'zod';

/** What an execution is about, as far as whoever starts it, or a person later, says so. Each can be filtered by. */

const text = z.string().min(1).max(256);
const paths = z.array(z.string().min(1).max(512)).max(100);

export const RISK_LEVELS = ['low', 'medium', 'high', 'critical'] as const;

export const attributesSchema = z.strictObject({
  planId: text.optional(),
  changesetId: text.optional(),
  decisionId: text.optional(),
  checksum: text.optional(),
  verdict: text.optional(),
  riskLevel: z.enum(RISK_LEVELS).optional(),
  affectedPaths: paths.optional(),
  artifactPath: z.string().min(1).max(1_024).optional(),
  filesChanged: paths.optional(),
});
export type Attributes = z.infer<typeof attributesSchema>;
export const ATTRIBUTE_NAMES = Object.keys(attributesSchema.shape) as readonly (keyof Attributes)[]; // the keys of its own shape

import { z } from 'zod';

/** Which of the tasks that wait on a queue a worker begins first. From the first to the last. */
export const PRIORITIES = ['high', 'normal', 'low'] as const;
export const prioritySchema = z.enum(PRIORITIES);
export type Priority = z.infer<typeof prioritySchema>;

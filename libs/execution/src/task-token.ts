import type { AggregateRef, AttemptToken } from '@throughline/contracts';

/**
 * What stands on the log where a definition asks for `$$.Task.Token`. It names the attempt and opens nothing: the shell
 * puts the token that a callback is accepted by, which only the holder of its key can make, in its place on the way to
 * the worker. So decide needs no secret, and neither the log nor a read model gives a token away.
 */
export const taskTokenOf = ({ tenant, aggregateId }: AggregateRef, token: AttemptToken): string =>
  `tl-task-token:${tenant}:${aggregateId}:${token}:`;

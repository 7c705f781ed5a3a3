import { approvalRoutes } from './routes/approval.routes.ts';
import { auditRoutes } from './routes/audit.routes.ts';
import { controlRoutes } from './routes/control.routes.ts';
import { deliveryRoutes } from './routes/delivery.routes.ts';
import { dryRunRoutes } from './routes/dry-run.routes.ts';
import { errorRoutes } from './routes/error.routes.ts';
import { deadLetterRoutes } from './routes/dead-letters.routes.ts';
import { executionRoutes } from './routes/execution.routes.ts';
import { forkRoutes } from './routes/fork.routes.ts';
import { lockRoutes } from './routes/locks.routes.ts';
import { readModelRoutesByService } from './routes/read-model.routes.ts';
import { replayRoutes } from './routes/replay.routes.ts';
import { scheduleRoutes } from './routes/schedules.routes.ts';
import { preflightRoutes } from './routes/preflight.routes.ts';
import { settingsRoutes } from './routes/settings.routes.ts';
import { taskRoutes } from './routes/task.routes.ts';
import { timeTravelRoutes } from './routes/time-travel.routes.ts';
import { telemetryRoutes } from './routes/telemetry.routes.ts';
import { whatIfRoutes } from './routes/what-if.routes.ts';
import { workflowRoutes } from './routes/workflow.routes.ts';
import type { Route } from './routes/route.ts';

/**
 * The whole HTTP surface in one table: controllers, front, client, CLI and OpenAPI are made from it, and a route
 * cannot be written down without the permission that it needs.
 */
export const routes = {
  ...workflowRoutes,
  ...executionRoutes,
  ...controlRoutes,
  ...approvalRoutes,
  ...deliveryRoutes,
  ...settingsRoutes,
  ...errorRoutes,
  ...dryRunRoutes,
  ...preflightRoutes,
  ...taskRoutes,
  ...scheduleRoutes,
  ...deadLetterRoutes,
  ...lockRoutes,
  ...replayRoutes,
  ...forkRoutes,
  ...whatIfRoutes,
  ...timeTravelRoutes,
  ...auditRoutes,
  ...telemetryRoutes,
} as const;
export type RouteName = keyof typeof routes;

export const allRoutes: readonly Route[] = [
  ...Object.values(routes),
  ...Object.values(readModelRoutesByService).flatMap((of) => [of.rebuild, of.digest, of.drift]),
];

export { readModelRoutesByService };
export { type Route, type ServiceName, SERVICES } from './routes/route.ts';
export {
  startExecutionRequestSchema,
  type StartExecutionRequest,
  TAG_FILTERS,
  WAIT_MS_MAX,
} from './routes/execution.routes.ts';
export { REPLAY_ANSWER_MS } from './routes/replay.routes.ts';
export { forkRequestSchema, type ForkRequest, type ForkView } from './routes/fork.routes.ts';
export { registerWorkflowRequestSchema, validateWorkflowRequestSchema } from './routes/workflow.routes.ts';

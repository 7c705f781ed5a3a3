import { Controller, Inject, type OnModuleInit } from '@nestjs/common';
import { routes, type TargetKind } from '@throughline/contracts';
import { type Caller, CallerOf, Handle, type ResponseOf, ServiceStatus } from '@throughline/service-host';
import type { StepWorkerConfig } from '../config.ts';
import type { Target } from '../targets/target.ts';
import type { TargetsOfWorker } from '../targets/targets-of-worker.ts';
import { STEP_WORKER_CONFIG, TARGETS } from '../tokens.ts';

type View = ResponseOf<typeof routes.listTargets>['items'][number];

/** Whom this process calls, and how it gets on with them. */
@Controller()
export class TargetsController implements OnModuleInit {
  constructor(
    @Inject(TARGETS) private readonly targets: TargetsOfWorker,
    @Inject(STEP_WORKER_CONFIG) private readonly config: StepWorkerConfig,
    @Inject(ServiceStatus) private readonly status: ServiceStatus,
  ) {}

  onModuleInit(): void {
    for (const [kind, targets] of Object.entries(this.byKind())) {
      const labels = { kind };
      this.status.gauge('circuits_open', 'Targets that fail', () => targets.openCircuits, labels);
      this.status.counterOf('circuit_openings_total', 'Circuits that opened', () => targets.openings, labels);
      this.status.counterOf('calls_held_back_total', 'Calls that were not made', () => targets.notCalled, labels);
    }
  }

  @Handle(routes.listTargets)
  list(@CallerOf() { tenant }: Caller): ResponseOf<typeof routes.listTargets> {
    const { http, webhook } = this.byKind();
    return {
      worker: this.config.worker,
      items: [
        ...http.of(tenant).map((target) => viewOf('http', target)),
        ...webhook.of(tenant).map((target) => viewOf('webhook', target)),
      ],
    };
  }

  private byKind() {
    const { http, webhooks } = this.targets;
    return { http, webhook: webhooks } satisfies Record<TargetKind, unknown>;
  }
}

const viewOf = (kind: TargetKind, target: Target): View => ({
  kind,
  target: target.name.origin,
  circuit: target.circuit,
  // The cast brands what toISOString always gives.
  openUntil: target.circuit === 'closed' ? null : (new Date(target.openUntilMs).toISOString() as View['openUntil']),
  lastFailure: target.lastFailure ? { ...target.lastFailure, cause: target.lastFailure.cause.slice(0, 1_024) } : null,
  openings: target.openings,
  running: target.running,
  waiting: target.waiting,
  heldBack: target.notCalled,
  retriesLeft: target.retriesLeft,
});

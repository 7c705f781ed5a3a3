import { Controller } from '@nestjs/common';
import {
  type DriftReport,
  type ReadModelDigest,
  readModelRoutesByService,
  type RebuildReport,
} from '@throughline/contracts';
import { Handle } from '@throughline/service-host';

const SERVICE = 'telemetry-ingestor';
const routes = readModelRoutesByService[SERVICE];

/** No table here is made from the log: there is nothing to compare, and a rebuild or a drift check has nothing to do. */
const NOTHING_FROM_LOG: ReadModelDigest = { service: SERVICE, seq: 0, tables: {} };

@Controller()
export class ReadModelController {
  @Handle(routes.digest)
  digest(): ReadModelDigest {
    return NOTHING_FROM_LOG;
  }

  @Handle(routes.rebuild)
  rebuild(): RebuildReport {
    return { service: SERVICE, before: NOTHING_FROM_LOG, after: NOTHING_FROM_LOG, tables: {} };
  }

  @Handle(routes.drift)
  drift(): DriftReport {
    const nothing = { commits: 0, tables: {}, drift: [], truncated: false, undecided: 0, nextCursor: null };
    return { service: SERVICE, complete: true, foldedSeq: 0, servingSeq: 0, ...nothing };
  }
}

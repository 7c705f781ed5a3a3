import { Controller } from '@nestjs/common';
import { type ReadModelDigest, readModelRoutesByService } from '@throughline/contracts';
import { Handle } from '@throughline/service-host';

const routes = readModelRoutesByService['telemetry-ingestor'];

/** No table here is made from the log: there is nothing to compare, and a rebuild has nothing to do. */
const NOTHING_FROM_LOG: ReadModelDigest = { service: 'telemetry-ingestor', seq: 0, tables: {} };

@Controller()
export class ReadModelController {
  @Handle(routes.digest)
  digest(): ReadModelDigest {
    return NOTHING_FROM_LOG;
  }

  @Handle(routes.rebuild)
  rebuild(): ReadModelDigest {
    return NOTHING_FROM_LOG;
  }
}

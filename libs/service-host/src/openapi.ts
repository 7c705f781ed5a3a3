import type { OpenAPIObject } from '@nestjs/swagger';
import type { ServiceName } from '@throughline/contracts';

/** Made from the route table, so it cannot say anything else than what is served. */
export declare const openApiOf: (service: ServiceName) => OpenAPIObject;

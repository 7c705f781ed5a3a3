import { shippingService } from './services/shipping.ts';
import { listen } from './services/listen.ts';

await listen('shipping', shippingService(), 53);

import { listen } from '@throughline/example-kit';
import { shippingService } from './services/shipping.ts';

await listen('shipping', shippingService(), 53);

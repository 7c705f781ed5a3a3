import { listen } from '@throughline/example-kit';
import { paymentService } from './services/payment.ts';

await listen('payment', paymentService(), 52);

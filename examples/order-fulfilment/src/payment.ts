import { paymentService } from './services/payment.ts';
import { listen } from './services/listen.ts';

await listen('payment', paymentService(), 52);

export { WORKFLOW, orderFulfilment, type ServiceUrls } from './machine.ts';
export { type ExampleOrder, exampleOrders, type Expectation, type Order } from './orders.ts';
export type { OrderFindings } from './inspect-order.ts';
export { type OrdersOutcome, runOrders, type RunOrdersOptions } from './run-orders.ts';
export { handlers } from './handlers.ts';
export { inventoryService } from './services/inventory.ts';
export { paymentService } from './services/payment.ts';
export { shippingService } from './services/shipping.ts';

import { listen } from '@throughline/example-kit';
import { inventoryService } from './services/inventory.ts';

await listen('inventory', inventoryService(), 51);

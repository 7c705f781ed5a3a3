import { inventoryService } from './services/inventory.ts';
import { listen } from './services/listen.ts';

await listen('inventory', inventoryService(), 51);

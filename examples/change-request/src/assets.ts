import { listen } from '@throughline/example-kit';
import { assetService } from './services/asset-service.ts';

await listen('assets', assetService(), 51);

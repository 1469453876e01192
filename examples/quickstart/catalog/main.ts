import { runBackend } from '../backend.ts';
import { createCatalogServer } from './server.ts';

await runBackend('catalog', createCatalogServer(), 4101);

import { runBackend } from '../backend.ts';
import { createInventoryServer } from './server.ts';

await runBackend('inventory', createInventoryServer(), 4102);

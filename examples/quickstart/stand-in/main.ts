import { runBackend } from '../backend.ts';
import { createStandInServer } from './server.ts';

await runBackend('stand-in', createStandInServer(), 4104);

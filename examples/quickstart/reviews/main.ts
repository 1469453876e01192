import { runBackend } from '../backend.ts';
import { createReviewsServer } from './server.ts';

await runBackend('reviews', createReviewsServer(), 4103);

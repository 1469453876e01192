import { SkeinError } from '../../kernel/errors.ts';
import type { CallDetails } from '../source.ts';

/**
 * The service was asked with the context's validators whether an answer still holds, and says that it does. It is no
 * failure, and comes as a rejection because there is no answer to read: whoever gave the validators has it.
 */
export class NotModified extends SkeinError {
  constructor(details: CallDetails) {
    super('UPSTREAM_BAD_RESPONSE', undefined, { details });
  }
}

import type { Problem } from '../../kernel/problem.ts';
import type { Operation } from './operations.ts';

/** More are counted only: a hostile document could have millions. */
const MAX_NOTICES = 20_000;

export interface Notices {
  add(message: string, operation?: Operation): void;
  readonly list: readonly Problem[];
}

/** Each notice once, with the operation's line. */
export function createNotices(file: string): Notices {
  const byMessage = new Map<string, Problem>();
  let more = 0;
  return {
    add(message, operation) {
      if (byMessage.has(message)) return;
      if (byMessage.size >= MAX_NOTICES) {
        more += 1;
        return;
      }
      const line = operation?.line();
      const notice = { message, file };
      byMessage.set(message, line === undefined ? notice : { ...notice, line });
    },
    get list() {
      const last = more === 0 ? [] : [{ message: `There are ${more} more notices, which are not listed.`, file }];
      return [...byMessage.values(), ...last];
    },
  };
}

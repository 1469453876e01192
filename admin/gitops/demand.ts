import { userError } from '../errors.ts';
import type { AdminContext } from '../stores/context.ts';

/** @throws UserErrors FORBIDDEN: the state has what no role of a tenant may see and change all of */
export function demandPlatform({ actor }: AdminContext): void {
  if (actor.roles.includes('platform')) return;
  throw userError(
    'FORBIDDEN',
    [],
    `That is for platform administrators; you have ${actor.roles.join(', ') || 'no role'}.`,
  );
}

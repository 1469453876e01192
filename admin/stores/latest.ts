import type { ConfigurationState, Revision } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import type { AdminContext } from './context.ts';

export const NOTHING_PUBLISHED: ConfigurationState = {};

export async function latestOf({ store }: AdminContext, { _id }: Pick<Tenant, '_id'>): Promise<Revision | undefined> {
  const sort = { field: 'number', descending: true };
  const { records } = await store.revisions.page({ all: false, tenant: _id }, {}, { first: 1, sort });
  return records[0];
}

export function readState(revision: Revision | undefined): ConfigurationState {
  return revision === undefined ? NOTHING_PUBLISHED : (JSON.parse(revision.state) as ConfigurationState);
}

import { z } from 'zod';
import { isMoment, momentId } from '../ids.ts';
import type { AuditEntry } from '../models/audit.ts';
import type { AdminContext } from './context.ts';
import { defineEntity, type ListRequest } from './entity.ts';

const entity = defineEntity<AuditEntry, never, never>({
  name: 'entry',
  nameOf: ({ action }) => action,
  collection: (store) => store.audit,
  read: 'audit',
  write: 'audit',
  create: z.never(),
  update: z.never(),
  make() {
    throw new Error('Changes make entries.');
  },
});

/** Ids sort by time, so that a span of time is a span of ids. */
function withSpan(request: ListRequest): ListRequest {
  const { from, until, ...where } = request.where ?? {};
  const span = {
    ...(isMoment(from) ? { $gte: momentId('aud', from) } : {}),
    ...(isMoment(until) ? { $lt: momentId('aud', until) } : {}),
  };
  return { ...request, archived: true, where: Object.keys(span).length === 0 ? where : { ...where, _id: span } };
}

export const auditLog = {
  ...entity,
  list: (context: AdminContext, request: ListRequest) => entity.list(context, withSpan(request)),
  count: (context: AdminContext, request: ListRequest) => entity.count(context, withSpan(request)),
};

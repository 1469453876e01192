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
function withSpan(request: ListRequest, { after, before }: Span = {}): ListRequest {
  const { from, until, ...where } = request.where ?? {};
  const ends = [isMoment(until) ? momentId('aud', until) : undefined, before].filter((end) => end !== undefined);
  const span = {
    ...(isMoment(from) ? { $gte: momentId('aud', from) } : {}),
    ...(ends.length > 0 ? { $lt: ends.sort()[0] } : {}),
    ...(after === undefined ? {} : { $gt: after }),
  };
  return { ...request, archived: true, where: Object.keys(span).length === 0 ? where : { ...where, _id: span } };
}

interface Span {
  /** Ids of entries. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

export const auditLog = {
  ...entity,
  list: (context: AdminContext, request: ListRequest) => entity.list(context, withSpan(request)),
  /** Those between two entries, the oldest first. */
  listAfter: (context: AdminContext, request: ListRequest, span: Span) => entity.list(context, withSpan(request, span)),
  count: (context: AdminContext, request: ListRequest) => entity.count(context, withSpan(request)),
};

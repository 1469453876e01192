import { userError } from '../../errors.ts';
import { readCursor } from '../../store/page.ts';
import { revisions } from '../../stores/revisions.ts';
import { type Builder, orError, type Shared } from '../builder.ts';
import { addConnection } from '../entity.ts';
import { type PayloadTypes, publishing, tried } from './payloads.ts';
import type { PreviewTypes } from './preview.ts';
import type { RevisionType } from './revision-type.ts';

const NEWEST = { field: 'number', descending: true } as const;
const TENANT = 'Id or name of the tenant, for platform administrators. Default: one’s own.';
/** @throws UserErrors as `readCursor` does */
function numberIn(cursor: string): number {
  const { value } = readCursor(cursor, NEWEST);
  if (!Number.isSafeInteger(value)) throw userError('INVALID', ['after'], 'This is no cursor of a list of revisions.');
  return Number(value);
}

export const MESSAGE = 'Why, for those who read the list of revisions.';
export const ALLOW_BREAKING = 'Whether it is published although clients may break by it.';

/** The numbered states of a configuration, and what is done with the whole of it. */
export function addRevisions(
  builder: Builder,
  { pageInfo }: Shared,
  { entryChange }: PreviewTypes,
  revision: RevisionType,
  { validation, published }: PayloadTypes,
) {
  const connection = addConnection(builder, pageInfo, 'Revision', revision);
  builder.queryFields((t) => ({
    revision: t.field({
      type: revision,
      nullable: true,
      description: 'The revision with this number, or the one that serves; null where there is none.',
      args: {
        number: t.arg.int({ description: 'Its number. Default: the newest.' }),
        tenant: t.arg.id({ description: TENANT }),
      },
      resolve: (_root, { number, tenant }, context) => orError(() => revisions.findOne(context, number, tenant)),
    }),
    revisions: t.field({
      type: connection,
      description: 'Revisions of a tenant, the newest first.',
      args: {
        tenant: t.arg.id({ description: TENANT }),
        first: t.arg.int({ defaultValue: 50, description: 'How many at the most: 1 to 200.' }),
        after: t.arg.string({ description: '`endCursor` of the page before.' }),
      },
      resolve: (_root, { tenant, first, after }, context) =>
        orError(async () => {
          const before = after === undefined || after === null ? undefined : numberIn(after);
          const page = await revisions.list(context, { tenant, first, before });
          return { page, sort: NEWEST, total: () => revisions.count(context, tenant) };
        }),
    }),
    compareRevisions: t.field({
      type: [entryChange],
      description: 'What changed from one revision to another.',
      args: {
        from: t.arg.int({ required: true, description: 'Number of the one.' }),
        to: t.arg.int({ required: true, description: 'Number of the other.' }),
        tenant: t.arg.id({ description: TENANT }),
      },
      resolve: (_root, { from, to, tenant }, context) =>
        orError(async () => [...(await revisions.compare(context, from, to, tenant))]),
    }),
  }));
  builder.mutationFields((t) => ({
    validateConfiguration: t.field({
      type: validation,
      description: 'Tries what publishing the working copy would do. Nothing is changed.',
      args: { tenant: t.arg.id({ description: TENANT }) },
      resolve: (_root, { tenant }, context) => tried(() => revisions.preview(context, tenant)),
    }),
    publishConfiguration: t.field({
      type: published,
      description:
        'Publishes the working copy: all that was created, updated and archived serves, on every instance in about a second.',
      args: {
        message: t.arg.string({ description: MESSAGE }),
        allowBreaking: t.arg.boolean({ defaultValue: false, description: ALLOW_BREAKING }),
        tenant: t.arg.id({ description: TENANT }),
      },
      resolve: (_root, { tenant, ...request }, context) =>
        publishing(context, () => revisions.publish(context, request, tenant)),
    }),
    rollBackConfiguration: t.field({
      type: published,
      description: 'Publishes the state of an earlier revision again, as a new one. The working copy becomes the same.',
      args: {
        number: t.arg.int({ required: true, description: 'Number of the revision whose state is wanted.' }),
        message: t.arg.string({ description: MESSAGE }),
        allowBreaking: t.arg.boolean({ defaultValue: false, description: ALLOW_BREAKING }),
        tenant: t.arg.id({ description: TENANT }),
      },
      resolve: (_root, { tenant, number, ...request }, context) =>
        publishing(context, () => revisions.rollBack(context, number, request, tenant)),
    }),
  }));
}

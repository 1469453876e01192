import type { Revision } from '../../models/revision.ts';
import { readState } from '../../stores/latest.ts';
import { compareStates } from '../../stores/preview.ts';
import type { Builder } from '../builder.ts';
import type { PreviewTypes } from './preview.ts';

export function addRevision(builder: Builder, { entryChange }: PreviewTypes) {
  return builder.objectRef<Revision>('Revision').implement({
    description: 'What a tenant serves from one publish to the next: the whole of its configuration. It never changes.',
    fields: (t) => ({
      id: t.id({ description: 'Never changes.', resolve: ({ _id }) => _id }),
      tenant: t.id({ description: 'Id of the tenant whose configuration it is.', resolve: ({ tenant }) => tenant }),
      number: t.exposeInt('number', { description: 'Counts up from 1 in each tenant.' }),
      author: t.id({ description: 'Id of who published it.', resolve: ({ author }) => author }),
      message: t.exposeString('message', { description: 'Why, in their words.' }),
      restores: t.exposeInt('restores', {
        nullable: true,
        description: 'Number of the revision whose state it brought back; null: it was published.',
      }),
      hash: t.exposeString('hash', {
        description: 'SHA-256 of the whole state, in hex: equal states have equal hashes.',
      }),
      createdAt: t.field({
        type: 'DateTime',
        description: 'When it was published.',
        resolve: ({ createdAt }) => createdAt,
      }),
      entries: t.field({
        type: [entryChange],
        description: 'All that it has, as changes of nothing.',
        resolve: (revision) => compareStates({}, readState(revision)),
      }),
      changes: t.field({
        type: [entryChange],
        description: 'What it changed of the revision before it.',
        resolve: async (revision, _args, { store }) => {
          const { tenant, number } = revision;
          const before = await store.revisions.find({ all: false, tenant }, { number: number - 1 });
          return compareStates(readState(before), readState(revision));
        },
      }),
    }),
  });
}

export type RevisionType = ReturnType<typeof addRevision>;

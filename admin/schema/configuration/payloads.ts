import type { UserError } from '../../errors.ts';
import { UserErrors } from '../../errors.ts';
import type { Revision } from '../../models/revision.ts';
import { type Published, PublishRefused } from '../../stores/commit.ts';
import type { AdminContext } from '../../stores/context.ts';
import type { Preview } from '../../stores/preview.ts';
import type { Builder, Shared } from '../builder.ts';
import type { PreviewTypes } from './preview.ts';
import { forgetPublished } from './published.ts';
import type { RevisionType } from './revision-type.ts';

export interface PreviewOutcome {
  readonly preview: Preview | null;
  readonly errors: readonly UserError[];
}

export interface PublishOutcome extends PreviewOutcome {
  readonly revision: Revision | null;
}

export async function tried(work: () => Promise<Preview>): Promise<PreviewOutcome> {
  try {
    const preview = await work();
    return { preview, errors: preview.errors };
  } catch (error) {
    if (error instanceof UserErrors) return { preview: null, errors: error.errors };
    throw error;
  }
}

export async function publishing(context: AdminContext, work: () => Promise<Published>): Promise<PublishOutcome> {
  try {
    return { ...(await work()), errors: [] };
  } catch (error) {
    if (!(error instanceof UserErrors)) throw error;
    return { revision: null, preview: error instanceof PublishRefused ? error.preview : null, errors: error.errors };
  } finally {
    forgetPublished(context);
  }
}

/** What publishing mutations, and those that only try, give. */
export function addPayloads(
  builder: Builder,
  { userError }: Shared,
  { preview }: PreviewTypes,
  revision: RevisionType,
) {
  const validation = builder.objectRef<PreviewOutcome>('ValidationPayload').implement({
    description: 'What publishing would do. Nothing was changed.',
    fields: (t) => ({
      preview: t.field({
        type: preview,
        nullable: true,
        description: 'What it would do; null where what was given cannot be tried.',
        resolve: ({ preview }) => preview,
      }),
      errors: t.field({
        type: [userError],
        description: 'What stands in the way. Empty: it can be published.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  const published = builder.objectRef<PublishOutcome>('PublishPayload').implement({
    description: 'What came of a publish.',
    fields: (t) => ({
      revision: t.field({
        type: revision,
        nullable: true,
        description: 'What serves now; null where nothing was published.',
        resolve: ({ revision }) => revision,
      }),
      preview: t.field({
        type: preview,
        nullable: true,
        description: 'What it did, or would have done; null where what was given could not be tried.',
        resolve: ({ preview }) => preview,
      }),
      errors: t.field({
        type: [userError],
        description: 'What stood in the way. Empty: it is published.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  return { validation, published };
}

export type PayloadTypes = ReturnType<typeof addPayloads>;

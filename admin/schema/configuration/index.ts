import { RESOURCE_KINDS } from '../../models/resource.ts';
import type { Builder, Shared } from '../builder.ts';
import { createInputs } from '../options/inputs.ts';
import type { OptionTypes } from '../options/option-type.ts';
import { addEntries, addEntryTypes } from './entries.ts';
import { KINDS } from './kinds.ts';
import { addPayloads } from './payloads.ts';
import { addPreview } from './preview.ts';
import { addPrompts, addPromptVersions } from './prompts.ts';
import { addRevision } from './revision-type.ts';
import { addRevisions } from './revisions.ts';

/** The working copy of a configuration, what is published of it, and how. */
export function addConfiguration(builder: Builder, shared: Shared, options: OptionTypes) {
  const inputOf = createInputs(builder);
  const previews = addPreview(builder);
  const revision = addRevision(builder, previews);
  const payloads = addPayloads(builder, shared, previews, revision);
  const entries = addEntryTypes(builder);
  const promptFields = addPromptVersions(builder);
  for (const kind of RESOURCE_KINDS)
    addEntries(
      builder,
      shared,
      kind,
      KINDS[kind],
      { options: options.kinds[kind], inputOf },
      entries,
      previews,
      payloads,
      kind === 'prompts' ? promptFields : undefined,
    );
  addPrompts(builder, shared, payloads, options, inputOf);
  addRevisions(builder, shared, previews, revision, payloads);
}

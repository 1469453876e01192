import { notFound, type UserError, UserErrors, userError } from '../errors.ts';
import type { PublishedEntry } from '../models/revision.ts';
import { demand } from '../permissions.ts';
import { commit, type Published, type PublishRequest } from './commit.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { readEntry } from './entries.ts';
import { latestOf, readState } from './latest.ts';
import { versionsOf } from './prompt-versions.ts';
import { findResource } from './resources.ts';
import { saveFirst, withEntry } from './save-first.ts';

/** A version of a prompt that answers calls, as under `release` in skein.yaml. */
export interface Share {
  readonly version: string;
  readonly weight?: number | undefined;
  readonly callers?: Readonly<Record<string, readonly string[] | undefined>> | undefined;
}

type Options = Readonly<Record<string, unknown>>;

/** What stands in a version where a prompt has versions, and beside nothing where it has none. */
const VERSION_KEYS = ['template', 'system', 'maxTokens', 'temperature', 'examples'];
const INLINE_VERSION = 'inline';

/** Changes of what is published of a prompt; what else is in the working copy of it stays there. */
export const prompts = {
  /** A version beside those there are. It answers nobody before it is released. */
  addVersion(
    context: AdminContext,
    { name, version, options }: { readonly name: string; readonly version: string; readonly options: unknown },
    request: PublishRequest,
    tenant?: string | null,
  ): Promise<Published> {
    return edit(context, name, request, tenant, (prompt) => {
      const many = inVersions(prompt);
      const versions = versionsOf({ options: many });
      if (Object.hasOwn(versions, version))
        throw userError(
          'TAKEN',
          ['version'],
          `The prompt has a version "${version}" already, and versions never change.`,
        );
      return { ...many, versions: Object.fromEntries([...Object.entries(versions), [version, options]]) };
    });
  },
  /** Which versions answer, and whom. */
  release(
    context: AdminContext,
    { name, release }: { readonly name: string; readonly release: readonly Share[] },
    request: PublishRequest,
    tenant?: string | null,
  ): Promise<Published> {
    return edit(context, name, request, tenant, (prompt) => {
      const many = inVersions(prompt);
      const versions = versionsOf({ options: many });
      const unknown = release.flatMap(({ version }, index): UserError[] =>
        Object.hasOwn(versions, version)
          ? []
          : [
              {
                code: 'NOT_FOUND',
                path: ['release', String(index), 'version'],
                message: `The prompt has no version "${version}". It has ${Object.keys(versions).join(', ')}.`,
              },
            ],
      );
      if (release.length === 0) throw userError('INVALID', ['release'], 'must name a version at least');
      if (unknown.length > 0) throw new UserErrors(unknown);
      return { ...many, release };
    });
  },
  /** One version for all callers. */
  async promote(
    context: AdminContext,
    { name, version }: { readonly name: string; readonly version: string },
    request: PublishRequest,
    tenant?: string | null,
  ): Promise<Published> {
    try {
      return await prompts.release(context, { name, release: [{ version, weight: 100 }] }, request, tenant);
    } catch (error) {
      throw error instanceof UserErrors ? atVersion(error) : error;
    }
  },
};

/** A prompt with a template of its own has one version, which answers everybody: the same prompt, said at length. */
function inVersions(prompt: Options): Options {
  const { release } = prompt;
  const versions = versionsOf({ options: prompt });
  const names = Object.keys(versions);
  if (names.length > 0)
    return release === undefined && names.length === 1 ? { ...prompt, release: [{ version: names[0] }] } : prompt;
  const own = Object.entries(prompt);
  const inline = Object.fromEntries(own.filter(([key]) => VERSION_KEYS.includes(key)));
  const rest = Object.fromEntries(own.filter(([key]) => !VERSION_KEYS.includes(key)));
  return { ...rest, versions: { [INLINE_VERSION]: inline }, release: [{ version: INLINE_VERSION }] };
}

/** Publishes what a prompt becomes. One that was never published is taken as it is in the working copy. */
async function edit(
  context: AdminContext,
  name: string,
  request: PublishRequest,
  tenant: string | null | undefined,
  change: (prompt: Options) => Options,
): Promise<Published> {
  demand(context.actor, 'configuration');
  const of = await tenantFor(context, tenant);
  const known = await findResource(context, of, 'prompts', name);
  const latest = await latestOf(context, of);
  const state = readState(latest);
  const published = state.prompts !== undefined && Object.hasOwn(state.prompts, name) ? state.prompts[name] : undefined;
  const draft = known === undefined || known.archivedAt !== null ? undefined : (JSON.parse(known.options) as Options);
  const base = (published?.options as Options | undefined) ?? draft;
  if (base === undefined) throw notFound('prompt', ['name']);
  const { published: entry } = readEntry(context, 'prompts', { name, options: change(base) }, of);
  const kept: PublishedEntry = {
    options: draft === undefined ? entry.options : (draftOf(draft, change) ?? entry.options),
  };
  return commit(context, of, {
    latest,
    next: withEntry(state, 'prompts', name, entry),
    request,
    documents: [],
    prepare: () => saveFirst(context, of, 'prompts', name, kept, known),
  });
}

/** The same change of the working copy; undefined where it cannot be made there. */
function draftOf(draft: Options, change: (prompt: Options) => Options): Options | undefined {
  try {
    return change(draft);
  } catch (error) {
    if (error instanceof UserErrors) return undefined;
    throw error;
  }
}

function atVersion({ errors }: UserErrors): UserErrors {
  return new UserErrors(errors.map((error) => (error.path[0] === 'release' ? { ...error, path: ['version'] } : error)));
}

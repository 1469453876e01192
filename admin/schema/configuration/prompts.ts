import type { Resource } from '../../models/resource.ts';
import { maskSecrets } from '../../stores/masking.ts';
import { runPrompt } from '../../stores/playground.ts';
import type { PlaygroundAnswer } from '../../stores/ports.ts';
import { versionsOf } from '../../stores/prompt-versions.ts';
import { prompts, type Share } from '../../stores/prompts.ts';
import { readOptions } from '../../stores/read-options.ts';
import { type Builder, type Outcome, outcome, type Shared } from '../builder.ts';
import type { ObjectFields } from '../entity.ts';
import { type InputOf, SETTINGS } from '../options/inputs.ts';
import type { OptionType, OptionTypes } from '../options/option-type.ts';
import { toOptions } from '../options/to-options.ts';
import { toldAt, withSettings } from '../options/with-settings.ts';
import { type PayloadTypes, publishing } from './payloads.ts';
import { publishedEntry } from './published.ts';
import { ALLOW_BREAKING, MESSAGE } from './revisions.ts';

interface Version {
  readonly name: string;
  readonly options: unknown;
  readonly share: Share | undefined;
  readonly hash: string | undefined;
  readonly isPublished: boolean;
}

/** What prompts have beside what all entries have. */
export function addPromptVersions(builder: Builder): ObjectFields<Resource> {
  const type = builder.objectRef<Version>('PromptVersion').implement({
    description: 'One way of asking. Once it was published it never changes.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Unique in the prompt.' }),
      options: t.field({
        type: 'JSON',
        description: 'Template, system text, route, parameters and examples.',
        resolve: ({ options }) => maskSecrets(options),
      }),
      hash: t.string({
        nullable: true,
        description: 'SHA-256 of all that decides what a model is asked, in hex, as streams tell it as `versionHash`.',
        resolve: ({ hash }) => hash,
      }),
      weight: t.int({
        nullable: true,
        description: 'Its share of the callers, of the sum of all weights; null: it is not released.',
        resolve: ({ share }) => (share === undefined ? null : (share.weight ?? 1)),
      }),
      isPublished: t.exposeBoolean('isPublished', { description: 'Whether it was published: it never changes then.' }),
    }),
  });
  return (t) => ({
    versions: t.field({
      type: [type],
      description: 'Its ways of asking, in the working copy. Empty: it has one template, in its options.',
      resolve: async (resource, _args, context) => {
        const options = JSON.parse(resource.options) as { release?: readonly Share[] };
        const published = versionsOf(await publishedEntry(context, resource));
        const versions = Object.entries(versionsOf({ options }));
        return versions.map(([name, content]) => ({
          name,
          options: content,
          share: shareOf(options.release, name, versions.length),
          hash: context.ports.promptHash?.(options, name),
          isPublished: Object.hasOwn(published, name),
        }));
      },
    }),
  });
}

function shareOf(release: readonly Share[] | undefined, name: string, count: number): Share | undefined {
  if (!Array.isArray(release)) return count === 1 ? { version: name } : undefined;
  return release.find(({ version }) => version === name);
}

/** Versions and releases of prompts, and the place to try them. */
export function addPrompts(
  builder: Builder,
  shared: Shared,
  { published }: PayloadTypes,
  { kinds, promptVersion, promptShare }: OptionTypes,
  inputOf: InputOf,
) {
  const shares: OptionType = { kind: 'list', of: promptShare };
  const answer = builder.objectRef<PlaygroundAnswer>('PlaygroundAnswer').implement({
    description: 'What one model made of a prompt.',
    fields: (t) => ({
      model: t.exposeString('model', { description: 'Which model.' }),
      output: t.field({
        type: 'JSON',
        nullable: true,
        description: 'A value of the prompt’s output type.',
        resolve: ({ output }) => output ?? null,
      }),
      text: t.string({ nullable: true, description: 'What the model wrote.', resolve: ({ text }) => text }),
      error: t.string({ nullable: true, description: 'Why there is no answer.', resolve: ({ error }) => error }),
      inputTokens: t.int({
        nullable: true,
        description: 'How many tokens it read; null: it did not say.',
        resolve: ({ inputTokens }) => inputTokens,
      }),
      outputTokens: t.int({
        nullable: true,
        description: 'How many tokens it wrote; null: it did not say.',
        resolve: ({ outputTokens }) => outputTokens,
      }),
      latencyMs: t.exposeFloat('latencyMs', { description: 'How long it took, in milliseconds.' }),
      firstTokenMs: t.float({
        nullable: true,
        description: 'How long the first token took, in milliseconds.',
        resolve: ({ firstTokenMs }) => firstTokenMs,
      }),
    }),
  });
  const run = builder.objectRef<Outcome<readonly PlaygroundAnswer[]>>('RunPromptPayload').implement({
    description: 'What the models made of a prompt.',
    fields: (t) => ({
      answers: t.field({
        type: [answer],
        description: 'One for each model, in the order they were named.',
        resolve: ({ value }) => [...(value ?? [])],
      }),
      errors: t.field({
        type: [shared.userError],
        description: 'What is wrong with what was given. Empty: the models were asked.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  builder.mutationFields((t) => {
    const common = {
      message: t.arg.string({ description: MESSAGE }),
      allowBreaking: t.arg.boolean({ defaultValue: false, description: ALLOW_BREAKING }),
      tenant: t.arg.id({ description: 'Id or name of the tenant, for platform administrators. Default: one’s own.' }),
    };
    const name = () => t.arg.string({ required: true, description: 'Name of the prompt.' });
    return {
      addPromptVersion: t.field({
        type: published,
        description:
          'Publishes another version of a prompt. It answers nobody before it is released. The template of a prompt without versions becomes the version `inline`.',
        args: {
          name: name(),
          version: t.arg.string({ required: true, description: 'What the version is called.' }),
          input: t.arg({ type: inputOf(promptVersion), required: true, description: 'The version.' }),
          ...common,
        },
        resolve: (_root, { name, version, input, tenant, ...request }, context) =>
          publishing(context, () => {
            const options = toOptions(promptVersion, input, ['input']);
            const from = ['options', 'versions', version];
            return toldAt([{ type: promptVersion, input, from, to: ['input'] }], () =>
              prompts.addVersion(context, { name, version, options }, request, tenant),
            );
          }),
      }),
      releasePrompt: t.field({
        type: published,
        description:
          'Says which versions of a prompt answer, and whom. Answers that are being streamed end as they began.',
        args: {
          name: name(),
          release: t.arg({ type: inputOf(shares), required: true, description: 'The versions that answer.' }),
          ...common,
        },
        resolve: (_root, { name, release, tenant, ...request }, context) =>
          publishing(context, () => {
            const given = toOptions(shares, release, ['release']) as Share[];
            return toldAt([{ type: shares, input: release, from: ['options', 'release'], to: ['release'] }], () =>
              prompts.release(context, { name, release: given }, request, tenant),
            );
          }),
      }),
      promotePromptVersion: t.field({
        type: published,
        description: 'Gives a version to all callers. To go back, promote the one of before.',
        args: {
          name: name(),
          version: t.arg.string({ required: true, description: 'Name of the version.' }),
          ...common,
        },
        resolve: (_root, { name, version, tenant, ...request }, context) =>
          publishing(context, () => prompts.promote(context, { name, version }, request, tenant)),
      }),
      runPrompt: t.field({
        type: run,
        description:
          'Runs a prompt of the working copy, or one that is given, against models side by side. Nothing is saved, and nothing of it is in the graph. The models are paid for as usual.',
        args: {
          name: t.arg.string({ description: 'Name of a prompt in the working copy. With options: what it is called.' }),
          settings: t.arg({ type: inputOf(kinds.prompts), description: SETTINGS }),
          options: t.arg({ type: 'JSON', description: 'A prompt as in skein.yaml, instead of `settings`.' }),
          yaml: t.arg.string({ description: 'The same as YAML, instead of `settings`.' }),
          version: t.arg.string({ description: 'One of its versions. Default: what it releases.' }),
          input: t.arg({ type: 'JSON', required: true, description: 'Values of its arguments, by name.' }),
          models: t.arg.stringList({ required: true, description: 'Names of models, 1 to 10.' }),
          tenant: t.arg.id({
            description: 'Id or name of the tenant, for platform administrators. Default: one’s own.',
          }),
        },
        resolve: (_root, { settings, options, yaml, input, tenant, ...rest }, context) =>
          outcome(() =>
            withSettings(kinds.prompts, { settings, options, yaml }, async (given) =>
              runPrompt(context, { ...rest, input, options: readOptions(given) }, tenant),
            ),
          ),
      }),
    };
  });
}

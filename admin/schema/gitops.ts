import { UserErrors } from '../errors.ts';
import { applyState } from '../gitops/apply.ts';
import { ACTIONS, type FieldChange } from '../gitops/compare.ts';
import type { BreakingChange } from '../gitops/configuration.ts';
import { exportState } from '../gitops/export.ts';
import { diffState, type StateChange, type StateDiff } from '../gitops/plan.ts';
import type { StateError } from '../gitops/state-error.ts';
import { type Builder, outcome, type Shared } from './builder.ts';

interface StateOutcome {
  readonly diff: StateDiff | null;
  readonly errors: readonly StateError[];
}

const PRUNE = 'Whether what the file leaves out is archived.';

/** The state as YAML, for those who keep it in git: what "skein export", "skein diff" and "skein apply" do. */
export function addGitops(builder: Builder, { userError, errorCode }: Shared) {
  const { diff } = addTypes(builder);
  const stateError = builder.objectRef<StateError>('StateError').implement({
    description: 'A mistake in a file of state.',
    fields: (t) => ({
      path: t.stringList({ description: 'Where in the file it is.', resolve: ({ path }) => [...path] }),
      line: t.int({
        nullable: true,
        description: 'In which line, from 1; null where it is in none.',
        resolve: ({ line }) => line ?? null,
      }),
      message: t.exposeString('message', { description: 'What is wrong, for people.' }),
      code: t.field({
        type: errorCode,
        description: 'What kind of mistake it is, for programs.',
        resolve: ({ code }) => code,
      }),
    }),
  });
  const statePayload = builder.objectRef<StateOutcome>('StatePayload').implement({
    description: 'What a file of state changed, or would change.',
    fields: (t) => ({
      diff: t.field({
        type: diff,
        nullable: true,
        description: 'The changes; null where there are mistakes.',
        resolve: ({ diff }) => diff,
      }),
      errors: t.field({
        type: [stateError],
        description: 'All mistakes. Empty: there are none.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  const exported = builder.objectRef<Awaited<ReturnType<typeof outcome<string>>>>('ExportStatePayload').implement({
    description: 'The state as YAML.',
    fields: (t) => ({
      text: t.string({
        nullable: true,
        description: 'The YAML; null where there are mistakes.',
        resolve: ({ value }) => value,
      }),
      errors: t.field({
        type: [userError],
        description: 'What stood in the way.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  const text = { required: true, description: 'The YAML, as `exportState` gives it.' } as const;
  builder.mutationFields((t) => ({
    exportState: t.field({
      type: exported,
      description:
        'The whole state as YAML, for platform administrators: tenants with users, apps, keys, plans, products, grants, secrets and what they publish. Equal states give equal texts. Nothing secret can be read from it. Nothing is changed.',
      args: { tenants: t.arg.stringList({ description: 'Names or ids of tenants. Default: all.' }) },
      resolve: (_root, { tenants }, context) => outcome(() => exportState(context, { tenants })),
    }),
    diffState: t.field({
      type: statePayload,
      description: 'What `applyState` would change, for platform administrators. Nothing is changed.',
      args: {
        text: t.arg.string(text),
        prune: t.arg.boolean({ defaultValue: false, description: PRUNE }),
      },
      resolve: (_root, { text, prune }, context) => tried(() => diffState(context, text, { prune })),
    }),
    applyState: t.field({
      type: statePayload,
      description:
        'Makes everything as the file says, for platform administrators. All of it is checked before anything is changed. Applied again, it changes nothing.',
      args: {
        text: t.arg.string(text),
        prune: t.arg.boolean({ defaultValue: false, description: PRUNE }),
        message: t.arg.string({ description: 'Why, for those who read the list of revisions.' }),
        allowBreaking: t.arg.boolean({
          defaultValue: false,
          description: 'Whether it is published although clients may break by it.',
        }),
      },
      resolve: (_root, { text, ...request }, context) => tried(() => applyState(context, text, request)),
    }),
  }));
}

async function tried(work: () => Promise<StateDiff>): Promise<StateOutcome> {
  try {
    return { diff: await work(), errors: [] };
  } catch (error) {
    if (error instanceof UserErrors) return { diff: null, errors: error.errors };
    throw error;
  }
}

function addTypes(builder: Builder) {
  const action = builder.enumType('StateChangeAction', {
    description: 'What becomes of something.',
    values: {
      CREATED: { value: ACTIONS[0], description: 'It is made, or comes back out of the archive.' },
      CHANGED: { value: ACTIONS[1], description: 'It is changed.' },
      REMOVED: { value: ACTIONS[2], description: 'It is archived.' },
    },
  });
  const field = builder.objectRef<FieldChange>('StateFieldChange').implement({
    description: 'A field that changes.',
    fields: (t) => ({
      path: t.stringList({ description: 'Where in what changes it is.', resolve: ({ path }) => [...path] }),
      before: t.field({
        type: 'JSON',
        nullable: true,
        description: 'What it is, with secrets masked; null: nothing.',
        resolve: ({ before }) => before ?? null,
      }),
      after: t.field({
        type: 'JSON',
        nullable: true,
        description: 'What it becomes, with secrets masked; null: nothing.',
        resolve: ({ after }) => after ?? null,
      }),
    }),
  });
  const change = builder.objectRef<StateChange>('StateChange').implement({
    description: 'Something that a file of state changes.',
    fields: (t) => ({
      action: t.field({ type: action, description: 'What becomes of it.', resolve: ({ action }) => action }),
      tenant: t.exposeString('tenant', { description: 'Name of its tenant.' }),
      kind: t.exposeString('kind', { description: 'What it is: `app`, `key`, `source` and such.' }),
      name: t.exposeString('name', { description: 'What it is called; of keys and grants, behind their app.' }),
      path: t.stringList({ description: 'Where in the file it is.', resolve: ({ path }) => [...path] }),
      fields: t.field({
        type: [field],
        description: 'Which fields change; none for what is made or removed.',
        resolve: ({ fields }) => [...fields],
      }),
    }),
  });
  const breaking = builder.objectRef<BreakingChange>('StateBreakingChange').implement({
    description: 'A change of a graph that clients may break by.',
    fields: (t) => ({
      tenant: t.exposeString('tenant', { description: 'Name of the tenant whose graph it is.' }),
      path: t.exposeString('path', { description: 'Coordinate of what changes, e.g. `Product.price`.' }),
      message: t.exposeString('message', { description: 'What changes, for people.' }),
    }),
  });
  const diff = builder.objectRef<StateDiff>('StateDiff').implement({
    description: 'What lies between a file of state and what there is.',
    fields: (t) => ({
      changes: t.field({
        type: [change],
        description: 'Everything that changes.',
        resolve: ({ changes }) => [...changes],
      }),
      unchanged: t.exposeInt('unchanged', { description: 'How many things are as the file says already.' }),
      breaking: t.field({
        type: [breaking],
        description: 'Changes of graphs that clients may break by.',
        resolve: ({ breaking }) => [...breaking],
      }),
    }),
  });
  return { diff };
}

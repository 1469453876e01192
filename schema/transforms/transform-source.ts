import { buildASTSchema, type GraphQLSchema, isEnumType, Kind, parse, print, validateSchema } from 'graphql';
import { describeError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import { SCALARS } from '../../sources/scalars.ts';
import type { Source } from '../../sources/source.ts';
import { refuseHiddenKeys } from './field-sets.ts';
import type { TransformOptions } from './options.ts';
import { createPlan, type Plan } from './plan.ts';
import { rewriteDocument } from './rewrite-document.ts';
import { rewriteModel, takesSelections } from './rewrite-model.ts';
import { refuseForSelections } from './selection-limits.ts';

/**
 * A source over the same calls with other names, types and values in the graph. Pure; it owns the given source from now
 * on. Reports every mistake with a path below the source (`transforms`, …); with one, the source is given back as it is.
 */
export function transformSource(source: Source, options: TransformOptions, report: (problem: Problem) => void): Source {
  const schema = schemaOf(source);
  // Composition says what is wrong with it.
  if (schema === undefined) return source;
  let failed = false;
  const tell = (problem: Problem) => {
    failed = true;
    report(problem);
  };
  const plan = createPlan(options, schema, tell);
  if (takesSelections(source)) refuseForSelections(source, plan, tell);
  const { federation } = source.model;
  const federated = federation === undefined ? undefined : parse(federation.sdl, { noLocation: true });
  if (federated !== undefined) refuseHiddenKeys(federated, plan, tell);
  if (failed) return source;

  const sdl = rewriteSdl(source.model.sdl, plan);
  for (const problem of mistakesIn(sdl)) tell(problem);
  if (failed) return source;
  const federationSdl = federated === undefined ? undefined : print(rewriteDocument(federated, plan));
  const { name, kind, graphql } = source;
  return {
    name,
    kind,
    model: rewriteModel(source, sdl, federationSdl, plan),
    ...(graphql === undefined ? {} : { graphql }),
    probe: (signal) => source.probe(signal),
    dispose: () => source.dispose(),
  };
}

function schemaOf({ model }: Source): GraphQLSchema | undefined {
  try {
    const schema = buildASTSchema(parse(model.sdl), { assumeValidSDL: true });
    for (const [typeName, values] of model.enumValues ?? []) {
      const type = schema.getType(typeName);
      if (!isEnumType(type)) continue;
      for (const value of type.getValues()) if (Object.hasOwn(values, value.name)) value.value = values[value.name];
    }
    return schema;
  } catch {
    return undefined;
  }
}

function rewriteSdl(sdl: string, plan: Plan): string {
  const document = rewriteDocument(parse(sdl, { noLocation: true }), plan);
  const declared = new Set(
    document.definitions.flatMap((node) => (node.kind === Kind.SCALAR_TYPE_DEFINITION ? [node.name.value] : [])),
  );
  const used = new Set([...plan.types.values()].map(({ named }) => named));
  const scalars = Object.keys(SCALARS).filter((name) => used.has(name) && !declared.has(name));
  return [print(document), ...scalars.map((name) => `scalar ${name}`)].join('\n\n');
}

/** What fits field by field can be wrong together: a type without what its interface has, a required field deprecated. */
function mistakesIn(sdl: string): readonly Problem[] {
  let errors: readonly { readonly message: string }[];
  try {
    errors = validateSchema(buildASTSchema(parse(sdl)));
  } catch (error) {
    errors = describeError(error)
      .split('\n\n')
      .map((message) => ({ message }));
  }
  return errors
    .filter(({ message }) => !/^Query root type must be provided/.test(message))
    .map(({ message }) => ({
      path: ['transforms'],
      message: `What the transforms make is no valid schema: ${message}`,
      ...(/[Ii]nterface/.test(message)
        ? { suggestion: 'Transform the field of the interface and of its types alike, e.g. by a pattern.' }
        : {}),
    }));
}

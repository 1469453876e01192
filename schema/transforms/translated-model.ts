import { type DefinitionNode, isTypeDefinitionNode } from 'graphql';
import { rootFields } from '../../sources/federation/print-subgraph.ts';
import { createRootCall } from '../../sources/graphql/root-calls.ts';
import type { GraphqlUpstream, Source, SourceModel } from '../../sources/source.ts';
import type { Plan } from './plan.ts';

/** Whether anything but what is hidden or said of things differs between the graph and the subgraph. */
export function needsTranslation({ choices, types, defaults, constants, requests, responses }: Plan): boolean {
  const { prefix } = choices;
  if (prefix.types !== undefined || prefix.fields !== undefined) return true;
  if ([types, defaults, constants, requests, responses].some(({ size }) => size > 0)) return true;
  for (const { transform } of choices.types.values())
    if (transform.name !== undefined || Object.values(transform.values).some(({ name }) => name !== undefined))
      return true;
  for (const { transform } of choices.fields.values())
    if (transform.name !== undefined || Object.values(transform.arguments).some(({ name }) => name !== undefined))
      return true;
  return false;
}

interface Written {
  readonly sdl: string;
  /** Of the SDL. */
  readonly definitions: readonly DefinitionNode[];
  readonly federationSdl: string;
}

/** The model of a subgraph whose service takes operations in the graph's words. */
export function translatedModel(
  { name: source, model: { notices } }: Source,
  { sdl, definitions, federationSdl }: Written,
  graphql: GraphqlUpstream,
): SourceModel {
  const calls = [...rootFields(definitions.filter(isTypeDefinitionNode))].map(
    ([coordinate, field]) =>
      [coordinate, createRootCall(field, graphql, { source, operation: field.name, exposure: 'hidden' })] as const,
  );
  return {
    sdl,
    calls: new Map(calls),
    federation: { sdl: federationSdl },
    ...(notices === undefined ? {} : { notices }),
  };
}

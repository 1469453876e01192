import type { GraphQLSchema } from 'graphql';
import type { Generation } from '../../../schema/registry.ts';
import { type FieldCalls, fieldCallsOf } from './field-calls.ts';
import { givenFor } from './list-sizes.ts';
import type { SizeOptions } from './options.ts';
import { createTypeClasses, type TypeClasses } from './type-classes.ts';

/** All that the cost of an operation depends on beside its own text. */
export interface CostedGraph {
  readonly schema: GraphQLSchema;
  readonly calls: FieldCalls;
  readonly classes: TypeClasses;
  readonly options: SizeOptions;
}

export function createCostedGraph(
  generation: Pick<Generation, 'schema' | 'composition'>,
  options: SizeOptions,
): CostedGraph {
  return costedGraph(generation.schema, fieldCallsOf(generation), options);
}

export function costedGraph(schema: GraphQLSchema, calls: FieldCalls, options: SizeOptions): CostedGraph {
  const classes = createTypeClasses(schema, (type, field) => {
    const coordinate = `${type.name}.${field.name}`;
    return calls(coordinate) === undefined ? (JSON.stringify(givenFor(options, type, field)) ?? '') : coordinate;
  });
  return { schema, calls, classes, options };
}

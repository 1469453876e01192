import type { GraphQLSchema } from 'graphql';
import { runInSlices } from '../../kernel/steps.ts';
import { readTypesSteps } from '../build-schema-types.ts';
import type { Plan } from './plan.ts';

/** Whether a document may ask for all types at once. */
export function asksForAllTypes(text: string): boolean {
  return text.includes('__schema');
}

/** Schemas all of whose types have been read, or are being read. */
const reading = new WeakMap<GraphQLSchema, Promise<void> | 'done'>();

/** The same plan, which reads what nobody has looked at yet in slices, before all of it is asked for at one go. */
export function readingAllTypes(plan: Plan, schema: GraphQLSchema): Plan {
  return {
    ...plan,
    execute(context, variables) {
      const read = readAllTypes(schema);
      return read === undefined ? plan.execute(context, variables) : read.then(() => plan.execute(context, variables));
    },
  };
}

/** Undefined: they are read already. */
function readAllTypes(schema: GraphQLSchema): Promise<void> | undefined {
  const known = reading.get(schema);
  if (known !== undefined) return known === 'done' ? undefined : known;
  const read = runInSlices(readTypesSteps(schema)).then(
    () => void reading.set(schema, 'done'),
    (error: unknown) => {
      reading.delete(schema);
      throw error;
    },
  );
  reading.set(schema, read);
  return read;
}

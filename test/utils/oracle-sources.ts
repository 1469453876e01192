import { buildSubgraphSchema } from '@apollo/subgraph';
import { buildSchema, execute, type GraphQLSchema, parse, validate } from 'graphql';
import { compileSubgraph } from '../../sources/federation/compile-subgraph.ts';
import { openSubgraph } from '../../sources/federation/open-subgraph.ts';
import { toAnswer } from '../../sources/graphql/answer.ts';
import { compileGraphql } from '../../sources/graphql/compile-graphql.ts';
import { openGraphql } from '../../sources/graphql/graphql-source.ts';
import type { GraphqlService } from '../../sources/graphql/graphql-upstream.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import type { Source } from '../../sources/source.ts';
import type { SubgraphOptions, SubgraphRequest } from './subgraph-server.ts';

/**
 * A real subgraph as a source, without a socket between them. What it is asked must be valid there: a document that its
 * schema refuses is a mistake of the gateway, and is thrown as what it is.
 */
export function createSubgraphSource({ name, sdl, resolvers, requests }: SubgraphOptions): Source {
  const { subgraph, problems } = compileSubgraph(name, sdl, 'schema');
  if (subgraph === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as never });
  return openSubgraph(name, subgraph, 'message', createService(name, schema, undefined, requests));
}

/** A plain GraphQL service as a source, without a socket between them. */
export function createServiceSource(
  name: string,
  sdl: string,
  rootValue: unknown,
  requests?: SubgraphRequest[],
): Source {
  const options = graphqlOptions.parse({ kind: 'graphql', endpoint: 'http://nobody.invalid/' });
  const { model, problems } = compileGraphql({ kind: 'sdl', text: sdl, file: 'schema' }, options);
  if (model === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  const service = createService(name, buildSchema(sdl), rootValue, requests);
  return openGraphql(name, model, { errors: 'message' }, service);
}

function createService(
  source: string,
  schema: GraphQLSchema,
  rootValue: unknown,
  requests: SubgraphRequest[] | undefined,
): GraphqlService {
  const unused = () => {
    throw new Error('is not asked that');
  };
  return {
    graphql: {
      async execute({ operation, query, variables }, context) {
        const document = parse(query);
        const [mistake] = validate(schema, document);
        if (mistake !== undefined) throw new Error(`${source} refuses ${query}: ${mistake.message}`);
        requests?.push({ subgraph: source, query, variables, headers: {} });
        const sent = JSON.parse(JSON.stringify(variables)) as Record<string, unknown>;
        const result = await execute({ schema, document, rootValue, variableValues: sent });
        const body: unknown = JSON.parse(JSON.stringify(result));
        const answer = toAnswer(body, undefined, { source, operation, exposure: 'message' }, context);
        if (answer === undefined) throw new Error(`${source} gives no answer to ${query}`);
        return answer;
      },
      subscribe: unused,
    },
    ask: unused,
    probe: async () => {},
    dispose: async () => {},
  };
}

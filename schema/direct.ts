import { makeExecutableSchema } from '@graphql-tools/schema';
import { type DocumentNode, GraphQLObjectType, GraphQLSchema, isObjectType, parse, print } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Composition } from './compose.ts';
import type { GraphReader } from './link-resolver.ts';
import type { Link } from './links.ts';
import { createResolvers } from './resolvers.ts';

/**
 * The direct schema: the public schema whose resolvers are the sources' own calls and batched links. No query is
 * rewritten and no result is copied on the way; PERFORMANCE figures are in docs/benchmarks.md.
 */
export function createDirectSchema({ ownership, links, publicSdl }: Composition): GraphQLSchema {
  let schema: GraphQLSchema | undefined;
  const sources = [...ownership.sources.values()].map(({ source }) => source);
  const resolvers = createResolvers({
    ownership,
    sources,
    links,
    allLinks: links,
    readParent: (link) => {
      const owner = ownership.types.get(link.typeName);
      const properties = owner === undefined ? undefined : ownership.sources.get(owner)?.source.model.properties;
      return (parent, field) => {
        const name = properties?.get(`${link.typeName}.${field}`) ?? field;
        return (parent as Record<string, unknown>)[name];
      };
    },
    readGraph: (link) =>
      link.requires.size === 0 ? undefined : createGraphReader(link, () => schema as GraphQLSchema),
  });
  schema = makeExecutableSchema({
    typeDefs: publicSdl,
    resolvers: resolvers as never,
    resolverValidationOptions: { requireResolversToMatchSchema: 'ignore' },
    assumeValid: true,
  });
  return schema;
}

/** Runs what a link reads from the graph as a query below the parent, compiled on first use, within the same batches. */
function createGraphReader(link: Link, directSchema: () => GraphQLSchema): GraphReader {
  let compiled: ReturnType<typeof compile> | undefined;
  return async (parent, context) => {
    compiled ??= compile(link, directSchema());
    const result = await compiled.query(parent, context, {});
    const [error] = result.errors ?? [];
    if (error !== undefined) throw error.originalError ?? error;
    return (result.data as { parent: Record<string, unknown> }).parent;
  };
}

function compile(link: Link, schema: GraphQLSchema) {
  const type = schema.getType(link.typeName);
  if (!isObjectType(type)) throw new Error(`no object type ${link.typeName}`);
  const query = new GraphQLObjectType({
    name: `Skein${link.typeName}Parent`,
    fields: { parent: { type, resolve: (parent: unknown) => parent } },
  });
  const below = [...link.requires].map(([field, selection]) => `${field} ${print(selection)}`).join(' ');
  const document: DocumentNode = parse(`{ parent { ${below} } }`, { noLocation: true });
  const compiled = compileQuery(new GraphQLSchema({ query, types: [type], assumeValid: true }), document);
  if (!isCompiledQuery(compiled)) throw new Error(`cannot read ${below} of ${link.typeName}`);
  return compiled;
}

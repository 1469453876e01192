import type { joinSubgraphs } from '../../schema/join-subgraphs.ts';
import type { compileSubgraph } from '../../sources/federation/compile-subgraph.ts';
import type { compileSupergraph } from '../../sources/federation/supergraph/compile-supergraph.ts';
import type { compileGraphql } from '../../sources/graphql/compile-graphql.ts';
import type { compileGrpc } from '../../sources/grpc/compile-grpc.ts';
import type { compileSoap } from '../../sources/soap/compile-soap.ts';
import type { compareSchemas } from './compare-schemas.ts';
import type { compileOpenapiDocument } from './compile-document.ts';

/** What can be done in another process: pure functions from plain data to plain data. */
export interface Jobs {
  readonly openapi: typeof compileOpenapiDocument;
  readonly grpc: typeof compileGrpc;
  readonly soap: typeof compileSoap;
  readonly graphql: typeof compileGraphql;
  readonly subgraph: typeof compileSubgraph;
  readonly supergraph: typeof compileSupergraph;
  readonly join: typeof joinSubgraphs;
  readonly compare: typeof compareSchemas;
}

export type JobName = keyof Jobs;

/** Libraries are loaded with the first job that needs them: they are large. */
const LOADERS: { readonly [Name in JobName]: () => Promise<Jobs[Name]> } = {
  openapi: async () => (await import('./compile-document.ts')).compileOpenapiDocument,
  grpc: async () => (await import('../../sources/grpc/compile-grpc.ts')).compileGrpc,
  soap: async () => (await import('../../sources/soap/compile-soap.ts')).compileSoap,
  graphql: async () => (await import('../../sources/graphql/compile-graphql.ts')).compileGraphql,
  subgraph: async () => (await import('../../sources/federation/compile-subgraph.ts')).compileSubgraph,
  supergraph: async () => (await import('../../sources/federation/supergraph/compile-supergraph.ts')).compileSupergraph,
  join: async () => (await import('../../schema/join-subgraphs.ts')).joinSubgraphs,
  compare: async () => (await import('./compare-schemas.ts')).compareSchemas,
};

export type JobArguments<Name extends JobName> = Parameters<Jobs[Name]>;
export type JobResult<Name extends JobName> = Awaited<ReturnType<Jobs[Name]>>;

export async function runJob<Name extends JobName>(name: Name, given: JobArguments<Name>): Promise<JobResult<Name>> {
  const job = (await LOADERS[name]()) as unknown as (...all: JobArguments<Name>) => Promise<JobResult<Name>>;
  return job(...given);
}

/** Characters and bytes of the texts that a job is given. */
export function weighJob(given: readonly unknown[]): number {
  let weight = 0;
  for (const value of given) {
    if (typeof value === 'string') weight += value.length;
    else if (value instanceof Uint8Array || value instanceof ArrayBuffer) weight += value.byteLength;
    else if (value instanceof Map) weight += weighJob([...value.values()]);
    else if (typeof value === 'object' && value !== null) weight += weighJob(Object.values(value));
  }
  return weight;
}

// Composes the two subgraphs into the supergraph that Hive Gateway serves.
import { readFileSync, writeFileSync } from 'node:fs';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

const services = ['products', 'reviews'].map((name) => ({
  name,
  url: `${process.env.UPSTREAM_URL}/${name}`,
  typeDefs: parse(readFileSync(new URL(`${name}.graphql`, import.meta.url), 'utf8')),
}));
const { supergraphSdl, errors } = composeServices(services);
if (errors) throw new Error(errors.map(({ message }) => message).join('\n'));
writeFileSync(process.argv[2], supergraphSdl);

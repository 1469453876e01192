import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { federationHarness, graphqlHarness } from '../utils/contract-graphql.ts';
import { grpcHarness } from '../utils/contract-grpc.ts';
import type { Capability } from '../utils/contract-harness.ts';
import { restHarness } from '../utils/contract-rest.ts';
import { soapHarness } from '../utils/contract-soap.ts';

/** What the contract suite knows some kinds not to do → its row in the table. */
const ROWS: Readonly<Record<Capability, string>> = {
  'give enum values a name of their own upstream': 'enum values with another name upstream',
  'hold lists of lists': 'lists of lists',
  'carry every character': 'any character in a text',
  stream: 'subscriptions',
  'hold up a stream': 'streams that wait for a slow client',
  'rename and filter by configuration': '`include`, `exclude`, `operations`',
};

const [, section = ''] = (await readFile('docs/sources/README.md', 'utf8')).split('## What each kind supports\n');
const [head = [], ...rows] = [...section.matchAll(/^\|(.+)\|$/gm)].map(([, row = '']) =>
  row.split('|').map((cell) => cell.trim()),
);

const HARNESSES = [restHarness, grpcHarness, soapHarness, graphqlHarness, federationHarness];

it.each(HARNESSES)('the table of what each kind supports agrees with the contract suite on $kind', (harness) => {
  const column = head.indexOf(harness.kind);
  const cellOf = (name: string) => rows.find(([label]) => label === name)?.[column] ?? 'no such row';
  const told = Object.values(ROWS).filter((row) => /^(?:—|not |no such row)/.test(cellOf(row)));
  const known = Object.entries(ROWS).flatMap(([capability, row]) =>
    harness.cannot[capability as Capability] === undefined ? [] : [row],
  );
  expect(told.sort()).toEqual(known.sort());
});

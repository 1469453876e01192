import { expect, test } from 'vitest';
import type { ProblemsError } from '../../../kernel/problem.ts';
import { handMadeModel } from '../../../test/utils/sdk-model.ts';
import { providerOptions } from '../options.ts';
import { createAiSdkProvider } from './provider.ts';

const { model } = handMadeModel({});

function check(made: unknown, apiKey = 'a-key-of-ours') {
  const options = providerOptions.parse({ dialect: 'ai-sdk', package: 'at-hand', apiKey });
  const provider = createAiSdkProvider('at-hand', options, { load: () => () => made as never });
  return provider.check?.('some-model');
}

test('a provider gives models by their ids, as a function or by its method', () => {
  expect(check({ languageModel: () => model })).toEqual([]);
  expect(check(Object.assign(() => model, {}))).toEqual([]);
});

test.each([
  [{ ...model, specificationVersion: 'v2' }, 'of version "v2"'],
  [{ ...model, specificationVersion: 'v4' }, 'of version "v4"'],
  [{ ...model, specificationVersion: undefined }, 'of no version'],
  [undefined, 'of no version'],
])('a model of another version of the specification is a mistake: %#', (other, version) => {
  expect(check({ languageModel: () => other })).toEqual([
    {
      path: ['provider'],
      message: `The package's models are ${version} of the AI SDK's specification, and not of "v3".`,
      suggestion: 'Install the version of the package that belongs to AI SDK 6.',
    },
  ]);
});

test('what a package throws on the way is told without secrets', () => {
  const fail = () => {
    throw new Error('There is no a-key-of-ours.');
  };
  expect(check({ languageModel: fail })).toMatchObject([
    { message: 'The package has no such model: There is no [redacted].' },
  ]);
  const options = providerOptions.parse({ dialect: 'ai-sdk', package: 'at-hand', apiKey: 'a-key-of-ours' });
  try {
    createAiSdkProvider('at-hand', options, { load: () => fail });
    expect.unreachable();
  } catch (error) {
    expect((error as ProblemsError).problems).toMatchObject([
      { path: ['settings'], message: 'The package cannot make its provider: There is no [redacted].' },
    ]);
  }
});

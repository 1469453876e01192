import type protobuf from 'protobufjs';
import type { SourceCall, SourceDeps, SourceModel } from '../source.ts';
import { type Connection, streamCall, unaryCall } from './calls.ts';
import { deprecation, described } from './descriptions.ts';
import { compileMethod, type MethodArgument } from './method.ts';
import { chooseOperations, type Operation, type RootType } from './operations.ts';
import type { GrpcOptions } from './options.ts';
import { createProtoTypes } from './proto-types.ts';

/** Compiles the methods of the services to SDL and calls. */
export function createGrpcModel(
  source: string,
  services: readonly protobuf.Service[],
  options: GrpcOptions,
  connection: Connection,
  deps: SourceDeps,
): SourceModel {
  const { operations, notices } = chooseOperations(services, options.operations, deps.report);
  const types = createProtoTypes(operations.map(({ method }) => method));
  const calls = new Map<string, SourceCall>();
  const roots = new Map<RootType, string[]>();
  for (const operation of operations) {
    const { root, name } = operation;
    const method = compileMethod(source, operation, types);
    const call =
      root === 'Subscription' ? streamCall(method, connection) : unaryCall(method, connection, root === 'Query');
    calls.set(`${root}.${name}`, call);
    const lines = roots.get(root) ?? [];
    lines.push(fieldSdl(operation, method.output, method.arguments));
    roots.set(root, lines);
  }
  const definitions = [...roots].map(([root, lines]) => `type ${root} {\n${lines.join('\n')}\n}`);
  if (types.sdl !== '') definitions.push(types.sdl);
  const used = definitions.join('\n\n');
  const scalars = ['JSON', 'Int64'].filter((name) => new RegExp(`\\b${name}\\b`).test(used));
  return {
    sdl: [...scalars.map((name) => `scalar ${name}`), used].join('\n\n'),
    calls,
    notices: [...notices, ...types.notices],
  };
}

function fieldSdl({ method, name }: Operation, output: string, args: readonly MethodArgument[]): string {
  const lines = args.map((argument) => {
    const mark = deprecation(argument.deprecated && !argument.input.endsWith('!'));
    return `${described(argument.description, '    ')}    ${argument.name}: ${argument.input}${mark}\n`;
  });
  const list = lines.length === 0 ? '' : `(\n${lines.join('')}  )`;
  const mark = deprecation(method.options?.deprecated === true);
  return `${described(method.comment, '  ')}  ${name}${list}: ${output}${mark}`;
}

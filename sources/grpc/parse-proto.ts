import protobuf from 'protobufjs';
import { describeError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { bundledProto } from './bundled-protos.ts';
import type { ProtoSchema } from './proto-schema.ts';
import type { ProtoText } from './proto-text.ts';
import { schemaOfRoot } from './root-schema.ts';
import { unresolvedTypes } from './unresolved-types.ts';

/** Imported for their options only, which GraphQL has no use for; protoc users rarely keep copies of them. */
const OPTIONAL_IMPORT =
  /^(google\/api\/|buf\/validate\/|validate\/|protoc-gen-openapiv2\/|openapiv3\/|gogoproto\/|protoc-gen-gogo\/)/;

/**
 * Parses the texts of a .proto file and its imports.
 * @throws ProblemsError with all mistakes, their files and lines
 */
export function parseProto({ document, files, bundled, missing }: ProtoText): ProtoSchema {
  const root = new protobuf.Root();
  const problems: Problem[] = [];
  for (const name of bundled) addBundled(root, name);
  for (const file of files) parseFile(file, root, problems);
  if (problems.length === 0) problems.push(...resolveTypes(root, document, files));
  const isHarmless = problems.length === 0;
  for (const { name, problem } of missing) {
    if (!isHarmless || !OPTIONAL_IMPORT.test(name)) problems.unshift(problem);
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  return schemaOfRoot(root, document);
}

/** The bundled files know some types of each other, so some come twice. */
function addBundled(root: protobuf.Root, name: string): void {
  const namespace = root.define('google.protobuf');
  for (const [type, json] of Object.entries(bundledProto(name) ?? {})) {
    if (namespace.get(type) === null) namespace.addJSON({ [type]: json });
  }
}

function parseFile({ path, text }: ProtoText['files'][number], root: protobuf.Root, problems: Problem[]): void {
  // The parser takes the name of the file from itself; it is reset when parsing is done.
  Object.assign(protobuf.parse, { filename: path });
  try {
    protobuf.parse(text, root, { keepCase: true, alternateCommentMode: true });
  } catch (error) {
    const message = describeError(error);
    const line = /line (\d+)\)$/.exec(message)?.[1];
    problems.push({
      message: message.replace(/ \([^()]*line \d+\)$/, ''),
      file: path,
      ...(line === undefined ? {} : { line: Number(line) }),
    });
  } finally {
    Object.assign(protobuf.parse, { filename: null });
  }
}

function resolveTypes(root: protobuf.Root, document: string, files: ProtoText['files']): readonly Problem[] {
  try {
    root.resolveAll();
    return [];
  } catch (error) {
    const problems = unresolvedTypes(root, files);
    return problems.length > 0 ? problems : [{ message: describeError(error), file: document }];
  }
}

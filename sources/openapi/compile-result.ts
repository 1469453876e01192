import type { OperationCompiler } from './compile-operation.ts';
import { type Content, successContent } from './media.ts';
import type { Operation } from './operations.ts';
import type { AnswerPlan } from './read-answer.ts';
import { type DeclaredHeader, declaredHeaders, withHeaders } from './response-headers.ts';
import type { Schema } from './schema.ts';
import type { GraphqlType, OnLoss } from './types.ts';
import { itemOf } from './wire-types.ts';

export interface ResultPlan {
  readonly fieldType: GraphqlType;
  /** Type of the answer's body. */
  readonly type: GraphqlType;
  /** Of JSON. */
  readonly schema: Schema | undefined;
  readonly answer: AnswerPlan;
  readonly accept: string | undefined;
  /** To be said of the field. */
  readonly note: string | undefined;
}

const STRING: GraphqlType = { kind: 'scalar', name: 'String' };
const BOOLEAN: GraphqlType = { kind: 'scalar', name: 'Boolean' };

/**
 * What an operation answers. JSON has the type of its schema, text is a String, bytes are a String in base64; where
 * there is nothing to read the value is `true`. An answer without content where the document has some is null.
 */
export function planResult(
  operation: Operation,
  compiler: OperationCompiler,
  typeBase: string,
  onLoss: OnLoss,
): ResultPlan {
  const content: Content =
    operation.method === 'HEAD' ? { kind: 'none' } : successContent(compiler.document, operation.node);
  tell(content, operation, compiler);
  const schema = content.kind === 'json' ? compiler.schemas.read(content.schema) : undefined;
  const headers = wantedHeaders(operation, compiler);
  const bodyType = () => {
    if (schema !== undefined) return compiler.types.output(schema, `${typeBase}Result`, onLoss);
    return content.kind === 'text' || content.kind === 'binary' ? STRING : BOOLEAN;
  };
  const wrapped = headers && wrapResult(content, headers, compiler, typeBase, onLoss);
  const type = wrapped?.body ?? bodyType();
  const kind = content.kind === 'undocumented' ? 'none' : content.kind;
  const expects = expectationOf(type);
  const answer: AnswerPlan = {
    content: kind,
    expects,
    type: itemOf(type),
    notFoundIsNull: (operation.method === 'GET' || operation.method === 'HEAD') && expects !== 'list',
    ...(headers && { headers: headers.map(({ plan }) => plan) }),
  };
  return {
    fieldType: wrapped?.type ?? type,
    type,
    schema,
    answer,
    accept: acceptOf(content),
    note: content.kind === 'binary' ? 'The bytes of the answer, in base64.' : undefined,
  };
}

function tell(content: Content, operation: Operation, compiler: OperationCompiler): void {
  if (content.kind === 'undocumented') compiler.notice(operation, 'the document does not say what it answers');
  if ('differing' in content && content.differing.length > 0) {
    const others = content.differing.join(', ');
    compiler.notice(
      operation,
      `answers of status ${others} have another type, and are read as that of ${content.status}`,
    );
  }
}

/** The headers of the answer where the options ask for them. */
function wantedHeaders(operation: Operation, compiler: OperationCompiler): DeclaredHeader[] | undefined {
  const { operations } = compiler.options;
  const declared = declaredHeaders(compiler.document, operation, compiler.schemas);
  const key = operation.names.find((name) => Object.hasOwn(operations, name));
  if (key === undefined || operations[key]?.responseHeaders !== true) {
    compiler.headerTotals.add(declared);
    return undefined;
  }
  if (declared.length > 0) return declared;
  compiler.report({
    path: ['operations', key, 'responseHeaders'],
    message: `The operation "${key}" declares no response headers.`,
    suggestion: 'Remove the option, or declare the headers in the document.',
  });
  return undefined;
}

function wrapResult(
  content: Content,
  headers: readonly DeclaredHeader[],
  { schemas, types }: OperationCompiler,
  typeBase: string,
  onLoss: OnLoss,
): { type: GraphqlType; body: GraphqlType } {
  const plain = content.kind === 'text' || content.kind === 'binary' ? { type: 'string' } : { type: 'boolean' };
  const raw = withHeaders(content.kind === 'json' ? content.schema : plain, headers);
  const type = types.output(schemas.read(raw), `${typeBase}Answer`, onLoss);
  const fields = type.kind === 'object' ? type.fields : [];
  return { type, body: fields.find(({ property }) => property === 'body')?.type ?? BOOLEAN };
}

function expectationOf(type: GraphqlType): AnswerPlan['expects'] {
  if (type.kind === 'list') return 'list';
  if (type.kind === 'scalar' || type.kind === 'enum') return itemOf(type) === 'JSON' ? 'value' : 'plain';
  return 'object';
}

/** Undefined for JSON by its plain name, which is asked for anyway. */
function acceptOf(content: Content): string | undefined {
  if (!('mediaType' in content)) return undefined;
  const type = content.mediaType.trim();
  if (content.kind === 'json') {
    const isOwn = !type.includes('*') && !/^application\/json\s*(?:;|$)/i.test(type);
    return isOwn ? `${type}, application/json;q=0.9` : undefined;
  }
  return `${type}, */*;q=0.1`;
}
